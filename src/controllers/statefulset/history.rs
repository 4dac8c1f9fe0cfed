//! Controller revisions: the history of a set's template.
//!
//! Follows `pkg/controller/history/controller_history.go` of Kubernetes v1.37.2, Apache-2.0.

use std::sync::Arc;

use serde_json::Value;

use super::client::Client;
use super::set::StatefulSet;
use crate::api::fields::Fields;
use crate::api::json;
use crate::api::kind::Kind;
use crate::api::meta::{ObjectMeta, OwnerReference, StringMap};
use crate::api::object::Object;
use crate::api::order;
use crate::api::status::Status;

/// The label that holds the hash of a revision's data.
const CONTROLLER_REVISION_HASH_LABEL: &str = "controller.kubernetes.io/hash";

/// A revision's number.
pub fn revision_number(revision: &Object) -> i64 {
    revision.rest.int("revision").unwrap_or_default()
}

/// A revision's data: the patch that brings the set's template back.
pub fn data(revision: &Object) -> &Value {
    revision.rest.field("data")
}

/// A revision's name. A long prefix is cut so that the name has at most 253 bytes.
// Models pkg/controller/history/controller_history.go ControllerRevisionName
fn controller_revision_name(prefix: &str, hash: &str) -> String {
    let mut end = prefix.len().min(223);
    while !prefix.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}-{hash}", &prefix[..end])
}

/// A new revision of the set with the given data.
// Models pkg/controller/history/controller_history.go NewControllerRevision
pub fn new_controller_revision(
    set: &StatefulSet,
    template_labels: StringMap,
    data: Value,
    revision: i64,
    collision_count: i32,
) -> Object {
    let hash = hash_controller_revision(&data, collision_count);
    let mut labels = template_labels;
    labels.insert(CONTROLLER_REVISION_HASH_LABEL.to_owned(), hash.clone());
    let meta = ObjectMeta {
        name: controller_revision_name(&set.meta.name, &hash),
        namespace: set.meta.namespace.clone(),
        labels: labels.into(),
        owner_references: vec![OwnerReference::controller(Kind::StatefulSet, &set.meta)].into(),
        ..ObjectMeta::default()
    };
    let mut object = Object::new(Kind::ControllerRevision, meta);
    object.rest_mut().insert("data".to_owned(), data);
    object.rest_mut().insert("revision".to_owned(), Value::from(revision));
    object
}

/// The hash in a revision's name: 32-bit FNV-1 of the data's JSON and the collision count, in letters and digits that
/// spell no bad words.
// Models pkg/controller/history/controller_history.go HashControllerRevision
fn hash_controller_revision(data: &Value, collision_count: i32) -> String {
    let mut text = json::to_string(data);
    text.push_str(&collision_count.to_string());
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| hash.wrapping_mul(0x0100_0193) ^ u32::from(byte));
    safe_encode_string(&hash.to_string())
}

// Models k8s.io/apimachinery/pkg/util/rand/rand.go SafeEncodeString
fn safe_encode_string(text: &str) -> String {
    const ALPHANUMS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    text.bytes().map(|byte| ALPHANUMS[usize::from(byte) % ALPHANUMS.len()] as char).collect()
}

/// Sorts revisions by number, then age, then name.
// Models pkg/controller/history/controller_history.go byRevision
pub fn sort_controller_revisions(revisions: &mut Vec<Arc<Object>>) {
    order::sort_by(revisions, |a, b| {
        revision_number(a)
            .cmp(&revision_number(b))
            .then_with(|| a.meta.creation_timestamp.cmp(&b.meta.creation_timestamp))
            .then_with(|| a.meta.name.cmp(&b.meta.name))
    });
}

/// Whether two revisions hold the same data.
// Models pkg/controller/history/controller_history.go EqualRevision
pub fn equal_revision(left: &Object, right: &Object) -> bool {
    std::ptr::eq(left, right) || data(left) == data(right)
}

/// Creates a revision. Where another object has its name, the collision count is raised until a name is free, unless
/// that object holds the same data: then it is the revision.
// Models pkg/controller/history/controller_history.go CreateControllerRevision
pub fn create_controller_revision(
    client: &mut impl Client,
    set: &StatefulSet,
    mut revision: Object,
    collision_count: &mut i32,
) -> Result<Arc<Object>, Status> {
    loop {
        let hash = hash_controller_revision(data(&revision), *collision_count);
        revision.meta.name = controller_revision_name(&set.meta.name, &hash);
        match client.create_controller_revision(revision.clone()) {
            Err(status) if status.is_already_exists() => {
                let exists = client.get_controller_revision(&set.meta.namespace, &revision.meta.name)?;
                if equal_revision(&exists, &revision) {
                    return Ok(exists);
                }
                *collision_count += 1;
            }
            answer => return answer,
        }
    }
}

/// Gives a revision a new number.
// Models pkg/controller/history/controller_history.go UpdateControllerRevision
pub fn update_controller_revision(
    client: &mut impl Client,
    revision: &Arc<Object>,
    number: i64,
) -> Result<Arc<Object>, Status> {
    let mut clone = Object::clone(revision);
    super::retry::on_conflict(|| {
        if revision_number(&clone) == number {
            return Ok(Arc::new(clone.clone()));
        }
        clone.rest_mut().insert("revision".to_owned(), Value::from(number));
        client.update_controller_revision(clone.clone()).inspect_err(|_| {
            if let Ok(fresh) = client.get_controller_revision(&clone.meta.namespace, &clone.meta.name) {
                clone = Object::clone(&fresh);
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_to_what_an_object_name_may_have() {
        let long = "a".repeat(300);
        assert_eq!(controller_revision_name(&long, "hash").len(), 223 + 5);
        assert_eq!(controller_revision_name("web", "f99c84b4b"), "web-f99c84b4b");
    }

    #[test]
    fn hashes_use_the_alphabet_without_vowels() {
        assert_eq!(safe_encode_string("0123456789"), "456789bcdf");
    }
}
