//! Fields whose feature gate is off in v1.37.2: they are dropped from what people send.
//!
//! Follows `pkg/api/pod/util.go` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::Value;

use crate::api::kind::Kind;
use crate::api::object::Object;

/// The fields of a pod's specification, from it; `*` stands for every item of a list.
const OF_PODS: [&str; 11] = [
    "schedulingGroup",
    "evictionResponders",
    "volumes.*.emptyDir.mode",
    "volumes.*.secret|configMap|downwardAPI|projected.defaultUser",
    "volumes.*.secret|configMap|downwardAPI.items.*.user",
    "volumes.*.projected.sources.*.secret|configMap|downwardAPI.items.*.user",
    "volumes.*.projected.sources.*.serviceAccountToken|clusterTrustBundle|podCertificate.user",
    "containers|initContainers|ephemeralContainers.*.volumeMounts.*.bindMountOptions",
    "containers|initContainers|ephemeralContainers.*.livenessProbe|readinessProbe|startupProbe.grpc.mode",
    "containers|initContainers|ephemeralContainers.*.livenessProbe|readinessProbe|startupProbe.httpGet.protocol",
    "containers|initContainers|ephemeralContainers.*.lifecycle.postStart|preStop.httpGet.protocol",
];
/// Where the signal that stops a container stands; what holds nothing else goes with it.
const LIFECYCLE: &str = "containers|initContainers|ephemeralContainers.*.lifecycle";

/// Drops the fields that are switched off.
// Models pkg/api/pod/util.go dropDisabledFields
pub(super) fn drop_disabled_fields(object: &mut Object) {
    // Models pkg/registry/core/node/strategy.go dropDisabledFields
    let spec = match object.kind {
        Kind::Node => {
            object.spec_mut().remove("podPreemptionPolicy");
            // The kubelet's dynamic configuration is gone.
            object.spec_mut().remove("configSource");
            None
        }
        Kind::Pod => Some(object.spec_mut()),
        Kind::StatefulSet | Kind::Deployment | Kind::DaemonSet | Kind::ReplicaSet => {
            let template = object.spec_mut().get_mut("template").and_then(|template| template.get_mut("spec"));
            template.and_then(Value::as_object_mut)
        }
        _ => None,
    };
    let Some(spec) = spec else { return };
    let mut value = Value::Object(std::mem::take(spec));
    for path in OF_PODS {
        visit(&mut value, path, &mut |parent, name| {
            drop(parent.as_object_mut().and_then(|fields| fields.remove(name)))
        });
    }
    visit(&mut value, LIFECYCLE, &mut |container, name| {
        let Some(fields) = container.as_object_mut() else { return };
        let Some(Value::Object(lifecycle)) = fields.get_mut(name) else { return };
        if lifecycle.remove("stopSignal").is_some() && lifecycle.is_empty() {
            fields.remove(name);
        }
    });
    if let Value::Object(fields) = value {
        *spec = fields;
    }
}

/// Calls `work` with what holds each place that the path names, and with its name there.
fn visit(value: &mut Value, path: &str, work: &mut dyn FnMut(&mut Value, &str)) {
    let (step, rest) = path.split_once('.').unwrap_or((path, ""));
    if step == "*" {
        value.as_array_mut().into_iter().flatten().for_each(|item| visit(item, rest, work));
        return;
    }
    for name in step.split('|') {
        match value.get_mut(name) {
            Some(_) if rest.is_empty() => work(value, name),
            Some(below) => visit(below, rest, work),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_switched_off_goes_and_the_rest_stays() {
        let spec = json!({
            "schedulingGroup": {},
            "volumes": [{"name": "a", "emptyDir": {"mode": 1, "medium": "Memory"}}, {"secret": {"items": [{"key": "k", "user": 1}]}}],
            "containers": [
                {"name": "a", "lifecycle": {"stopSignal": "SIGTERM"}},
                {"name": "b", "lifecycle": {"stopSignal": "SIGTERM", "preStop": {"httpGet": {"port": 1, "protocol": "HTTP2"}}}},
            ],
        });
        let mut pod = Object::from_value(Kind::Pod, json!({"spec": spec}));
        drop_disabled_fields(&mut pod);
        let left = json!({
            "volumes": [{"name": "a", "emptyDir": {"medium": "Memory"}}, {"secret": {"items": [{"key": "k"}]}}],
            "containers": [{"name": "a"}, {"name": "b", "lifecycle": {"preStop": {"httpGet": {"port": 1}}}}],
        });
        assert_eq!(*pod.spec, left);
    }
}
