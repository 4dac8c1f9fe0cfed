//! What objects can be selected by, besides their labels.

use serde_json::Value;

use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::object::Object;
use crate::api::selector_text::FieldTerm;

/// The fields that a kind can be selected by, besides name and namespace.
// Models the AddFieldLabelConversionFunc calls in pkg/apis/*/v1/conversion.go
pub(super) fn check_field(kind: Kind, field: &str) -> Result<(), String> {
    let known: &[&str] = match kind {
        Kind::Pod => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        Kind::Node => &["spec.unschedulable"],
        Kind::ReplicationController => &["status.replicas"],
        Kind::Event => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        Kind::Namespace => &["status.phase"],
        Kind::Secret => &["type"],
        Kind::Service => &["spec.clusterIP", "spec.type"],
        Kind::Job => &["status.successful"],
        _ => &[],
    };
    let general = field == "metadata.name" || (field == "metadata.namespace" && kind != Kind::Node);
    if general || known.contains(&field) {
        return Ok(());
    }
    if known.is_empty() {
        return Err(format!("{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""));
    }
    Err(format!("field label not supported: {field}"))
}

/// Whether an object is as every term says.
pub(super) fn matches_fields(object: &Object, terms: &[FieldTerm]) -> bool {
    terms.iter().all(|term| {
        let value = match term.field.as_str() {
            "metadata.name" => object.meta.name.clone(),
            "metadata.namespace" => object.meta.namespace.clone(),
            "source" => object.rest.field("source").text("component").to_owned(),
            path => {
                let (first, rest) = path.split_once('.').unwrap_or((path, ""));
                let value = match first {
                    "spec" => object.spec.field(rest),
                    "status" => object.status.field(rest),
                    first if rest.is_empty() => object.rest.field(first),
                    first => object.rest.field(first).field(rest),
                };
                match value {
                    Value::String(text) => text.clone(),
                    Value::Null if path.ends_with("unschedulable") || path.ends_with("hostNetwork") => {
                        "false".to_owned()
                    }
                    Value::Null => String::new(),
                    other => other.to_string(),
                }
            }
        };
        (value == term.value) == term.equal
    })
}
