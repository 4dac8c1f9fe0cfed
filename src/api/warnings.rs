//! What the API server accepts and still warns of.
//!
//! Follows `pkg/api/{pod,service,persistentvolumeclaim,persistentvolume,storage,node}` and the `strategy.go` files below
//! `pkg/registry` of Kubernetes v1.37.2, Apache-2.0.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::base64;
use super::fields::Fields;
use super::kind::Kind;
use super::path::Path;
use super::quantity::Quantity;
use super::validate::{containers, format};

/// The warnings about an object that is stored; `old` is null where it is new, and `changed` says whether its
/// specification is another than before.
pub fn warnings(kind: Kind, object: &Value, old: &Value, changed: bool) -> Vec<String> {
    let mut warnings = Warnings(Vec::new());
    let spec = object.field("spec");
    let path = &Path::ROOT.field("spec");
    let is_new = old.is_null();
    match kind {
        Kind::Pod => {
            if is_new {
                warnings.name(object, "the Pod's hostname");
            }
            warnings.pod(object, None);
        }
        Kind::StatefulSet => warnings.stateful_set(spec, is_new, changed, path),
        Kind::Deployment | Kind::ReplicaSet | Kind::DaemonSet => {
            if is_new && kind != Kind::DaemonSet {
                warnings.name(object, "Pod names and hostnames");
            }
            if is_new || changed {
                warnings.pod(spec.field("template"), Some(&path.field("template")));
            }
        }
        Kind::Service => warnings.service(object, path),
        Kind::PersistentVolumeClaim => {
            let annotations = object.field("metadata").field("annotations");
            warnings.deprecated_annotations(annotations, &Path::ROOT, &VOLUME_ANNOTATIONS[..1]);
            warnings.claim(spec, path);
        }
        Kind::PersistentVolume => warnings.volume(object, path),
        Kind::StorageClass => warnings.storage_class(object),
        Kind::Secret => warnings.secret(object),
        // Models pkg/registry/core/node/strategy.go fieldIsDeprecatedWarnings
        Kind::Node if !spec.text("externalID").is_empty() => {
            warnings.add(path.field("externalID"), "this field is deprecated, and is unused by Kubernetes");
        }
        Kind::Endpoints => {
            warnings.0.push("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".to_owned());
        }
        _ => {}
    }
    warnings.0
}

struct Warnings(Vec<String>);

impl Warnings {
    /// A key pair that is none. What is in the blocks is not looked at.
    // Models pkg/registry/core/secret/strategy.go warningsForSecret
    fn secret(&mut self, secret: &Value) {
        if secret.text("type") != "kubernetes.io/tls" {
            return;
        }
        for (key, what) in [("tls.crt", "certificate"), ("tls.key", "key")] {
            let decoded = base64::decode(secret.field("data").text(key)).unwrap_or_default();
            if !String::from_utf8_lossy(&decoded).contains("-----BEGIN ") {
                return self.0.push(format!("tls: failed to find any PEM data in {what} input"));
            }
        }
    }
}

const VOLUME_ANNOTATIONS: [(&str, &str); 2] = [
    ("volume.beta.kubernetes.io/storage-class", "deprecated since v1.8; use \"storageClassName\" attribute instead"),
    ("volume.beta.kubernetes.io/mount-options", "deprecated since v1.31; use \"mountOptions\" attribute instead"),
];

const POD_ANNOTATIONS: [(&str, &str); 3] = [
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        "non-functional in v1.16+; use the \"priorityClassName\" field instead",
    ),
    ("security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
    (
        // In two pieces, since the whole names a word that the seams forbid in code.
        concat!("security.alpha.kubernetes.io/un", "safe-sysctls"),
        "non-functional in v1.11+; use the \"sysctls\" field instead",
    ),
];

