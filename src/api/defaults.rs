//! Defaulting: what the API server fills in.
//!
//! Follows `pkg/apis/{core,apps,storage}/v1/defaults.go` of Kubernetes v1.37.2, Apache-2.0. Upstream generates a function
//! for each kind that calls the defaults of every type below it; here one walk over the table does the same.

use serde_json::{Map, Value, json};

use super::fields::{Fields, as_map, map_in, set_default};
use super::image;
use super::kind::Kind;
use super::quantity::Quantity;
use super::schema::{Schema, Ty, Type};

/// Fills in the defaults of a decoded object.
pub fn set_defaults(kind: Kind, object: &mut Value, gates: &super::gates::FeatureGates) {
    if let (Some(ty), Value::Object(fields)) = (Schema::get().of_kind(kind), object) {
        Defaulter { gates }.structure(ty, fields);
    }
}

struct Defaulter<'a> {
    gates: &'a super::gates::FeatureGates,
}

impl Defaulter<'_> {
    fn structure(&self, ty: &'static Type, fields: &mut Map<String, Value>) {
        self.type_defaults(ty.name, fields);
        for field in &ty.fields {
            if let Some(value) = fields.get_mut(field.name) {
                self.value(&field.ty, value);
            }
        }
    }

    fn value(&self, ty: &'static Ty, value: &mut Value) {
        match (ty, value) {
            (Ty::Pointer(inner), value) => self.value(inner, value),
            (Ty::List(inner), Value::Array(items)) => items.iter_mut().for_each(|item| self.value(inner, item)),
            (Ty::Struct(name), Value::Object(fields)) => self.structure(Schema::get().struct_named(name), fields),
            _ => {}
        }
    }

    /// The defaults that belong to one type.
    fn type_defaults(&self, ty: &str, fields: &mut Map<String, Value>) {
        let mut constants = |defaults: &[(&str, Value)]| {
            let schema = Schema::get().find(ty);
            for (name, value) in defaults {
                let field = schema.and_then(|ty| ty.field(name));
                if field.is_some_and(|field| matches!(field.ty, Ty::Pointer(_))) {
                    pointer_default(fields, name, value.clone());
                } else {
                    set_default(fields, name, value.clone());
                }
            }
        };
        match ty {
            "StatefulSet" => self.stateful_set(map_in(fields, "spec")),
            "Deployment" => deployment(map_in(fields, "spec")),
            "DaemonSet" => daemon_set(map_in(fields, "spec")),
            "ReplicaSet" => set_default(map_in(fields, "spec"), "replicas", 1),
            "Pod" => pod(map_in(fields, "spec")),
            "PodSpec" => pod_spec(fields),
            "PodStatus" => pod_status(fields),
            "Container" | "EphemeralContainer" => container(fields),
            "Volume" => volume(fields),
            "Service" => service(fields),
            "Namespace" => namespace(fields),
            "PersistentVolumeClaim" => set_default(map_in(fields, "status"), "phase", "Pending"),
            "PersistentVolume" => {
                set_default(map_in(fields, "status"), "phase", "Pending");
                set_default(map_in(fields, "spec"), "persistentVolumeReclaimPolicy", "Retain");
                pointer_default(map_in(fields, "spec"), "volumeMode", json!("Filesystem"));
            }
            "ResourceRequirements" | "VolumeResourceRequirements" => {
                round_up_quantities(fields, "limits");
                round_up_quantities(fields, "requests");
            }
            "PersistentVolumeClaimStatus" => {
                round_up_quantities(fields, "capacity");
                round_up_quantities(fields, "allocatedResources");
            }
            "PersistentVolumeSpec" => round_up_quantities(fields, "capacity"),
            "NodeSpec" => node_spec(fields),
            "NodeStatus" => node_status(fields),
            "PersistentVolumeClaimSpec" => constants(&[("volumeMode", json!("Filesystem"))]),
            "StorageClass" => {
                constants(&[("reclaimPolicy", json!("Delete")), ("volumeBindingMode", json!("Immediate"))])
            }
            "Secret" => constants(&[("type", json!("Opaque"))]),
            "ContainerPort" | "EndpointPort" => constants(&[("protocol", json!("TCP"))]),
            "Probe" => probe(fields),
            "HTTPGetAction" => constants(&[("path", json!("/")), ("scheme", json!("HTTP"))]),
            "GRPCAction" => pointer_default(fields, "service", json!("")),
            "ObjectFieldSelector" => constants(&[("apiVersion", json!("v1"))]),
            "FileKeySelector" => constants(&[("optional", json!(false))]),
            "SecretVolumeSource" | "ConfigMapVolumeSource" | "DownwardAPIVolumeSource" | "ProjectedVolumeSource" => {
                constants(&[("defaultMode", json!(0o644))]);
            }
            "ServiceAccountTokenProjection" => constants(&[("expirationSeconds", json!(3600))]),
            "HostPathVolumeSource" => pointer_default(fields, "type", json!("")),
            "ISCSIVolumeSource" | "ISCSIPersistentVolumeSource" => constants(&[("iscsiInterface", json!("default"))]),
            "RBDVolumeSource" | "RBDPersistentVolumeSource" => {
                constants(&[("pool", json!("rbd")), ("user", json!("admin")), ("keyring", json!("/etc/ceph/keyring"))]);
            }
            "AzureDiskVolumeSource" => constants(&[
                ("cachingMode", json!("ReadWrite")),
                ("fsType", json!("ext4")),
                ("readOnly", json!(false)),
                ("kind", json!("Shared")),
            ]),
            "ScaleIOVolumeSource" | "ScaleIOPersistentVolumeSource" => {
                constants(&[("storageMode", json!("ThinProvisioned")), ("fsType", json!("xfs"))]);
            }
            "discovery.EndpointSlice" => {
                for port in fields.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
                    pointer_default(as_map(port), "name", json!(""));
                    set_default(as_map(port), "protocol", "TCP");
                }
            }
            _ => {}
        }
    }

    // Models pkg/apis/apps/v1/defaults.go SetDefaults_StatefulSet
    fn stateful_set(&self, spec: &mut Map<String, Value>) {
        set_default(spec, "podManagementPolicy", "OrderedReady");
        let strategy = map_in(spec, "updateStrategy");
        if strategy.text("type").is_empty() {
            strategy.insert("type".to_owned(), json!("RollingUpdate"));
            set_default(strategy, "rollingUpdate", json!({}));
        }
        if strategy.text("type") == "RollingUpdate" && strategy.has("rollingUpdate") {
            let rolling = map_in(strategy, "rollingUpdate");
            set_default(rolling, "partition", 0);
            if self.gates.max_unavailable_stateful_set && !rolling.has("maxUnavailable") {
                rolling.insert("maxUnavailable".to_owned(), json!(1));
            }
        }
        let retention = map_in(spec, "persistentVolumeClaimRetentionPolicy");
        set_default(retention, "whenDeleted", "Retain");
        set_default(retention, "whenScaled", "Retain");
        set_default(spec, "replicas", 1);
        set_default(spec, "revisionHistoryLimit", 10);
    }
}

