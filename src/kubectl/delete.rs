//! `kubectl delete`

use crate::api::meta::ObjectRef;

/// What kubectl prints about an object that it deleted.
// Models staging/src/k8s.io/kubectl/pkg/cmd/delete/delete.go PrintObj
pub fn message(object: &ObjectRef, forced: bool) -> String {
    let operation = if forced { "force deleted" } else { "deleted" };
    let place = match object.namespace.as_str() {
        "" => String::new(),
        namespace => format!(" from {namespace} namespace"),
    };
    format!("{} {:?} {operation}{place}", object.kind.group_kind(), object.name)
}
