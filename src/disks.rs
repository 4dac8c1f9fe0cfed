//! The files of volumes and containers.
//!
//! What is on a PersistentVolume survives its pod; what is in an `emptyDir` or in the container's own layer goes with the
//! pod's uid. Files are text, which is all that a shell here can make.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::api::base64;
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::time::Instant;
use crate::cluster::Cluster;

/// A container that something runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its pod.
    pub pod: ObjectRef,
    /// The pod's uid: a new pod of the same name is another.
    pub uid: String,
    /// The container's name.
    pub name: String,
}

/// A file, or a folder where the name ends with a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What is in it.
    pub text: Arc<str>,
    /// Its permission bits.
    pub mode: u32,
}

/// A volume or a container's own layer: files by their path in it, without a leading slash.
type Tree = BTreeMap<String, File>;

/// Lines, each with the moment at which it was written.
pub type Lines = Vec<(Instant, String)>;

/// All files.
#[derive(Clone, Debug, Default)]
pub struct Disks {
    trees: BTreeMap<String, Arc<Tree>>,
    /// What servers in containers have noted of requests, by the pod's uid and the container's name.
    served: BTreeMap<(String, String), Arc<Lines>>,
}

/// Where a path of a container leads.
struct Place {
    /// The volume or layer.
    tree: String,
    /// The path in it.
    path: String,
    read_only: bool,
    /// The files, where the cluster itself has them: a ConfigMap or Secret.
    projected: Option<Tree>,
}

/// Why a file cannot be read or written: the sentence of the C library.
pub type Errno = &'static str;

const MISSING: Errno = "No such file or directory";
const FOLDER: Errno = "Is a directory";
const READ_ONLY: Errno = "Read-only file system";
const DENIED: Errno = "Permission denied";

/// The folders that images have.
const FOLDERS: [&str; 14] = [
    "bin",
    "dev",
    "etc",
    "etc/nginx",
    "home",
    "proc",
    "root",
    "tmp",
    "usr",
    "usr/share",
    "usr/share/nginx",
    "usr/share/nginx/html",
    "var",
    "var/log",
];

/// A path without empty parts, `.` and `..`, and without a leading slash.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    if folder.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(folder)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// The container's entry in its pod's specification.
pub fn container_spec<'a>(pod: &'a Object, name: &str) -> &'a Value {
    static NULL: Value = Value::Null;
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    lists.iter().flat_map(|list| pod.spec.list(list)).find(|spec| spec.text("name") == name).unwrap_or(&NULL)
}

impl Disks {
    /// What the server in a container has noted.
    pub fn served(&self, container: &Container) -> &[(Instant, String)] {
        self.served.get(&(container.uid.clone(), container.name.clone())).map_or(&[], |lines| lines.as_slice())
    }

    /// Has the server in a container note something. What is old is forgotten.
    pub fn note_served(&mut self, container: &Container, at: Instant, line: String) {
        const KEPT: usize = 1000;
        let lines = self.served.entry((container.uid.clone(), container.name.clone())).or_default();
        let lines = Arc::make_mut(lines);
        lines.push((at, line));
        let excess = lines.len().saturating_sub(KEPT);
        lines.drain(..excess);
    }

    fn place(&self, cluster: &Cluster, container: &Container, path: &str) -> Result<Place, Errno> {
        let pod = cluster.store().find(&container.pod).filter(|pod| pod.meta.uid == container.uid).ok_or(MISSING)?;
        let path = normal(path);
        let mounts = container_spec(pod, &container.name).list("volumeMounts");
        let mount = mounts
            .iter()
            .filter_map(|mount| Some((mount, below(&path, &normal(mount.text("mountPath")))?)))
            .min_by_key(|(_, rest)| rest.len());
        let Some((mount, rest)) = mount else {
            let tree = format!("{}/{}", container.uid, container.name);
            return Ok(Place { tree, path, read_only: false, projected: None });
        };
        let name = mount.text("name");
        let volume = pod.spec.list("volumes").iter().find(|volume| volume.text("name") == name).ok_or(MISSING)?;
        let claim = match volume.field("persistentVolumeClaim").text("claimName") {
            "" if volume.has("ephemeral") => format!("{}-{name}", pod.meta.name),
            claim => claim.to_owned(),
        };
        let sub = normal(&format!("{}/{rest}", mount.text("subPath")));
        let mut place = Place { tree: String::new(), path: sub, read_only: mount.flag("readOnly"), projected: None };
        if claim.is_empty() {
            place.tree = format!("{}:{name}", container.uid);
            place.projected = projected(cluster, pod, volume);
            place.read_only |= place.projected.is_some();
        } else {
            let claim = cluster.store().get(Kind::PersistentVolumeClaim, &pod.meta.namespace, &claim).ok_or(MISSING)?;
            let volume = claim.spec.text("volumeName");
            // A volume of the same name that was made anew has nothing of the old one.
            let uid = cluster.store().get(Kind::PersistentVolume, "", volume).map_or("", |volume| &volume.meta.uid);
            place.tree = format!("pv:{volume}:{uid}");
        }
        Ok(place)
    }

