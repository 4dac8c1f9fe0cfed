//! What describes pods and their containers.

use serde_json::Value;

use super::writer::{Writer, long_time};
use super::{Subject, storage, workload};
use crate::api::fields::Fields;
use crate::api::meta::string_map;
use crate::api::object::Object;
use crate::api::order;
use crate::api::quantity::Quantity;
use crate::api::status::quote;
use crate::api::time::Timestamp;
use crate::kubectl::output::go;
use crate::kubectl::printers::{capitalized_bool, host_port, labels, plain};

/// Writes a section.
// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describePod
pub(super) fn section(w: &mut Writer, name: &str, subject: &Subject<'_>) {
    let pod = subject.object;
    let (spec, status) = (&*pod.spec, &*pod.status);
    match name {
        "pod.node" => match spec.text("nodeName") {
            "" => w.line(0, "Node", &"<none>"),
            node => w.line(0, "Node", &format!("{node}/{}", status.text("hostIP"))),
        },
        "pod.status" => {
            let phase = status.text("phase");
            if pod.meta.is_terminating() && !matches!(phase, "Failed" | "Succeeded") {
                w.line(0, "Status", &workload::terminating(pod, subject.cluster.now()));
                let seconds = pod.meta.deletion_grace_period_seconds.unwrap_or_default();
                w.line(0, "Termination Grace Period", &format!("{seconds}s"));
            } else {
                w.line(0, "Status", &phase);
            }
        }
        "pod.ips" => {
            let addresses = status.list("podIPs");
            if addresses.is_empty() {
                w.line(0, "IPs", &"<none>");
            } else {
                w.text(0, "IPs:\n");
            }
            for address in addresses {
                w.line(1, "IP", &address.text("ip"));
            }
        }
        "pod.resources" if spec.has("resources") => {
            w.text(0, "Resources:\n");
            resources(w, 1, spec.field("resources"));
        }
        "pod.containers" => {
            for (label, field, statuses) in [
                ("Init Containers", "initContainers", "initContainerStatuses"),
                ("Containers", "containers", "containerStatuses"),
                ("Ephemeral Containers", "ephemeralContainers", "ephemeralContainerStatuses"),
            ] {
                let list = spec.list(field);
                if !list.is_empty() || field == "containers" {
                    containers(w, label, list, Some((pod, status.list(statuses))), "");
                }
            }
        }
        "pod.gates" => gates(w, pod),
        "pod.conditions" => {
            let conditions = status.list("conditions");
            if !conditions.is_empty() {
                w.text(0, "Conditions:\n  Type\tStatus\n");
            }
            for condition in conditions {
                w.text(1, &format!("{} \t{} \n", condition.text("type"), condition.text("status")));
            }
        }
        "pod.volumes" => volumes(w, spec.list("volumes"), ""),
        "pod.scheduling" => {
            w.labels("", "Node-Selectors", &string_map(spec.entries("nodeSelector")));
            tolerations(w, "Tolerations", spec.list("tolerations"));
            spread_constraints(w, spec.list("topologySpreadConstraints"), "");
            scheduling_group(w, spec.field("schedulingGroup"), "");
        }
        _ => {}
    }
}

fn gates(w: &mut Writer, pod: &Object) {
    let gates = pod.spec.list("readinessGates");
    if !gates.is_empty() {
        w.text(0, "Readiness Gates:\n  Type\tStatus\n");
    }
    for gate in gates {
        let ty = gate.text("conditionType");
        let conditions = pod.status.list("conditions");
        let condition = conditions.iter().find(|condition| condition.text("type") == ty);
        w.text(1, &format!("{ty} \t{} \n", condition.map_or("<none>", |condition| condition.text("status"))));
    }
}