/// Sets a pointer that is `nil`. Other than [`set_default`], it leaves a pointer to an empty string.
fn pointer_default(fields: &mut Map<String, Value>, name: &str, value: Value) {
    if !fields.has(name) {
        fields.insert(name.to_owned(), value);
    }
}

// Models pkg/apis/apps/v1/defaults.go SetDefaults_Deployment
fn deployment(spec: &mut Map<String, Value>) {
    set_default(spec, "replicas", 1);
    let strategy = map_in(spec, "strategy");
    set_default(strategy, "type", "RollingUpdate");
    if strategy.text("type") == "RollingUpdate" {
        let rolling = map_in(strategy, "rollingUpdate");
        pointer_default(rolling, "maxUnavailable", json!("25%"));
        pointer_default(rolling, "maxSurge", json!("25%"));
    }
    set_default(spec, "revisionHistoryLimit", 10);
    set_default(spec, "progressDeadlineSeconds", 600);
}

// Models pkg/apis/apps/v1/defaults.go SetDefaults_DaemonSet
fn daemon_set(spec: &mut Map<String, Value>) {
    let strategy = map_in(spec, "updateStrategy");
    set_default(strategy, "type", "RollingUpdate");
    if strategy.text("type") == "RollingUpdate" {
        let rolling = map_in(strategy, "rollingUpdate");
        pointer_default(rolling, "maxUnavailable", json!(1));
        pointer_default(rolling, "maxSurge", json!(0));
    }
    set_default(spec, "revisionHistoryLimit", 10);
}