    fn file(&self, cluster: &Cluster, container: &Container, place: &Place) -> Option<File> {
        if let Some(tree) = &place.projected {
            return tree.get(&place.path).cloned();
        }
        let written = self.trees.get(&place.tree).and_then(|tree| tree.get(&place.path)).cloned();
        written.or_else(|| {
            let own_layer = place.tree == format!("{}/{}", container.uid, container.name);
            let text = if own_layer { image_file(cluster, container, &place.path)? } else { return None };
            Some(File { text: text.into(), mode: 0o644 })
        })
    }

    /// The names in the folder at a place, each once; folders end with a slash. `None` where there is no such folder.
    fn names(&self, cluster: &Cluster, container: &Container, path: &str) -> Option<Vec<String>> {
        let place = self.place(cluster, container, path).ok()?;
        let own_layer = place.tree == format!("{}/{}", container.uid, container.name);
        let mut names: Vec<String> = Vec::new();
        let mut add = |full: &str| {
            if let Some(rest) = below(full, &place.path)
                && !rest.is_empty()
            {
                let name = match rest.split_once('/') {
                    Some((folder, _)) => format!("{folder}/"),
                    None => rest.to_owned(),
                };
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        };
        let written = self.trees.get(&place.tree);
        for full in written.iter().flat_map(|tree| tree.keys()).chain(place.projected.iter().flat_map(BTreeMap::keys)) {
            add(full);
        }
        let mut exists = place.path.is_empty();
        if own_layer {
            for folder in FOLDERS {
                add(&format!("{folder}/"));
                exists |= folder == place.path;
            }
            for file in ["etc/hostname", "etc/hosts", "etc/resolv.conf"] {
                add(file);
            }
            if image_file(cluster, container, "usr/share/nginx/html/index.html").is_some() {
                add("usr/share/nginx/html/index.html");
            }
            let pod = cluster.store().find(&container.pod)?;
            for mount in container_spec(pod, &container.name).list("volumeMounts") {
                add(&format!("{}/", normal(mount.text("mountPath"))));
            }
        }
        exists |= written.is_some_and(|tree| tree.contains_key(&format!("{}/", place.path)));
        (exists || !names.is_empty()).then_some(names)
    }

    /// Reads a file of a container.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn read(&self, cluster: &Cluster, container: &Container, path: &str) -> Result<String, Errno> {
        let place = self.place(cluster, container, path)?;
        match self.file(cluster, container, &place) {
            Some(file) if file.mode & 0o444 == 0 => Err(DENIED),
            Some(file) => Ok(file.text.to_string()),
            None if self.names(cluster, container, path).is_some() => Err(FOLDER),
            None => Err(MISSING),
        }
    }

    /// Whether there is a folder at a path.
    pub fn is_folder(&self, cluster: &Cluster, container: &Container, path: &str) -> bool {
        self.names(cluster, container, path).is_some()
    }

