//! What describes nodes, namespaces, limits and quotas.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::sections::LIMIT_HEADERS;
use super::writer::{Writer, long_time};
use super::{Subject, storage};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::object::Object;
use crate::api::order;
use crate::api::quantity::Quantity;
use crate::api::status::Status;
use crate::api::time::Timestamp;
use crate::kubectl::printers::{duration, node_roles, plain};

const NONE: &str = "<none>";

/// What containers ask for, by the name of the resource.
type Resources = BTreeMap<String, Quantity>;

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeNode
pub(super) fn node(w: &mut Writer, subject: &Subject<'_>) {
    let node = subject.object;
    let (spec, status) = (&node.spec, &node.status);
    w.line(0, "Name", &node.meta.name);
    let roles = node_roles(node).join(",");
    w.line(0, "Roles", &if roles.is_empty() { NONE } else { &roles });
    w.labels("", "Labels", &node.meta.labels);
    w.annotations("Annotations", &node.meta.annotations);
    w.line(0, "CreationTimestamp", &long_time(node.meta.creation_timestamp));
    taints(w, spec.list("taints"));
    w.line(0, "Unschedulable", &spec.flag("unschedulable"));
    lease(w, subject);
    let conditions = status.list("conditions").iter();
    let rows: Vec<String> = conditions.map(|c| storage::timed_condition(c, "lastHeartbeatTime")).collect();
    if !rows.is_empty() {
        w.text(0, "Conditions:\n");
        w.table(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage", &rows);
    }
    w.text(0, "Addresses:\n");
    for address in status.list("addresses") {
        w.line(1, address.text("type"), &address.text("address"));
    }
    for (label, field) in [("Capacity", "capacity"), ("Allocatable", "allocatable")] {
        let list = status.entries(field);
        if !list.is_empty() {
            w.text(0, &format!("{label}:\n"));
        }
        for (name, quantity) in list {
            w.line(1, name, &plain(quantity));
        }
    }
    w.text(0, "System Info:\n");
    let info = status.field("nodeInfo");
    for (label, field) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
    ] {
        w.line(1, label, &info.text(field));
    }
    for (label, field) in [("PodCIDR", "podCIDR"), ("PodCIDRs", "podCIDRs"), ("ProviderID", "providerID")] {
        let text = plain(spec.field(field));
        if !text.is_empty() {
            w.line(0, label, &text);
        }
    }
    node_resources(w, subject);
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go printTaintsMultilineWithIndent
fn taints(w: &mut Writer, taints: &[Value]) {
    let mut taints: Vec<&Value> = taints.iter().collect();
    order::sort_by_key(&mut taints, |taint| format!("{},{}", taint.text("effect"), taint.text("key")));
    let text = |taint: &&Value| {
        let (key, value, effect) = (taint.text("key"), taint.text("value"), taint.text("effect"));
        match (value, effect) {
            ("", "") => key.to_owned(),
            ("", effect) => format!("{key}:{effect}"),
            (value, "") => format!("{key}={value}:"),
            (value, effect) => format!("{key}={value}:{effect}"),
        }
    };
    let texts: Vec<String> = taints.iter().map(text).collect();
    w.multiline("", "Taints", &texts);
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeNodeLease
fn lease(w: &mut Writer, subject: &Subject<'_>) {
    let name = &subject.object.meta.name;
    let Some(lease) = subject.cluster.store().get(Kind::Lease, "kube-node-lease", name) else {
        w.line(0, "Lease", &format!("Failed to get lease: {}", Status::not_found(Kind::Lease, name)));
        return;
    };
    w.text(0, "Lease:\n");
    let holder = plain(lease.spec.field("holderIdentity"));
    w.line(1, "HolderIdentity", &if holder.is_empty() { "<unset>" } else { &holder });
    for (label, field) in [("AcquireTime", "acquireTime"), ("RenewTime", "renewTime")] {
        let time = Timestamp::parse(lease.spec.text(field));
        w.line(1, label, &time.map_or("<unset>".to_owned(), |time| long_time(Some(time))));
    }
}

fn add_all(sum: &mut Resources, list: &Map<String, Value>) {
    for (name, quantity) in list {
        if let Ok(quantity) = Quantity::parse(&plain(quantity)) {
            match sum.get_mut(name) {
                Some(known) => known.add(&quantity),
                None => drop(sum.insert(name.clone(), quantity)),
            }
        }
    }
}

fn sum_of(a: &Resources, b: &Map<String, Value>) -> Resources {
    let mut sum = a.clone();
    add_all(&mut sum, b);
    sum
}

fn raise(most: &mut Resources, list: &Resources) {
    for (name, quantity) in list {
        if most.get(name).is_none_or(|known| known < quantity) {
            most.insert(name.clone(), quantity.clone());
        }
    }
}

/// What a pod asks for, or may use: its containers together, or more where an init container needs more.
// Models staging/src/k8s.io/component-helpers/resource/helpers.go PodRequests, PodLimits
fn pod_resources(pod: &Object, field: &str) -> Resources {
    let mut sum = Resources::new();
    for container in pod.spec.list("containers") {
        add_all(&mut sum, container.field("resources").entries(field));
    }
    let (mut sidecars, mut init) = (Resources::new(), Resources::new());
    for container in pod.spec.list("initContainers") {
        let list = container.field("resources").entries(field);
        if container.text("restartPolicy") == "Always" {
            add_all(&mut sum, list);
            add_all(&mut sidecars, list);
            raise(&mut init, &sidecars.clone());
        } else {
            raise(&mut init, &sum_of(&sidecars, list));
        }
    }
    raise(&mut sum, &init);
    for (name, quantity) in pod.spec.field("resources").entries(field) {
        if let Ok(quantity) = Quantity::parse(&plain(quantity)) {
            sum.insert(name.clone(), quantity);
        }
    }
    let overhead = pod.spec.entries("overhead");
    if field == "requests" {
        add_all(&mut sum, overhead);
    } else {
        let limited: Vec<String> = sum.keys().cloned().collect();
        for name in limited {
            if let Some((name, quantity)) = overhead.get_key_value(&name) {
                add_all(&mut sum, &Map::from_iter([(name.clone(), quantity.clone())]));
            }
        }
    }
    sum
}

/// `100m (1%)`: an amount, and its part of what the node has.
fn share(resources: &Resources, name: &str, allocatable: &Map<String, Value>, milli: bool) -> String {
    let quantity = resources.get(name).cloned().unwrap_or(Quantity::zero());
    let total = Quantity::parse(&plain(allocatable.field(name))).unwrap_or(Quantity::zero());
    let number = |quantity: &Quantity| if milli { quantity.milli_value() } else { quantity.value() } as f64;
    let total = number(&total);
    let percent = if total == 0.0 { 0 } else { (number(&quantity) / total * 100.0) as i64 };
    format!("{} ({percent}%)", quantity.canonical())
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeNodeResource
fn node_resources(w: &mut Writer, subject: &Subject<'_>) {
    let (node, now) = (subject.object, subject.cluster.now());
    let runs_here = |pod: &&Arc<Object>| {
        pod.spec.text("nodeName") == node.meta.name && !matches!(pod.status.text("phase"), "Succeeded" | "Failed")
    };
    let pods: Vec<&Arc<Object>> = subject.cluster.store().list(Kind::Pod).filter(runs_here).collect();
    w.text(0, &format!("Non-terminated Pods:\t({} in total)\n", pods.len()));
    w.text(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n");
    w.text(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n");
    let allocatable = match node.status.entries("allocatable") {
        list if list.is_empty() => node.status.entries("capacity"),
        list => list,
    };
    let (mut requests, mut limits) = (Resources::new(), Resources::new());
    for pod in pods {
        let (asks, may) = (pod_resources(pod, "requests"), pod_resources(pod, "limits"));
        let row = [
            format!("{}\t{}\t", pod.meta.namespace, pod.meta.name),
            share(&asks, "cpu", allocatable, true),
            share(&may, "cpu", allocatable, true),
            share(&asks, "memory", allocatable, false),
            share(&may, "memory", allocatable, false),
            duration::since(pod.meta.creation_timestamp, now),
        ];
        w.text(1, &format!("{}\n", row.join("\t")));
        for (sum, list) in [(&mut requests, asks), (&mut limits, may)] {
            for (name, quantity) in list {
                match sum.get_mut(&name) {
                    Some(known) => known.add(&quantity),
                    None => drop(sum.insert(name, quantity)),
                }
            }
        }
    }
    w.text(0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n");
    w.text(1, "Resource\tRequests\tLimits\n");
    w.text(1, "--------\t--------\t------\n");
    let standard = ["cpu", "memory", "ephemeral-storage"];
    let pages = allocatable.keys().map(String::as_str).filter(|name| name.starts_with("hugepages-"));
    for name in standard.into_iter().chain(pages) {
        let share = |list: &Resources| share(list, name, allocatable, name == "cpu");
        w.text(1, &format!("{name}\t{}\t{}\n", share(&requests), share(&limits)));
    }
    let others = allocatable
        .keys()
        .filter(|name| !standard.contains(&name.as_str()) && *name != "pods" && !name.starts_with("hugepages-"));
    for name in others {
        let amount = |list: &Resources| list.get(name).map_or("0".to_owned(), Quantity::canonical);
        w.text(1, &format!("{name}\t{}\t{}\n", amount(&requests), amount(&limits)));
    }
}

/// A table of conditions with the time of their last change.
pub(super) fn conditions(w: &mut Writer, object: &Object) {
    let conditions = object.status.list("conditions").iter();
    let rows: Vec<String> = conditions
        .map(|c| {
            let time = long_time(Timestamp::parse(c.text("lastTransitionTime")));
            format!("{}\t{}\t{time}\t{}\t{}", c.text("type"), c.text("status"), c.text("reason"), c.text("message"))
        })
        .collect();
    if !rows.is_empty() {
        w.text(0, "Conditions:\n");
        w.table(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage", &rows);
    }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeNamespace
pub(super) fn namespace(w: &mut Writer, subject: &Subject<'_>) {
    conditions(w, subject.object);
    let name = &subject.object.meta.name;
    let mut quotas = subject.cluster.store().list_in(Kind::ResourceQuota, name).peekable();
    w.text(0, "\n");
    w.text(0, if quotas.peek().is_some() { "Resource Quotas\n" } else { "No resource quota.\n" });
    for quota in quotas {
        w.line(1, "Name", &quota.meta.name);
        scopes(w, quota, 1, "* ");
        let rows: Vec<String> = used_and_hard(quota);
        w.text(1, "Resource\tUsed\tHard\n");
        w.text(1, "--------\t---\t---\n");
        w.rows(1, &rows);
    }
    w.text(0, "\n");
    let mut ranges = subject.cluster.store().list_in(Kind::LimitRange, name).peekable();
    if ranges.peek().is_none() {
        w.text(0, "No LimitRange resource.\n");
        return;
    }
    w.text(0, &format!("Resource Limits\n {LIMIT_HEADERS}\n"));
    w.text(0, " ----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n");
    for range in ranges {
        let rows: Vec<String> = limits(range.spec.list("limits")).iter().map(|row| format!(" {row}")).collect();
        w.rows(0, &rows);
    }
}

/// A row for each resource of each limit.
// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeLimitRangeSpec
pub(super) fn limits(limits: &[Value]) -> Vec<String> {
    let mut rows = Vec::new();
    for limit in limits {
        let columns = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"];
        let mut names: Vec<&String> = columns.iter().flat_map(|column| limit.entries(column).keys()).collect();
        order::sort_by_key(&mut names, |name| (*name).clone());
        names.dedup();
        for name in names {
            let cell = |column: &&str| match limit.field(column).field(name) {
                Value::Null => "-".to_owned(),
                quantity => plain(quantity),
            };
            let cells: Vec<String> = columns.iter().map(cell).collect();
            rows.push(format!("{}\t{name}\t{}", limit.text("type"), cells.join("\t")));
        }
    }
    rows
}

fn scopes(w: &mut Writer, quota: &Object, level: usize, bullet: &str) {
    let mut scopes: Vec<&str> = quota.spec.list("scopes").iter().filter_map(Value::as_str).collect();
    if scopes.is_empty() {
        return;
    }
    order::sort_by_key(&mut scopes, |scope| *scope);
    w.line(level, "Scopes", &scopes.join(", "));
    for scope in scopes {
        let help = match scope {
            "Terminating" => {
                "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before \
                 being actively terminated by the system."
            }
            "NotTerminating" => {
                "Matches all pods that do not have an active deadline. These pods usually include long running pods \
                 whose container command is not expected to terminate."
            }
            "BestEffort" => {
                "Matches all pods that do not have resource requirements set. These pods have a best effort quality of \
                 service."
            }
            "NotBestEffort" => {
                "Matches all pods that have at least one resource requirement set. These pods have a burstable or \
                 guaranteed quality of service."
            }
            _ => continue,
        };
        w.text(level, &format!("{bullet}{help}\n"));
    }
}

fn used_and_hard(quota: &Object) -> Vec<String> {
    let used = quota.status.field("used");
    let row = |(name, hard): (&String, &Value)| {
        let used = plain(used.field(name));
        format!("{name}\t{}\t{}", if used.is_empty() { "0" } else { &used }, plain(hard))
    };
    quota.status.entries("hard").iter().map(row).collect()
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeQuota
pub(super) fn quota(w: &mut Writer, quota: &Object) {
    scopes(w, quota, 0, " * ");
    w.text(0, "Resource\tUsed\tHard\n");
    w.text(0, "--------\t----\t----\n");
    w.rows(0, &used_and_hard(quota));
}