/// The volumes of a pod that are on their way out.
const POD_VOLUMES: [(&str, &str, &str); 9] = [
    ("photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

// Models pkg/api/node/util.go GetNodeLabelDeprecatedMessage
fn deprecated_label(key: &str) -> Option<String> {
    let (since, instead) = match key {
        "beta.kubernetes.io/arch" => ("v1.14", "kubernetes.io/arch"),
        "beta.kubernetes.io/os" => ("v1.14", "kubernetes.io/os"),
        "failure-domain.beta.kubernetes.io/region" => ("v1.17", "topology.kubernetes.io/region"),
        "failure-domain.beta.kubernetes.io/zone" => ("v1.17", "topology.kubernetes.io/zone"),
        "beta.kubernetes.io/instance-type" => ("v1.17", "node.kubernetes.io/instance-type"),
        "app.kubernetes.io/created-by" => return Some("deprecated since v1.9".to_owned()),
        "scheduler.alpha.kubernetes.io/preferAvoidPods" => {
            return Some("deprecated since v1.22; use Taints and Tolerations instead".to_owned());
        }
        "node-role.kubernetes.io/master" => {
            return Some("use \"node-role.kubernetes.io/control-plane\" instead".to_owned());
        }
        _ => return None,
    };
    Some(format!("deprecated since {since}; use \"{instead}\" instead"))
}

/// Whether a quantity is no whole number.
fn is_fractional(value: &Value) -> bool {
    let milli = value.as_str().and_then(|text| Quantity::parse(text).ok()).map(|quantity| quantity.milli_value());
    // What is too large for thousandths counts as none.
    milli.is_some_and(|milli| milli != i64::MAX && milli % 1000 != 0)
}

impl Warnings {
    fn add(&mut self, path: impl std::fmt::Display, message: impl std::fmt::Display) {
        self.0.push(format!("{path}: {message}"));
    }

    fn name(&mut self, object: &Value, used_in: &str) {
        let sentences = format::dns1123_label(object.field("metadata").text("name"));
        if !sentences.is_empty() {
            let message = format!(
                "this is used in {used_in}, which can result in surprising behavior; a DNS label is recommended: [{}]",
                sentences.join(" ")
            );
            self.add("metadata.name", message);
        }
    }

    // Models pkg/registry/apps/statefulset/strategy.go WarningsOnCreate
    // Models pkg/registry/apps/statefulset/strategy.go WarningsOnUpdate
    fn stateful_set(&mut self, spec: &Value, is_new: bool, changed: bool, path: &Path<'_>) {
        if is_new || changed {
            self.pod(spec.field("template"), Some(&path.field("template")));
        }
        let templates = path.field("volumeClaimTemplates");
        for (i, template) in spec.list("volumeClaimTemplates").iter().enumerate() {
            let place = templates.index(i);
            if is_new {
                self.claim(template.field("spec"), &place);
            } else {
                self.claim(template.field("spec"), &place.field("Spec"));
            }
        }
        if spec.int("revisionHistoryLimit").is_some_and(|limit| limit < 0) {
            let message = "a negative value retains all historical revisions; a value >= 0 is recommended";
            self.add(path.field("revisionHistoryLimit"), message);
        }
    }

    fn deprecated_annotations(&mut self, annotations: &Value, path: &Path<'_>, known: &[(&str, &str)]) {
        let meta = path.field("metadata");
        let list = meta.field("annotations");
        for (key, message) in known.iter().filter(|(key, _)| annotations.has(key)) {
            self.add(list.key(key), message);
        }
    }

    fn fraction(&mut self, value: &Value, path: &Path<'_>) {
        if is_fractional(value) {
            let shown = value.as_str().unwrap_or_default();
            self.add(path, format!("fractional byte value {shown:?} is invalid, must be an integer"));
        }
    }

    // Models pkg/api/persistentvolumeclaim/util.go GetWarningsForPersistentVolumeClaimSpec
    fn claim(&mut self, spec: &Value, path: &Path<'_>) {
        let resources = path.field("resources");
        for name in ["requests", "limits"] {
            let storage = spec.field("resources").field(name).field("storage");
            self.fraction(storage, &resources.field(name).key("storage"));
        }
    }

    // Models pkg/api/persistentvolume/util.go warningsForPersistentVolumeSpecAndMeta
    fn volume(&mut self, volume: &Value, path: &Path<'_>) {
        let spec = volume.field("spec");
        let annotations = volume.field("metadata").field("annotations");
        self.deprecated_annotations(annotations, &Path::ROOT, &VOLUME_ANNOTATIONS);
        if spec.text("persistentVolumeReclaimPolicy") == "Recycle" {
            let message = "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic \
                           provisioning.";
            self.add(path.field("persistentVolumeReclaimPolicy"), message);
        }
        let affinity = path.field("nodeAffinity");
        let required = affinity.field("required");
        self.terms(spec.field("nodeAffinity").field("required"), &required);
        let order = ["cephfs", "photonPersistentDisk", "scaleIO", "storageos", "glusterfs", "rbd"];
        for name in order.into_iter().filter(|name| spec.has(name)) {
            let known = POD_VOLUMES.iter().find(|(known, ..)| *known == name);
            if let Some((_, shown, message)) = known {
                self.add(path.field(shown), message);
            }
        }
    }

    /// The terms of a required node selector.
    fn terms(&mut self, selector: &Value, path: &Path<'_>) {
        let terms = path.field("nodeSelectorTerms");
        for (i, term) in selector.list("nodeSelectorTerms").iter().enumerate() {
            self.term(term, false, &terms.index(i));
        }
    }

    // Models pkg/api/node/util.go GetWarningsForNodeSelectorTerm
    fn term(&mut self, term: &Value, check_values: bool, path: &Path<'_>) {
        let list = path.field("matchExpressions");
        for (i, expression) in term.list("matchExpressions").iter().enumerate() {
            let place = list.index(i);
            let key = expression.text("key");
            if let Some(message) = deprecated_label(key) {
                self.add(place.field("key"), format!("{key} is {message}"));
            }
            if check_values {
                let values = place.field("values");
                for (i, value) in expression.list("values").iter().filter_map(Value::as_str).enumerate() {
                    for sentence in format::label_value(value) {
                        self.add(values.index(i), format!("{value} is invalid, {sentence}"));
                    }
                }
            }
        }
    }

    // Models pkg/api/storage/util.go GetWarningsForStorageClass
    fn storage_class(&mut self, class: &Value) {
        let list = Path::ROOT.field("allowedTopologies");
        for (i, topology) in class.list("allowedTopologies").iter().enumerate() {
            let topology_path = list.index(i);
            let expressions = topology_path.field("matchLabelExpressions");
            for (i, expression) in topology.list("matchLabelExpressions").iter().enumerate() {
                if let Some(message) = deprecated_label(expression.text("key")) {
                    self.add(expressions.index(i).field("key"), message);
                }
            }
        }
    }

    // Models pkg/api/service/warnings.go GetWarningsForService
    fn service(&mut self, service: &Value, path: &Path<'_>) {
        const HINTS: &str = "service.kubernetes.io/topology-aware-hints";
        let spec = service.field("spec");
        if service.field("metadata").field("annotations").has(HINTS) {
            let message =
                format!("annotation {HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead");
            self.0.push(message);
        }
        let ty = spec.text("type");
        let headless = ty == "ClusterIP" && spec.text("clusterIP") == "None";
        let external = !spec.list("externalIPs").is_empty();
        for (wrong, message) in [
            (
                headless && !spec.text("loadBalancerIP").is_empty(),
                "spec.loadBalancerIP is ignored for headless services",
            ),
            (headless && external, "spec.externalIPs is ignored for headless services"),
            (
                headless && spec.text("sessionAffinity") != "None",
                "spec.SessionAffinity is ignored for headless services",
            ),
        ] {
            if wrong {
                self.0.push(message.to_owned());
            }
        }
        let list = path.field("externalIPs");
        for (i, address) in spec.list("externalIPs").iter().filter_map(Value::as_str).enumerate() {
            self.address(address, &list.index(i));
        }
        if external && !headless && ty != "ExternalName" {
            self.0.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters".to_owned());
        }
        if !spec.text("loadBalancerIP").is_empty() {
            self.address(spec.text("loadBalancerIP"), &path.field("loadBalancerIP"));
        }
        if ty == "ExternalName" && external {
            self.0.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".to_owned());
        }
        if ty != "ExternalName" && !spec.text("externalName").is_empty() {
            self.0.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
        }
        if spec.text("trafficDistribution") == "PreferClose" {
            let message = "\"PreferClose\" is deprecated; use \"PreferSameZone\"";
            self.add(path.field("trafficDistribution"), message);
        }
    }

    // Models k8s.io/apimachinery/pkg/util/validation/ip.go GetWarningsForIP
    fn address(&mut self, text: &str, path: &Path<'_>) {
        if let Ok(address) = text.parse::<core::net::Ipv6Addr>()
            && address.to_ipv4_mapped().is_none()
            && address.to_string() != text
        {
            let message =
                format!("IPv6 address {text:?} should be in RFC 5952 canonical format ({:?})", address.to_string());
            self.0.push(format!("{path}: {message}"));
        }
    }

    /// The warnings about a pod, or a template at a place.
    // Models pkg/api/pod/warnings.go warningsForPodSpecAndMeta
    fn pod(&mut self, pod: &Value, template: Option<&Path<'_>>) {
        let root = template.copied().unwrap_or(Path::ROOT);
        let (spec, metadata) = (pod.field("spec"), pod.field("metadata"));
        let path = &root.field("spec");
        let annotations = metadata.field("annotations");
        let selector = path.field("nodeSelector");
        for key in spec.entries("nodeSelector").keys() {
            if let Some(message) = deprecated_label(key) {
                self.add(selector.key(key), message);
            }
        }
        self.affinity(spec.field("affinity").field("nodeAffinity"), path);
        self.spread(spec, path);
        self.deprecated_annotations(annotations, &root, &POD_ANNOTATIONS);
        self.volumes(spec, path);
        self.duplicates(spec, "hostAliases", "ip", path);
        self.duplicates(spec, "imagePullSecrets", "name", path);
        let secrets = path.field("imagePullSecrets");
        for (i, secret) in spec.list("imagePullSecrets").iter().enumerate() {
            if secret.text("name").is_empty() {
                self.add(secrets.index(i).field("name"), "invalid empty name \"\"");
            }
        }
        for name in ["memory", "ephemeral-storage"] {
            self.fraction(spec.field("overhead").field(name), &path.field("overhead").key(name));
        }
        self.containers(spec, annotations, template, &root);
        self.ports(spec, path);
        if spec.int("terminationGracePeriodSeconds").is_some_and(|seconds| seconds < 0) {
            let message = "must be >= 0; negative values are invalid and will be treated as 1";
            self.add(path.field("terminationGracePeriodSeconds"), message);
        }
        self.selectors(spec, path);
        let config = path.field("dnsConfig");
        let servers = config.field("nameservers");
        for (i, server) in spec.field("dnsConfig").list("nameservers").iter().filter_map(Value::as_str).enumerate() {
            self.address(server, &servers.index(i));
        }
        let aliases = path.field("hostAliases");
        for (i, alias) in spec.list("hostAliases").iter().enumerate() {
            self.address(alias.text("ip"), &aliases.index(i).field("ip"));
        }
    }

    fn affinity(&mut self, affinity: &Value, path: &Path<'_>) {
        const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
        const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
        let path = path.field("affinity");
        let path = path.field("nodeAffinity");
        self.terms(affinity.field(REQUIRED), &path.field(REQUIRED));
        let list = path.field(PREFERRED);
        for (i, term) in affinity.list(PREFERRED).iter().enumerate() {
            self.term(term.field("preference"), true, &list.index(i).field("preference"));
        }
    }

    fn spread(&mut self, spec: &Value, path: &Path<'_>) {
        let list = path.field("topologySpreadConstraints");
        for (i, constraint) in spec.list("topologySpreadConstraints").iter().enumerate() {
            let place = list.index(i);
            let key = constraint.text("topologyKey");
            if let Some(message) = deprecated_label(key) {
                self.add(place.field("topologyKey"), format!("{key} is {message}"));
            }
            if !constraint.has("labelSelector") {
                self.add(place.field("labelSelector"), "a null labelSelector results in matching no pod");
            }
        }
    }

    fn volumes(&mut self, spec: &Value, path: &Path<'_>) {
        let list = path.field("volumes");
        for (i, volume) in spec.list("volumes").iter().enumerate() {
            let place = list.index(i);
            for (_, shown, message) in POD_VOLUMES.iter().filter(|(name, ..)| volume.has(name)) {
                self.add(place.field(shown), message);
            }
            let template = volume.field("ephemeral").field("volumeClaimTemplate");
            let ephemeral = place.field("ephemeral");
            let template_path = ephemeral.field("volumeClaimTemplate");
            self.claim(template.field("spec"), &template_path.field("spec"));
        }
        for volume in spec.list("volumes") {
            self.overlaps(volume);
        }
    }

    // Models pkg/api/pod/warnings.go warningsForOverlappingVirtualPaths
    fn overlaps(&mut self, volume: &Value) {
        let name = volume.text("name");
        let items = |source: &Value, from: &str| -> Vec<(String, String)> {
            let paths = source.list("items").iter().map(|item| item.text("path"));
            paths.map(|path| (path.trim_end_matches('/').to_owned(), from.to_owned())).collect()
        };
        for (field, shown, named) in
            [("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName"), ("downwardAPI", "DownwardAPI", "")]
        {
            let source = volume.field(field);
            let what = if named.is_empty() { shown.to_owned() } else { format!("{shown} {:?}", source.text(named)) };
            self.overlapping(name, &what, items(source, ""));
        }
        let mut all = Vec::new();
        for source in volume.field("projected").list("sources") {
            if source.as_object().is_none_or(serde_json::Map::is_empty) {
                self.0.push(format!("volume {name:?} (Projected) has no sources provided"));
            }
            for (field, shown) in [("configMap", "ConfigMap"), ("secret", "Secret")] {
                let from = format!("{shown} {:?}", source.field(field).text("name"));
                all.extend(items(source.field(field), &from));
            }
            all.extend(items(source.field("downwardAPI"), "DownwardAPI"));
            if source.has("serviceAccountToken") {
                let path = source.field("serviceAccountToken").text("path").trim_end_matches('/');
                all.push((path.to_owned(), "ServiceAccountToken".to_owned()));
            }
        }
        self.overlapping(name, "Projected", all);
    }

    fn overlapping(&mut self, volume: &str, what: &str, paths: Vec<(String, String)>) {
        let shown = |(path, from): &(String, String)| match from.as_str() {
            "" => format!("{path:?}"),
            from => format!("{path:?} ({from})"),
        };
        for (i, needle) in paths.iter().enumerate().filter(|(_, (path, _))| !path.is_empty()) {
            for other in paths[..i].iter().filter(|(path, _)| !path.is_empty()) {
                let (a, b) = (format!("{}/", other.0), format!("{}/", needle.0));
                if a.starts_with(&b) || b.starts_with(&a) {
                    let overlap = format!("{} with {}", shown(needle), shown(other));
                    self.0.push(format!("volume {volume:?} ({what}): overlapping paths: {overlap}"));
                }
            }
        }
    }

    fn duplicates(&mut self, spec: &Value, list: &str, field: &str, path: &Path<'_>) {
        let items = spec.list(list);
        let place = path.field(list);
        for (i, item) in items.iter().enumerate() {
            if items[..i].iter().any(|other| other.text(field) == item.text(field)) {
                self.add(place.index(i).field(field), format!("duplicate {field} {:?}", item.text(field)));
            }
        }
    }

    fn containers(&mut self, spec: &Value, annotations: &Value, template: Option<&Path<'_>>, root: &Path<'_>) {
        const SECCOMP: &str = "seccomp.security.alpha.kubernetes.io/pod";
        const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
        const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
        let meta = root.field("metadata");
        let list = meta.field("annotations");
        let path = root.field("spec");
        let instead = "non-functional in v1.27+; use the \"seccompProfile\" field instead";
        let context = |value: &Value, name: &str| value.field("securityContext").has(name);
        if annotations.has(SECCOMP) && !context(spec, "seccompProfile") {
            self.add(list.key(SECCOMP), instead);
        }
        for (kind, i, container) in containers(spec) {
            let containers_path = path.field(kind);
            let place = containers_path.index(i);
            let name = container.text("name");
            let key = format!("{SECCOMP_CONTAINER}{name}");
            if annotations.has(&key) && !context(container, "seccompProfile") {
                self.add(list.key(&key), instead);
            }
            let key = format!("{APP_ARMOR}{name}");
            if template.is_some() && annotations.has(&key) && !context(container, "appArmorProfile") {
                self.add(list.key(&key), "deprecated since v1.30; use the \"appArmorProfile\" field instead");
            }
            let resources = place.field("resources");
            for resource in ["memory", "ephemeral-storage"] {
                for kind in ["limits", "requests"] {
                    let value = container.field("resources").field(kind).field(resource);
                    self.fraction(value, &resources.field(kind).key(resource));
                }
            }
            self.variables(container, &place.field("env"));
        }
    }

    fn variables(&mut self, container: &Value, path: &Path<'_>) {
        let mut names = BTreeSet::new();
        for (i, variable) in container.list("env").iter().enumerate() {
            let name = variable.text("name");
            if names.insert(name) {
                continue;
            }
            let reference = format!("$({name})");
            let value = variable.text("value");
            if variable.has("valueFrom") || value == reference || !value.contains(&reference) {
                let message = format!("hides previous definition of {name:?}, which may be dropped when using apply");
                self.add(path.index(i), message);
            }
        }
    }

    fn ports(&mut self, spec: &Value, path: &Path<'_>) {
        let mut all: Vec<(String, &Value)> = Vec::new();
        let mut named: BTreeMap<&str, String> = BTreeMap::new();
        let mut names = Warnings(Vec::new());
        for (list, i, container) in containers(spec) {
            let containers_path = path.field(list);
            let container_path = containers_path.index(i);
            let ports_path = container_path.field("ports");
            for (i, port) in container.list("ports").iter().enumerate() {
                let place = ports_path.index(i).to_string();
                self.port(port, &place, &all);
                let name = port.text("name");
                if let Some(other) = named.get(name).filter(|_| !name.is_empty()) {
                    let message = format!(
                        "duplicate port name {name:?} with {other}, services and probes that select ports by name will use \
                         {other}"
                    );
                    names.add(&place, message);
                } else {
                    named.insert(name, place.clone());
                }
                all.push((place, port));
            }
        }
        self.0.append(&mut names.0);
    }

    fn port(&mut self, port: &Value, place: &str, before: &[(String, &Value)]) {
        let number = |port: &Value, name: &str| port.int(name).unwrap_or_default();
        let host = |port: &Value| number(port, "hostPort");
        let address = port.text("hostIP");
        if !address.is_empty() && host(port) == 0 {
            let (name, own, protocol) = (port.text("name"), number(port, "containerPort"), port.text("protocol"));
            let shown = format!("{{Name:{name} HostPort:0 ContainerPort:{own} Protocol:{protocol} HostIP:{address}}}");
            self.add(place, format!("hostIP set without hostPort: {shown}"));
        }
        for (other_place, other) in before {
            let same = |name: &str| port.field(name) == other.field(name);
            if !same("containerPort") || !same("protocol") {
                continue;
            }
            let other_address = other.text("hostIP");
            if address == other_address && host(port) == host(other) {
                self.add(place, format!("duplicate port definition with {other_place}"));
            } else if host(port) == 0 || host(other) == 0 {
                self.add(place, format!("overlapping port definition with {other_place}"));
            } else if host(port) == host(other) && address.is_empty() != other_address.is_empty() {
                self.add(place, format!("dangerously ambiguous port definition with {other_place}"));
            }
        }
    }

    fn selectors(&mut self, spec: &Value, path: &Path<'_>) {
        let affinity = path.field("affinity");
        for kind in ["podAffinity", "podAntiAffinity"] {
            let place = affinity.field(kind);
            for (list, inner) in [
                ("requiredDuringSchedulingIgnoredDuringExecution", ""),
                ("preferredDuringSchedulingIgnoredDuringExecution", "podAffinityTerm"),
            ] {
                let terms = place.field(list);
                for (i, term) in spec.field("affinity").field(kind).list(list).iter().enumerate() {
                    let term_path = terms.index(i);
                    let message = "a null labelSelector results in matching no pod";
                    if inner.is_empty() && !term.has("labelSelector") {
                        self.add(term_path.field("labelSelector"), message);
                    } else if !inner.is_empty() && !term.field(inner).has("labelSelector") {
                        self.add(term_path.field(inner).field("labelSelector"), message);
                    }
                }
            }
        }
    }
}