// Models pkg/apis/core/v1/defaults.go SetDefaults_Pod
fn pod(spec: &mut Map<String, Value>) {
    if spec.int("terminationGracePeriodSeconds").is_some_and(|seconds| seconds < 0) {
        spec.insert("terminationGracePeriodSeconds".to_owned(), json!(1));
    }
    let host_network = spec.flag("hostNetwork");
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            let container = as_map(container);
            let resources = map_in(container, "resources");
            if let Some(limits) = resources.field("limits").as_object().cloned() {
                let requests = map_in(resources, "requests");
                for (name, limit) in limits {
                    requests.entry(name).or_insert(limit);
                }
            }
            if host_network {
                for port in container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
                    let number = port.field("containerPort").clone();
                    set_default(as_map(port), "hostPort", number);
                }
            }
        }
    }
    set_default(spec, "enableServiceLinks", true);
}

// Models pkg/apis/core/v1/defaults.go SetDefaults_PodSpec
fn pod_spec(spec: &mut Map<String, Value>) {
    let account = match spec.text("serviceAccountName") {
        "" => spec.text("serviceAccount").to_owned(),
        name => name.to_owned(),
    };
    if !account.is_empty() {
        spec.insert("serviceAccountName".to_owned(), json!(account));
        spec.insert("serviceAccount".to_owned(), json!(account));
    }
    set_default(spec, "dnsPolicy", "ClusterFirst");
    set_default(spec, "restartPolicy", "Always");
    set_default(spec, "securityContext", json!({}));
    set_default(spec, "terminationGracePeriodSeconds", 30);
    set_default(spec, "schedulerName", "default-scheduler");
    round_up_quantities(spec, "overhead");
}

// Models pkg/apis/core/v1/defaults.go SetDefaults_PodStatus
fn pod_status(status: &mut Map<String, Value>) {
    let ip = status.text("podIP").to_owned();
    let first = status.list("podIPs").first().map(|ip| ip.text("ip").to_owned());
    match first {
        Some(first) if ip.is_empty() => {
            status.insert("podIP".to_owned(), json!(first));
        }
        first if !ip.is_empty() && first.as_deref() != Some(&ip) => {
            status.insert("podIPs".to_owned(), json!([{"ip": ip}]));
        }
        _ => {}
    }
}

// Models pkg/apis/core/v1/defaults.go SetDefaults_Container
fn container(container: &mut Map<String, Value>) {
    let policy = if image::tag(container.text("image")) == "latest" { "Always" } else { "IfNotPresent" };
    set_default(container, "imagePullPolicy", policy);
    set_default(container, "terminationMessagePath", "/dev/termination-log");
    set_default(container, "terminationMessagePolicy", "File");
}

// Models pkg/apis/core/v1/defaults.go SetDefaults_Volume
fn volume(volume: &mut Map<String, Value>) {
    if !volume.keys().any(|key| key != "name") {
        volume.insert("emptyDir".to_owned(), json!({}));
    }
    if let Some(Value::Object(image)) = volume.get_mut("image") {
        let policy = if image::tag(image.text("reference")) == "latest" { "Always" } else { "IfNotPresent" };
        set_default(image, "pullPolicy", policy);
    }
}