    /// Writes a file of a container, or appends to it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(
        &mut self,
        cluster: &Cluster,
        container: &Container,
        path: &str,
        text: &str,
        append: bool,
    ) -> Result<(), Errno> {
        /// The largest file: what a page can hold many of.
        const LARGEST: usize = 1 << 20;
        if normal(path) == "dev/null" {
            return Ok(());
        }
        let place = self.place(cluster, container, path)?;
        if place.read_only {
            return Err(READ_ONLY);
        }
        if self.names(cluster, container, path).is_some() {
            return Err(FOLDER);
        }
        let parent = path.trim_end_matches('/').rsplit_once('/').map_or("", |(parent, _)| parent);
        if self.names(cluster, container, parent).is_none() {
            return Err(MISSING);
        }
        let old = self.file(cluster, container, &place);
        let mode = old.as_ref().map_or(0o644, |file| file.mode);
        let text = match old {
            Some(old) if append => format!("{}{text}", old.text),
            _ => text.to_owned(),
        };
        if text.len() > LARGEST {
            return Err("No space left on device");
        }
        self.put(&place, File { text: text.into(), mode });
        Ok(())
    }

    fn put(&mut self, place: &Place, file: File) {
        let tree = self.trees.entry(place.tree.clone()).or_default();
        Arc::make_mut(tree).insert(place.path.clone(), file);
    }

    /// Makes a folder.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn make_folder(&mut self, cluster: &Cluster, container: &Container, path: &str) -> Result<(), Errno> {
        let mut place = self.place(cluster, container, path)?;
        if place.read_only {
            return Err(READ_ONLY);
        }
        place.path.push('/');
        self.put(&place, File { text: "".into(), mode: 0o755 });
        Ok(())
    }

    /// Sets a file's permission bits.
    ///
    /// # Errors
    /// Where there is no such file.
    pub fn set_mode(&mut self, cluster: &Cluster, container: &Container, path: &str, mode: u32) -> Result<(), Errno> {
        let place = self.place(cluster, container, path)?;
        match self.file(cluster, container, &place) {
            Some(file) => self.put(&place, File { mode, ..file }),
            None if self.names(cluster, container, path).is_some() => {}
            None => return Err(MISSING),
        }
        Ok(())
    }

    /// Removes a file, and with `all` a folder with everything in it.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn remove(&mut self, cluster: &Cluster, container: &Container, path: &str, all: bool) -> Result<(), Errno> {
        let place = self.place(cluster, container, path)?;
        if place.read_only {
            return Err(READ_ONLY);
        }
        let Some(tree) = self.trees.get_mut(&place.tree) else {
            return Err(MISSING);
        };
        let tree = Arc::make_mut(tree);
        if tree.remove(&place.path).is_some() {
            return Ok(());
        }
        let before = tree.len();
        if all {
            tree.retain(|path, _| below(path, &place.path).is_none());
        }
        if tree.len() < before { Ok(()) } else { Err(MISSING) }
    }

    /// The names in a folder with their permission bits, by name; folders end with a slash.
    ///
    /// # Errors
    /// Where there is no such folder.
    pub fn list(&self, cluster: &Cluster, container: &Container, path: &str) -> Result<Vec<String>, Errno> {
        let mut names = self.names(cluster, container, path).ok_or(MISSING)?;
        crate::api::order::sort_by_key(&mut names, String::clone);
        Ok(names)
    }

    /// Nothing here is matched by patterns in a container: its files are asked for by name.
    pub fn matching(&self, _container: &Container, _pattern: &str) -> Vec<String> {
        Vec::new()
    }
}

/// The files of a ConfigMap or Secret volume.
fn projected(cluster: &Cluster, pod: &Object, volume: &Value) -> Option<Tree> {
    let (kind, name) = if volume.has("configMap") {
        (Kind::ConfigMap, volume.field("configMap").text("name"))
    } else if volume.has("secret") {
        (Kind::Secret, volume.field("secret").text("secretName"))
    } else {
        return None;
    };
    let mut tree = Tree::new();
    let source = cluster.store().get(kind, &pod.meta.namespace, name);
    for (key, value) in source.iter().flat_map(|source| source.rest.entries("data")) {
        let text = value.as_str().unwrap_or_default();
        let text = if kind == Kind::Secret { base64::decode_text(text) } else { text.to_owned() };
        tree.insert(key.clone(), File { text: text.into(), mode: 0o644 });
    }
    Some(tree)
}

/// The files that an image brings, as far as anybody looks.
fn image_file(cluster: &Cluster, container: &Container, path: &str) -> Option<String> {
    let pod = cluster.store().find(&container.pod)?;
    let hostname = hostname(pod);
    Some(match path {
        "etc/hostname" => format!("{hostname}\n"),
        "etc/hosts" => {
            let domain = match pod.spec.text("subdomain") {
                "" => String::new(),
                subdomain => format!("{}\t", crate::dns::pod_name(hostname, subdomain, &pod.meta.namespace)),
            };
            let ip = pod.status.text("podIP");
            format!("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n{ip}\t{domain}{hostname}\n")
        }
        "etc/resolv.conf" => format!(
            "search {0}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
            pod.meta.namespace
        ),
        "usr/share/nginx/html/index.html" if container_spec(pod, &container.name).text("image").contains("nginx") => {
            "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n</head>\n<body>\n<h1>Welcome to nginx!</h1>\n</body>\n</html>\n".to_owned()
        }
        _ => return None,
    })
}

/// A pod's host name.
pub fn hostname(pod: &Object) -> &str {
    match pod.spec.text("hostname") {
        "" => &pod.meta.name,
        hostname => hostname,
    }
}