/// The containers of a pod, with their statuses; or of a template, which has none.
// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeContainers
pub(super) fn containers(
    w: &mut Writer,
    label: &str,
    containers: &[Value],
    pod: Option<(&Object, &[Value])>,
    space: &str,
) {
    w.text(0, &format!("{space}{label}:{}\n", if containers.is_empty() { " <none>" } else { "" }));
    for container in containers {
        let name = container.text("name");
        let status = pod.and_then(|(_, statuses)| statuses.iter().find(|status| status.text("name") == name));
        w.text(1, &format!("{}{name}:\n", if space.is_empty() { "" } else { " " }));
        basic_info(w, container, status);
        for (label, field) in [("Command", "command"), ("Args", "args")] {
            let words = container.list(field);
            if !words.is_empty() {
                w.text(2, &format!("{label}:\n"));
            }
            for line in words.iter().filter_map(Value::as_str).flat_map(|word| word.split('\n')) {
                w.text(3, &format!("{line}\n"));
            }
        }
        if let Some(status) = status {
            state(w, "State", status.field("state"));
            if status.field("lastState").has("terminated") {
                state(w, "Last State", status.field("lastState"));
            }
            w.line(2, "Ready", &capitalized_bool(status.flag("ready")));
            w.line(2, "Restart Count", &status.int("restartCount").unwrap_or_default());
        }
        resources(w, 2, container.field("resources"));
        for (label, field) in
            [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")]
        {
            if container.has(field) {
                w.line(2, label, &probe(container.field(field)));
            }
        }
        environment(w, container, pod.map(|(pod, _)| pod));
        mounts(w, container);
    }
}

fn basic_info(w: &mut Writer, container: &Value, status: Option<&Value>) {
    if let Some(status) = status {
        w.line(2, "Container ID", &status.text("containerID"));
    }
    w.line(2, "Image", &container.text("image"));
    if let Some(status) = status {
        w.line(2, "Image ID", &status.text("imageID"));
    }
    for (label, field) in [("Port", "containerPort"), ("Host Port", "hostPort")] {
        let port = |port: &Value| {
            let text = format!("{}/{}", port.int(field).unwrap_or_default(), port.text("protocol"));
            if port.text("name").is_empty() { text } else { format!("{text} ({})", port.text("name")) }
        };
        let ports: Vec<String> = container.list("ports").iter().map(port).collect();
        match ports.len() {
            0 => w.line(2, label, &"<none>"),
            1 => w.line(2, label, &ports[0]),
            _ => w.line(2, &format!("{label}s"), &ports.join(", ")),
        }
    }
    let profile = container.field("securityContext").field("seccompProfile");
    if profile.is_object() {
        w.line(2, "SeccompProfile", &profile.text("type"));
        if profile.text("type") == "Localhost" {
            w.line(3, "LocalhostProfile", &profile.text("localhostProfile"));
        }
    }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeStatus
fn state(w: &mut Writer, label: &str, state: &Value) {
    let time = |value: &Value, name: &str| long_time(Timestamp::parse(value.text(name)));
    let (running, ended) = (state.field("running"), state.field("terminated"));
    if running.is_object() {
        w.line(2, label, &"Running");
        w.line(3, "Started", &time(running, "startedAt"));
    } else if ended.is_object() && !state.has("waiting") {
        w.line(2, label, &"Terminated");
        for (label, field) in [("Reason", "reason"), ("Message", "message")] {
            if !ended.text(field).is_empty() {
                w.line(3, label, &ended.text(field));
            }
        }
        w.line(3, "Exit Code", &ended.int("exitCode").unwrap_or_default());
        if let Some(signal @ 1..) = ended.int("signal") {
            w.line(3, "Signal", &signal);
        }
        w.line(3, "Started", &time(ended, "startedAt"));
        w.line(3, "Finished", &time(ended, "finishedAt"));
    } else {
        w.line(2, label, &"Waiting");
        if !state.field("waiting").text("reason").is_empty() {
            w.line(3, "Reason", &state.field("waiting").text("reason"));
        }
    }
}

fn resources(w: &mut Writer, level: usize, resources: &Value) {
    for (label, field) in [("Limits", "limits"), ("Requests", "requests")] {
        let list = resources.entries(field);
        if !list.is_empty() {
            w.text(level, &format!("{label}:\n"));
        }
        for (name, quantity) in list {
            w.line(level + 1, name, &plain(quantity));
        }
    }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go DescribeProbe
fn probe(probe: &Value) -> String {
    let number = |name: &str| probe.int(name).unwrap_or_default();
    let attributes = format!(
        "delay={}s timeout={}s period={}s successThreshold={} failureThreshold={}",
        number("initialDelaySeconds"),
        number("timeoutSeconds"),
        number("periodSeconds"),
        number("successThreshold"),
        number("failureThreshold")
    );
    let (http, tcp, grpc) = (probe.field("httpGet"), probe.field("tcpSocket"), probe.field("grpc"));
    let action = if probe.has("exec") {
        format!("exec {}", go::sprint(probe.field("exec").field("command")).replace("<nil>", "[]"))
    } else if http.is_object() {
        let port = plain(http.field("port"));
        let host = if port.is_empty() { http.text("host").to_owned() } else { host_port(http.text("host"), &port) };
        format!("http-get {}", url(&http.text("scheme").to_lowercase(), &host, http.text("path")))
    } else if tcp.is_object() {
        format!("tcp-socket {}:{}", tcp.text("host"), plain(tcp.field("port")))
    } else if grpc.is_object() {
        format!("grpc <pod>:{} {}", grpc.int("port").unwrap_or_default(), grpc.text("service"))
    } else {
        "unknown".to_owned()
    };
    format!("{action} {attributes}")
}

/// A URL with its path escaped.
// Models net/url URL.String
fn url(scheme: &str, host: &str, path: &str) -> String {
    let mut out = String::new();
    if !scheme.is_empty() {
        out.push_str(scheme);
        out.push(':');
    }
    if !(scheme.is_empty() && host.is_empty()) {
        out.push_str("//");
        out.push_str(host);
    }
    if !path.is_empty() && !path.starts_with('/') && !host.is_empty() {
        out.push('/');
    }
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => out.push(byte as char),
            b'-' | b'_' | b'.' | b'~' | b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'@' => {
                out.push(byte as char);
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeContainerEnvVars, describeContainerEnvFrom
fn environment(w: &mut Writer, container: &Value, pod: Option<&Object>) {
    let sources = container.list("envFrom");
    if !sources.is_empty() {
        w.text(2, "Environment Variables from:\n");
    }
    for source in sources {
        let (from, reference) = match source.field("configMapRef") {
            Value::Null => ("Secret", source.field("secretRef")),
            reference => ("ConfigMap", reference),
        };
        let prefix = match source.text("prefix") {
            "" => String::new(),
            prefix => format!(" with prefix '{prefix}'"),
        };
        let (name, optional) = (reference.text("name"), reference.flag("optional"));
        w.text(3, &format!("{name}\t{from}{prefix}\tOptional: {optional}\n"));
    }
    let variables = container.list("env");
    w.text(2, if variables.is_empty() { "Environment:\t<none>\n" } else { "Environment:\n" });
    for variable in variables {
        let (name, from) = (variable.text("name"), variable.field("valueFrom"));
        let line = match key_of(from) {
            ("", _) => {
                for (i, line) in variable.text("value").split('\n').enumerate() {
                    let name = if i == 0 { format!("{name}:") } else { String::new() };
                    w.text(3, &format!("{name}\t{line}\n"));
                }
                continue;
            }
            ("fieldRef", field) => {
                let value = pod.map(|pod| field_path(pod, field.text("fieldPath"))).unwrap_or_default();
                format!("{value} ({}:{})", field.text("apiVersion"), field.text("fieldPath"))
            }
            ("resourceFieldRef", field) => {
                let resource = field.text("resource");
                let value = match resource_value(container, field) {
                    zero if zero == "0" && matches!(resource, "limits.cpu" | "limits.memory") => {
                        "node allocatable".to_owned()
                    }
                    value => value,
                };
                format!("{value} ({resource})")
            }
            (kind, key) => {
                let place = if kind == "secretKeyRef" { "in secret" } else { "of config map" };
                let (key_name, object, optional) = (key.text("key"), key.text("name"), key.flag("optional"));
                format!("<set to the key '{key_name}' {place} '{object}'>\tOptional: {optional}")
            }
        };
        w.line(3, name, &line);
    }
}

fn key_of(from: &Value) -> (&'static str, &Value) {
    for kind in ["fieldRef", "resourceFieldRef", "secretKeyRef", "configMapKeyRef"] {
        if from.has(kind) {
            return (kind, from.field(kind));
        }
    }
    ("", from)
}

/// The value of a field of the pod, as far as kubectl finds it: it knows the fields that selectors may name, and of those
/// of a pod only these two.
// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go EnvValueRetriever
fn field_path<'a>(pod: &'a Object, path: &str) -> &'a str {
    match path {
        "metadata.name" => &pod.meta.name,
        "metadata.namespace" => &pod.meta.namespace,
        _ => "",
    }
}

/// A limit or request in units of the divisor, rounded up.
// Models staging/src/k8s.io/kubectl/pkg/util/resource/resource.go ExtractContainerResourceValue
fn resource_value(container: &Value, field: &Value) -> String {
    let Some((list, name)) = field.text("resource").split_once('.') else { return String::new() };
    let quantity = |text: &str| Quantity::parse(if text.is_empty() { "0" } else { text }).unwrap_or(Quantity::zero());
    let value = quantity(&plain(container.field("resources").field(list).field(name)));
    let divisor = match plain(field.field("divisor")).as_str() {
        "" | "0" => quantity("1"),
        text => quantity(text),
    };
    let (value, divisor) = match name {
        "cpu" => (value.milli_value(), divisor.milli_value()),
        _ => (value.value(), divisor.value()),
    };
    if divisor == 0 { String::new() } else { value.saturating_add(divisor - 1).div_euclid(divisor).to_string() }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeContainerVolumes
fn mounts(w: &mut Writer, container: &Value) {
    let mut mounts: Vec<&Value> = container.list("volumeMounts").iter().collect();
    let none = if mounts.is_empty() { "\t<none>" } else { "" };
    w.text(2, &format!("Mounts:{none}\n"));
    order::sort_by_key(&mut mounts, |mount| mount.text("mountPath"));
    for mount in mounts {
        let mut flags = if mount.flag("readOnly") { "ro" } else { "rw" }.to_owned();
        if !mount.text("subPath").is_empty() {
            flags.push_str(&format!(",path={}", quote(mount.text("subPath"))));
        }
        w.text(3, &format!("{} from {} ({flags})\n", mount.text("mountPath"), mount.text("name")));
    }
    let mut devices: Vec<&Value> = container.list("volumeDevices").iter().collect();
    if !devices.is_empty() {
        w.text(2, &format!("Devices:{none}\n"));
    }
    order::sort_by_key(&mut devices, |device| device.text("devicePath"));
    for device in devices {
        w.text(3, &format!("{} from {}\n", device.text("devicePath"), device.text("name")));
    }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeVolumes
pub(super) fn volumes(w: &mut Writer, volumes: &[Value], space: &str) {
    if volumes.is_empty() {
        w.text(0, &format!("{space}Volumes:\t<none>\n"));
        return;
    }
    w.text(0, &format!("{space}Volumes:\n"));
    for volume in volumes {
        w.text(1, &format!("{}{}:\n", if space.is_empty() { "" } else { " " }, volume.text("name")));
        storage::volume_source(w, volume, false);
    }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go printTolerationsMultilineWithIndent
pub(super) fn tolerations(w: &mut Writer, title: &str, tolerations: &[Value]) {
    let mut tolerations: Vec<&Value> = tolerations.iter().collect();
    order::sort_by_key(&mut tolerations, |toleration| toleration.text("key"));
    let text = |toleration: &&Value| {
        let (key, value, effect) = (toleration.text("key"), toleration.text("value"), toleration.text("effect"));
        let mut text = key.to_owned();
        for (separator, part) in [("=", value), (":", effect)] {
            if !part.is_empty() {
                text.push_str(&format!("{separator}{part}"));
            }
        }
        if toleration.text("operator") == "Exists" && value.is_empty() {
            text.push_str(if text.is_empty() { "op=Exists" } else { " op=Exists" });
        }
        if let Some(seconds) = toleration.int("tolerationSeconds") {
            text.push_str(&format!(" for {seconds}s"));
        }
        text
    };
    let texts: Vec<String> = tolerations.iter().map(text).collect();
    w.multiline("", title, &texts);
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeTopologySpreadConstraints
pub(super) fn spread_constraints(w: &mut Writer, constraints: &[Value], space: &str) {
    if constraints.is_empty() {
        return;
    }
    let mut constraints: Vec<&Value> = constraints.iter().collect();
    order::sort_by_key(&mut constraints, |constraint| constraint.text("topologyKey"));
    let text = |constraint: &&Value| {
        let (key, when) = (constraint.text("topologyKey"), constraint.text("whenUnsatisfiable"));
        let skew = constraint.int("maxSkew").unwrap_or_default();
        let selector = match constraint.field("labelSelector") {
            Value::Null => String::new(),
            selector => format!(" for selector {}", labels::format_selector(selector)),
        };
        format!("{key}:{when} when max skew {skew} is exceeded{selector}")
    };
    let texts: Vec<String> = constraints.iter().map(text).collect();
    w.multiline(space, "Topology Spread Constraints", &texts);
}

pub(super) fn scheduling_group(w: &mut Writer, group: &Value, space: &str) {
    if group.is_object() {
        w.text(0, &format!("{space}SchedulingGroup:\n"));
        w.line(1, "PodGroupName", &group.text("podGroupName"));
    }
}
