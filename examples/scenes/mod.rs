//! What the engine is timed with: large sets, through the whole cluster.

use statefulscope::api::fields::Fields;
use statefulscope::api::kind::Kind;
use statefulscope::api::meta::ObjectRef;
use statefulscope::api::time::Millis;
use statefulscope::cluster::Cluster;
use statefulscope::cluster::actor::Actor;
use statefulscope::cluster::config::{Config, NodeConfig};
use statefulscope::command::Command;
use statefulscope::controllers::statefulset::stateful_set::resync;
use statefulscope::timeline::{Place, Timeline};

/// A cluster with nodes for a thousand pods, and a set without any, each of whose pods gets a claim.
pub fn cluster(policy: &str) -> Cluster {
    cluster_of(policy, 10)
}

/// The same with so many nodes, each with room for a hundred pods and ten more.
pub fn cluster_of(policy: &str, nodes: u32) -> Cluster {
    let mut cluster = Cluster::new(config(nodes));
    let answer = cluster.execute(&apply(policy));
    assert!(!answer.is_refused(), "{answer:?}");
    cluster
}

fn config(nodes: u32) -> Config {
    let node = |number: u32| NodeConfig { name: format!("node{number}"), ..NodeConfig::default() };
    Config { nodes: (1..=nodes).map(node).collect(), ..Config::default() }
}

fn apply(policy: &str) -> Command {
    Command::Apply { manifest: MANIFEST.replace("POLICY", policy) }
}

const MANIFEST: &str = r#"
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: disks
provisioner: example.com/disks
---
apiVersion: v1
kind: Service
metadata:
  name: nginx
spec:
  clusterIP: None
  selector:
    app: nginx
  ports:
  - port: 80
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: web
spec:
  serviceName: nginx
  replicas: 0
  podManagementPolicy: POLICY
  selector:
    matchLabels:
      app: nginx
  template:
    metadata:
      labels:
        app: nginx
    spec:
      containers:
      - name: nginx
        image: nginx
        volumeMounts:
        - name: www
          mountPath: /usr/share/nginx/html
  volumeClaimTemplates:
  - metadata:
      name: www
    spec:
      storageClassName: disks
      accessModes: ["ReadWriteOnce"]
      resources:
        requests:
          storage: 1Gi
"#;

fn set() -> ObjectRef {
    ObjectRef::new(Kind::StatefulSet, "default", "web")
}

/// How many things happened, and how often the set was synced, until there were as many pods as it wants.
#[derive(Debug)]
pub struct Course {
    /// Things that happened.
    pub events: u32,
    /// Syncs until all pods were created.
    pub syncs: u32,
}

/// Scales the set, and lets everything happen until all its pods are Ready.
pub fn scale(cluster: &mut Cluster, replicas: u32) -> Course {
    cluster.execute(&Command::Scale { object: set(), replicas: replicas.into() });
    let mut course = Course { events: 0, syncs: 0 };
    let mut all_created = false;
    while ready(cluster) != replicas {
        // Counting the pods costs more than most things that happen, so it is only done before a sync that may create some.
        if !all_created && cluster.pending().next().is_some_and(|(_, actor, _)| actor == Actor::StatefulSetController) {
            all_created = pods(cluster) == replicas as usize;
            course.syncs += u32::from(!all_created);
        }
        assert!(cluster.run_next() && course.events < 1_000_000, "the set does not get ready");
        cluster.take_steps();
        course.events += 1;
    }
    course
}

/// A run with at least so many events: a set of so many pods starts, and is given a new image again and again.
pub fn long_run(replicas: u32, events: usize) -> Timeline {
    let mut timeline = Timeline::new(config(10));
    timeline.dispatch(apply("Parallel"));
    timeline.dispatch(Command::Scale { object: set(), replicas: replicas.into() });
    for image in 0.. {
        timeline.advance(Millis::from_secs(300));
        if timeline.marks().len() >= events {
            break;
        }
        let (container, image) = ("nginx".to_owned(), format!("nginx:1.{image}"));
        timeline.dispatch(Command::SetImage { object: set(), container, image });
    }
    timeline
}

/// Goes to the place of the event that stands so far along a run, in thousandths.
pub fn seek(timeline: &mut Timeline, thousandths: usize) {
    let marks = timeline.marks();
    let place = marks.get(marks.len() * thousandths / 1000).map_or(Place::default(), |mark| mark.place);
    timeline.seek(place);
}

/// Has a set that is as it should be looked at so often.
pub fn steady(cluster: &mut Cluster, syncs: u32) {
    for _ in 0..syncs {
        resync(cluster);
        cluster.run_next();
        assert!(cluster.take_steps().is_empty(), "the set was not steady");
    }
}

/// Lets everything happen that is still to happen after [`scale`].
pub fn settle(cluster: &mut Cluster) {
    let until = cluster.now() + Millis::from_secs(60);
    cluster.run_until(until);
    cluster.take_steps();
}

fn ready(cluster: &Cluster) -> u32 {
    let set = cluster.store().find(&set());
    set.and_then(|set| set.status.int("readyReplicas")).unwrap_or_default() as u32
}

fn pods(cluster: &Cluster) -> usize {
    cluster.store().list_in(Kind::Pod, "default").count()
}