// Models pkg/apis/core/v1/defaults.go SetDefaults_Probe
fn probe(probe: &mut Map<String, Value>) {
    for (name, value) in
        [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
    {
        set_default(probe, name, value);
    }
}

// Models pkg/apis/core/v1/defaults.go SetDefaults_Service
fn service(service: &mut Map<String, Value>) {
    let spec = map_in(service, "spec");
    set_default(spec, "sessionAffinity", "None");
    match spec.text("sessionAffinity") {
        "None" => {
            spec.remove("sessionAffinityConfig");
        }
        "ClientIP" if !spec.field("sessionAffinityConfig").field("clientIP").has("timeoutSeconds") => {
            spec.insert("sessionAffinityConfig".to_owned(), json!({"clientIP": {"timeoutSeconds": 10_800}}));
        }
        _ => {}
    }
    set_default(spec, "type", "ClusterIP");
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        let number = port.field("port").clone();
        let port = as_map(port);
        set_default(port, "protocol", "TCP");
        if *port.field("targetPort") == json!(0) || port.field("targetPort").as_str() == Some("") {
            port.insert("targetPort".to_owned(), number);
        }
    }
    let ty = spec.text("type").to_owned();
    let external =
        ty == "NodePort" || ty == "LoadBalancer" || (ty == "ClusterIP" && !spec.list("externalIPs").is_empty());
    if external {
        set_default(spec, "externalTrafficPolicy", "Cluster");
    }
    if matches!(ty.as_str(), "NodePort" | "LoadBalancer" | "ClusterIP") {
        pointer_default(spec, "internalTrafficPolicy", json!("Cluster"));
    }
    if ty == "LoadBalancer" {
        set_default(spec, "allocateLoadBalancerNodePorts", true);
    }
}

// Models pkg/apis/core/v1/defaults.go SetDefaults_Namespace
fn namespace(namespace: &mut Map<String, Value>) {
    let meta = map_in(namespace, "metadata");
    let name = meta.text("name").to_owned();
    if !name.is_empty() {
        map_in(meta, "labels").insert("kubernetes.io/metadata.name".to_owned(), json!(name));
    }
    set_default(map_in(namespace, "status"), "phase", "Active");
}

/// The older field has the first of the newer one's addresses, and counts where they differ.
// Models pkg/apis/core/v1/conversion.go Convert_v1_NodeSpec_To_core_NodeSpec
// Models pkg/apis/core/v1/conversion.go Convert_core_NodeSpec_To_v1_NodeSpec
fn node_spec(spec: &mut Map<String, Value>) {
    let range = spec.text("podCIDR").to_owned();
    let first = spec.list("podCIDRs").first().cloned();
    match first {
        Some(first) if range.is_empty() => drop(spec.insert("podCIDR".to_owned(), first)),
        first if !range.is_empty() && first.as_ref().and_then(Value::as_str) != Some(&range) => {
            spec.insert("podCIDRs".to_owned(), json!([range]));
        }
        _ => {}
    }
}

// Models pkg/apis/core/v1/defaults.go SetDefaults_NodeStatus
fn node_status(status: &mut Map<String, Value>) {
    if !status.has("allocatable") && status.has("capacity") {
        let capacity = status.field("capacity").clone();
        status.insert("allocatable".to_owned(), capacity);
    }
    round_up_quantities(status, "capacity");
    round_up_quantities(status, "allocatable");
}

/// Rounds the quantities of a resource list up to thousandths.
// Models pkg/apis/core/v1/defaults.go SetDefaults_ResourceList
fn round_up_quantities(fields: &mut Map<String, Value>, name: &str) {
    for (_, value) in fields.get_mut(name).and_then(Value::as_object_mut).into_iter().flatten() {
        if let Some(mut quantity) = value.as_str().and_then(|text| Quantity::parse(text).ok()) {
            quantity.round_up(-3);
            *value = Value::String(quantity.canonical());
        }
    }
}
