//! Small questions about sets, pods, claims and revisions.
//!
//! Follows `pkg/controller/statefulset/stateful_set_utils.go` of Kubernetes v1.37.2, Apache-2.0.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::error::Error;
use super::history;
use super::set::{Condition, RetentionPolicy, StatefulSet, StatefulSetStatus, StrategyType};
use crate::api::fields::Fields;
use crate::api::gates::FeatureGates;
use crate::api::kind::Kind;
use crate::api::meta::{ObjectMeta, OwnerReference, string_map};
use crate::api::object::Object;
use crate::api::order::IntoOrdered;
use crate::api::schema::Schema;
use crate::api::time::{Instant, Timestamp};
use crate::api::{decode, defaults, patch};

/// The longest name that an object may have.
const MAX_NAME_LENGTH: usize = 253;
/// The label that holds the pod's revision.
pub const REVISION_LABEL: &str = "controller-revision-hash";
/// The label that holds the pod's name.
pub const POD_NAME_LABEL: &str = "statefulset.kubernetes.io/pod-name";
/// The label that holds the pod's ordinal.
pub const POD_INDEX_LABEL: &str = "apps.kubernetes.io/pod-index";

/// The name of the set that a pod's name points at, and the ordinal: -1 where there is none.
// Models pkg/controller/statefulset/stateful_set_utils.go getParentNameAndOrdinal
pub fn parent_name_and_ordinal(name: &str) -> (&str, i32) {
    match name.rsplit_once('-') {
        Some((parent, digits)) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            (parent, digits.parse().unwrap_or(-1))
        }
        _ => ("", -1),
    }
}

/// A pod's ordinal: -1 where its name has none.
// Models pkg/controller/statefulset/stateful_set_utils.go getOrdinal
pub fn ordinal(pod: &Object) -> i32 {
    parent_name_and_ordinal(&pod.meta.name).1
}

/// The last ordinal that the set has a pod for.
// Models pkg/controller/statefulset/stateful_set_utils.go getEndOrdinal
pub fn end_ordinal(set: &StatefulSet) -> i64 {
    i64::from(set.start_ordinal) + i64::from(set.replicas) - 1
}

/// Whether the pod's ordinal is one of the set's.
// Models pkg/controller/statefulset/stateful_set_utils.go podInOrdinalRange
pub fn pod_in_ordinal_range(pod: &Object, set: &StatefulSet) -> bool {
    (i64::from(set.start_ordinal)..=end_ordinal(set)).contains(&ordinal(pod).into())
}

/// The name of the set's pod with this ordinal.
// Models pkg/controller/statefulset/stateful_set_utils.go getPodName
pub fn pod_name(set: &StatefulSet, ordinal: i64) -> String {
    format!("{}-{ordinal}", set.meta.name)
}

/// The name of the claim that a claim template gives the pod with this ordinal.
// Models pkg/controller/statefulset/stateful_set_utils.go getPersistentVolumeClaimName
pub fn persistent_volume_claim_name(set: &StatefulSet, template: &str, ordinal: i32) -> String {
    format!("{template}-{}-{ordinal}", set.meta.name)
}

/// Whether the pod's name says that it belongs to the set.
// Models pkg/controller/statefulset/stateful_set_utils.go isMemberOf
pub fn is_member_of(set: &StatefulSet, pod: &Object) -> bool {
    parent_name_and_ordinal(&pod.meta.name).0 == set.meta.name
}

/// Whether the pod has the name and label of a member of the set.
// Models pkg/controller/statefulset/stateful_set_utils.go identityMatches
pub fn identity_matches(set: &StatefulSet, pod: &Object) -> bool {
    let (parent, ordinal) = parent_name_and_ordinal(&pod.meta.name);
    ordinal >= 0
        && set.meta.name == parent
        && pod.meta.name == pod_name(set, ordinal.into())
        && pod.meta.namespace == set.meta.namespace
        && pod.meta.labels.get(POD_NAME_LABEL) == Some(&pod.meta.name)
}

/// Whether the pod's volumes name the claims that the set's templates give it.
// Models pkg/controller/statefulset/stateful_set_utils.go storageMatches
pub fn storage_matches(set: &StatefulSet, pod: &Object) -> bool {
    let ordinal = ordinal(pod);
    let volumes = pod.spec.list("volumes");
    ordinal >= 0
        && set.volume_claim_templates.iter().all(|template| {
            // Of two volumes of one name the last one counts.
            let volume = volumes.iter().rev().find(|volume| volume.text("name") == template.meta.name);
            volume.is_some_and(|volume| {
                volume.field("persistentVolumeClaim").text("claimName")
                    == persistent_volume_claim_name(set, &template.meta.name, ordinal)
            })
        })
}

/// Whether the reference names the object, whatever its uid.
// Models pkg/controller/statefulset/stateful_set_utils.go matchesRef
fn matches_ref(reference: &OwnerReference, kind: Kind, object: &ObjectMeta) -> bool {
    reference.kind == kind.name() && reference.name == object.name && reference.api_version == kind.api_version()
}

/// Whether something other than the set or the pod manages the claim, where the retention policy would have them do so.
// Models pkg/controller/statefulset/stateful_set_utils.go hasUnexpectedController
pub fn has_unexpected_controller(claim: &Object, set: &StatefulSet, pod: &Object) -> bool {
    if !set.retention.delete_when_scaled && !set.retention.delete_when_deleted {
        return false;
    }
    for owner in &claim.meta.owner_references {
        if matches_ref(owner, Kind::StatefulSet, &set.meta) {
            if owner.uid != set.meta.uid {
                return true;
            }
            continue;
        }
        if matches_ref(owner, Kind::Pod, &pod.meta) {
            if owner.uid != pod.meta.uid {
                return true;
            }
            continue;
        }
        if owner.is_controller() {
            return true;
        }
    }
    false
}

/// Whether the set or the pod owns the claim without managing it.
// Models pkg/controller/statefulset/stateful_set_utils.go hasNonControllerOwner
fn has_non_controller_owner(claim: &Object, set: &StatefulSet, pod: &Object) -> bool {
    claim
        .meta
        .owner_references
        .iter()
        .any(|owner| (owner.uid == set.meta.uid || owner.uid == pod.meta.uid) && !owner.is_controller())
}

/// Whether the claim's owners are those that the retention policy asks for. Claims in a state that nobody foresaw count
/// as up to date, so that they are left alone.
// Models pkg/controller/statefulset/stateful_set_utils.go isClaimOwnerUpToDate
pub fn is_claim_owner_up_to_date(claim: &Object, set: &StatefulSet, pod: &Object) -> bool {
    let RetentionPolicy { delete_when_deleted, delete_when_scaled } = set.retention;
    if claim.meta.owner_references.is_empty() && !delete_when_deleted && !delete_when_scaled {
        // The usual case: nobody owns the claim, and nobody is to.
        return true;
    }
    if has_stale_owner_ref(claim, Kind::StatefulSet, &set.meta) || has_stale_owner_ref(claim, Kind::Pod, &pod.meta) {
        return true;
    }
    let owned_by_set = has_owner_ref(claim, &set.meta);
    let owned_by_pod = has_owner_ref(claim, &pod.meta);
    if has_unexpected_controller(claim, set, pod) {
        return !(owned_by_set || owned_by_pod);
    }
    if has_non_controller_owner(claim, set, pod) {
        return false;
    }
    let scaled_down = !pod_in_ordinal_range(pod, set);
    match (delete_when_scaled, delete_when_deleted) {
        (false, false) => !owned_by_set && !owned_by_pod,
        (false, true) => owned_by_set && !owned_by_pod,
        (true, false) => !owned_by_set && scaled_down == owned_by_pod,
        (true, true) => scaled_down != owned_by_set && scaled_down == owned_by_pod,
    }
}

/// Gives the claim the owners that the retention policy asks for.
// Models pkg/controller/statefulset/stateful_set_utils.go updateClaimOwnerRefForSetAndPod
pub fn update_claim_owner_ref_for_set_and_pod(claim: &mut Object, set: &StatefulSet, pod: &Object) {
    let unexpected_controller = has_unexpected_controller(claim, set, pod);
    let owners = &mut claim.meta.owner_references;
    owners
        .retain(|owner| !matches_ref(owner, Kind::StatefulSet, &set.meta) && !matches_ref(owner, Kind::Pod, &pod.meta));
    if unexpected_controller {
        return;
    }
    let scaled_down = !pod_in_ordinal_range(pod, set);
    match (set.retention.delete_when_scaled, set.retention.delete_when_deleted) {
        (true, _) if scaled_down => add_controller_ref(owners, Kind::Pod, &pod.meta),
        (_, true) => add_controller_ref(owners, Kind::StatefulSet, &set.meta),
        _ => {}
    }
}

/// Whether the object owns the claim.
// Models pkg/controller/statefulset/stateful_set_utils.go hasOwnerRef
fn has_owner_ref(claim: &Object, owner: &ObjectMeta) -> bool {
    claim.meta.owner_references.iter().any(|reference| reference.uid == owner.uid)
}

/// Whether the claim names an owner of this kind and name that is another object.
// Models pkg/controller/statefulset/stateful_set_utils.go hasStaleOwnerRef
pub fn has_stale_owner_ref(claim: &Object, kind: Kind, object: &ObjectMeta) -> bool {
    let reference = claim.meta.owner_references.iter().find(|reference| matches_ref(reference, kind, object));
    reference.is_some_and(|reference| reference.uid != object.uid)
}

// Models pkg/controller/statefulset/stateful_set_utils.go addControllerRef
fn add_controller_ref(owners: &mut Vec<OwnerReference>, kind: Kind, owner: &ObjectMeta) {
    if !owners.iter().any(|reference| reference.uid == owner.uid) {
        owners.push(OwnerReference::controller(kind, owner));
    }
}

/// The claims of a pod: the template of each, and its name. Of two templates of one name the last one counts. Upstream has
/// them in a map, which Go goes through in no defined order; the order in which they were put in is the most frequent one.
// Models pkg/controller/statefulset/stateful_set_utils.go getPersistentVolumeClaims
pub fn persistent_volume_claims<'a>(set: &'a StatefulSet, pod: &Object) -> Vec<(String, &'a Object)> {
    let ordinal = ordinal(pod);
    let mut claims: Vec<(String, &Object)> = Vec::with_capacity(set.volume_claim_templates.len());
    for template in set.volume_claim_templates.iter() {
        let name = persistent_volume_claim_name(set, &template.meta.name, ordinal);
        match claims.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = template,
            None => claims.push((name, template)),
        }
    }
    claims
}

/// A claim of a pod of the set, from its template.
// Models pkg/controller/statefulset/stateful_set_utils.go getPersistentVolumeClaims
pub fn new_claim(set: &StatefulSet, name: String, template: &Object) -> Object {
    let mut claim = template.clone();
    claim.meta.name = name;
    claim.meta.namespace.clone_from(&set.meta.namespace);
    claim.meta.labels.extend(set.match_labels.clone());
    claim
}

/// Makes the pod's volumes name its claims. Volumes of the same names give way.
// Models pkg/controller/statefulset/stateful_set_utils.go updateStorage
pub fn update_storage(set: &StatefulSet, pod: &mut Object) {
    let ordinal = ordinal(pod);
    let mut names: Vec<&str> = Vec::with_capacity(set.volume_claim_templates.len());
    for template in set.volume_claim_templates.iter() {
        if !names.contains(&template.meta.name.as_str()) {
            names.push(&template.meta.name);
        }
    }
    let volume = |name: &&str| {
        let claim = persistent_volume_claim_name(set, name, ordinal);
        json!({"name": name, "persistentVolumeClaim": {"claimName": claim}})
    };
    let mut volumes: Vec<Value> = names.iter().map(volume).collect();
    let others = pod.spec.list("volumes").iter().filter(|volume| !names.contains(&volume.text("name")));
    volumes.extend(others.cloned());
    if volumes.is_empty() {
        pod.spec_mut().remove("volumes");
    } else {
        pod.spec_mut().insert("volumes".to_owned(), Value::Array(volumes));
    }
}

/// Gives a new pod its name, labels, hostname and subdomain.
// Models pkg/controller/statefulset/stateful_set_utils.go initIdentity
fn init_identity(set: &StatefulSet, pod: &mut Object) {
    update_identity(set, pod);
    let hostname = pod.meta.name.clone();
    let spec = pod.spec_mut();
    spec.insert("hostname".to_owned(), Value::from(hostname));
    if set.service_name.is_empty() {
        spec.remove("subdomain");
    } else {
        spec.insert("subdomain".to_owned(), Value::from(set.service_name.as_str()));
    }
}

/// Gives the pod the name and labels of a member of the set.
// Models pkg/controller/statefulset/stateful_set_utils.go updateIdentity
pub fn update_identity(set: &StatefulSet, pod: &mut Object) {
    let ordinal = ordinal(pod);
    pod.meta.name = pod_name(set, ordinal.into());
    pod.meta.namespace.clone_from(&set.meta.namespace);
    pod.meta.labels.insert(POD_NAME_LABEL.to_owned(), pod.meta.name.clone());
    pod.meta.labels.insert(POD_INDEX_LABEL.to_owned(), ordinal.to_string());
}

/// The pod's phase, empty until it is stored.
pub fn phase(pod: &Object) -> &str {
    pod.status.text("phase")
}

/// The pod's condition of this type.
pub fn pod_condition<'a>(pod: &'a Object, ty: &str) -> Option<&'a Value> {
    pod.status.list("conditions").iter().find(|condition| condition.text("type") == ty)
}

/// Whether the pod has the condition `Ready`.
// Models pkg/api/v1/pod/util.go IsPodReady
pub fn is_pod_ready(pod: &Object) -> bool {
    pod_condition(pod, "Ready").is_some_and(|condition| condition.text("status") == "True")
}

/// Since when the pod has been ready, where it is.
pub fn ready_since(pod: &Object) -> Option<Timestamp> {
    let ready = pod_condition(pod, "Ready").filter(|condition| condition.text("status") == "True")?;
    Timestamp::parse(ready.text("lastTransitionTime"))
}

/// Whether the pod has been ready for `min_ready_seconds`.
// Models pkg/api/v1/pod/util.go IsPodAvailable
pub fn is_running_and_available(pod: &Object, min_ready_seconds: i32, now: Instant) -> bool {
    has_been_ready_for(min_ready_seconds, is_pod_ready(pod), ready_since(pod).map(|since| since.instant()), now)
}

/// The same for a pod of which it is known whether it is ready, and since when.
pub fn has_been_ready_for(min_ready_seconds: i32, is_ready: bool, since: Option<Instant>, now: Instant) -> bool {
    match min_ready_seconds {
        0 => is_ready,
        seconds => since.is_some_and(|since| since.0 + i64::from(seconds) * 1000 <= now.0),
    }
}

/// Whether the pod has ended.
// Models pkg/controller/statefulset/stateful_set_utils.go isTerminalPhase
pub fn is_terminal_phase(pod: &Object) -> bool {
    matches!(phase(pod), "Failed" | "Succeeded")
}

/// Whether the pod is on its way out.
// Models pkg/controller/statefulset/stateful_set_utils.go isTerminating
pub fn is_terminating(pod: &Object) -> bool {
    pod.meta.is_terminating()
}

/// The pod's revision, empty where it has none.
// Models pkg/controller/statefulset/stateful_set_utils.go getPodRevision
pub fn pod_revision(pod: &Object) -> &str {
    pod.meta.label(REVISION_LABEL)
}

/// What the names of a controller's pods begin with: its own name, and a dash where that is not too long for a pod.
// Models pkg/controller/controller_utils.go getPodsPrefix
fn pods_prefix(controller: &str) -> String {
    let dash = if controller.len() < MAX_NAME_LENGTH { "-" } else { "" };
    format!("{controller}{dash}")
}

/// A new pod of the set with this ordinal.
// Models pkg/controller/statefulset/stateful_set_utils.go newStatefulSetPod
// Models pkg/controller/controller_utils.go GetPodFromTemplate
fn new_stateful_set_pod(set: &StatefulSet, ordinal: i64) -> Object {
    let template = set.template.field("metadata");
    let meta = ObjectMeta {
        name: pod_name(set, ordinal),
        generate_name: pods_prefix(&set.meta.name),
        labels: string_map(template.entries("labels")).into(),
        annotations: string_map(template.entries("annotations")).into(),
        finalizers: template.list("finalizers").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        owner_references: vec![OwnerReference::controller(Kind::StatefulSet, &set.meta)].into(),
        ..ObjectMeta::default()
    };
    let mut pod = Object::new(Kind::Pod, meta);
    pod.spec = Arc::new(set.template.field("spec").clone());
    pod.status = Arc::new(Value::Object(Map::new()));
    init_identity(set, &mut pod);
    update_storage(set, &mut pod);
    pod
}

/// Whether a new pod of this ordinal is to have the current revision, rather than the update's.
// Models pkg/controller/statefulset/stateful_set_utils.go newVersionedStatefulSetPod
pub fn versioned_pod_is_current(current_set: &StatefulSet, ordinal: i64) -> bool {
    let kept = match &current_set.update_strategy.rolling_update {
        None if current_set.update_strategy.ty == StrategyType::RollingUpdate => current_set.status.current_replicas,
        None => 0,
        Some(rolling) => rolling.partition,
    };
    ordinal < i64::from(current_set.start_ordinal) + i64::from(kept)
}

/// What stands for a pod that is missing, until it is made: its name, namespace and revision. Upstream makes every
/// missing pod in every sync, most of which no sync comes to.
pub fn placeholder(set: &StatefulSet, ordinal: i64, revision: &str) -> Object {
    // An ordinal that no name can have is read as -1, and written so.
    let named = i32::try_from(ordinal).map_or(-1, i64::from);
    let mut meta = ObjectMeta { name: pod_name(set, named), ..ObjectMeta::default() };
    meta.namespace.clone_from(&set.meta.namespace);
    meta.labels.insert(REVISION_LABEL.to_owned(), revision.to_owned());
    Object::new(Kind::Pod, meta)
}

/// A new pod with this ordinal, at the revision that a pod of that ordinal is to have.
// Models pkg/controller/statefulset/stateful_set_utils.go newVersionedStatefulSetPod
pub fn new_versioned_stateful_set_pod(
    current_set: &StatefulSet,
    update_set: &StatefulSet,
    current_revision: &str,
    update_revision: &str,
    ordinal: i64,
) -> Object {
    let at_current = versioned_pod_is_current(current_set, ordinal);
    let (set, revision) = if at_current { (current_set, current_revision) } else { (update_set, update_revision) };
    let mut pod = new_stateful_set_pod(set, ordinal);
    pod.meta.labels.insert(REVISION_LABEL.to_owned(), revision.to_owned());
    pod
}

/// The patch that brings the set's template back.
// Models pkg/controller/statefulset/stateful_set_utils.go getPatch
fn template_patch(template: &Value) -> Value {
    let mut template = template.clone();
    crate::api::fields::as_map(&mut template).insert("$patch".to_owned(), Value::from("replace"));
    json!({"spec": {"template": template}})
}

/// Whether a revision's data is the patch that brings this template back: what comparing it with [`template_patch`]
/// says, without making one.
pub fn is_patch_of(template: &Value, data: &Value) -> bool {
    let recorded = data.field("spec").entries("template");
    let Some(template) = template.as_object() else {
        return false;
    };
    data.as_object().is_some_and(|data| data.len() == 1)
        && data.entries("spec").len() == 1
        && recorded.text("$patch") == "replace"
        && recorded.len() == template.len() + 1
        && template.iter().all(|(key, value)| recorded.get(key) == Some(value))
}

/// A new revision with the set's template.
// Models pkg/controller/statefulset/stateful_set_utils.go newRevision
pub fn new_revision(set: &StatefulSet, revision: i64, collision_count: i32) -> Object {
    let labels = string_map(set.template.field("metadata").entries("labels"));
    let data = template_patch(&set.template);
    let mut object = history::new_controller_revision(set, labels, data, revision, collision_count);
    for (key, value) in &set.meta.annotations {
        object.meta.annotations.insert(key.clone(), value.clone());
    }
    object
}

/// The set with the template of a revision.
///
/// # Errors
/// Where the revision's data is no patch of a set, or makes something of it that is no set.
// Models pkg/controller/statefulset/stateful_set_utils.go ApplyRevision
pub fn apply_revision<'a>(set: &'a StatefulSet, revision: &Object) -> Result<Cow<'a, StatefulSet>, Error> {
    let data = history::data(revision);
    if is_patch_of(&set.template, data) {
        return Ok(Cow::Borrowed(set));
    }
    let recorded = data.field("spec").field("template");
    let replaces_template = data.as_object().is_some_and(|data| data.len() == 1)
        && data.entries("spec").len() == 1
        && recorded.text("$patch") == "replace";
    if replaces_template {
        let mut template = recorded.clone();
        crate::api::fields::as_map(&mut template).remove("$patch");
        let mut restored = decoded_spec(only("template", template))?;
        let mut clone = set.clone();
        clone.template = Arc::new(take(&mut restored, "template"));
        return Ok(Cow::Owned(clone));
    }
    // Only the specification is restored, so the patch need not see anything else.
    let Value::Object(mut patch) = data.clone() else {
        return Err(Error::text("invalid JSON document"));
    };
    let original = std::iter::once(("spec".to_owned(), Value::clone(&set.spec))).into_fields();
    let patched = patch::strategic_merge(original, &mut patch, Schema::get().of_kind(Kind::StatefulSet))
        .map_err(|error| Error::text(error.0))?;
    let mut object = Object::new(Kind::StatefulSet, set.meta.clone());
    object.spec = Arc::new(decoded_spec(patched.field("spec").clone())?);
    object.status = Arc::new(set.status.to_value());
    Ok(Cow::Owned(StatefulSet::of(&object)))
}

/// A set's specification as this release reads it, whoever wrote it: without what it does not know, and without what it
/// leaves out.
fn decoded_spec(spec: Value) -> Result<Value, Error> {
    let ty = Schema::get().of_kind(Kind::StatefulSet).ok_or_else(|| Error::text("no schema of StatefulSets"))?;
    let mut decoded = decode::decode(ty, &only("spec", spec)).map_err(|error| Error::text(error.message))?;
    Ok(take(&mut decoded.value, "spec"))
}

/// An object with one field.
fn only(name: &str, value: Value) -> Value {
    Value::Object(std::iter::once((name.to_owned(), value)).into_fields())
}

/// Takes a field out of an object.
fn take(object: &mut Value, name: &str) -> Value {
    crate::api::fields::as_map(object).remove(name).unwrap_or_default()
}

/// Whether a revision that an older release may have written differently means the same as the set's template now.
// Models pkg/controller/statefulset/stateful_set_control.go setMatchesLatestExistingRevision
pub fn set_matches_latest_existing_revision(set: &StatefulSet, latest: &Object, gates: &FeatureGates) -> bool {
    if !gates.stateful_set_semantic_revision_comparison {
        return false;
    }
    let Ok(latest) = apply_revision(set, latest) else {
        return false;
    };
    let mut whole = json!({"metadata": {}, "spec": Value::clone(&latest.spec)});
    whole["spec"]["template"] = Value::clone(&latest.template);
    defaults::set_defaults(Kind::StatefulSet, &mut whole, gates);
    whole.field("spec").field("template") == &*set.template
}

/// The number of the next revision.
// Models pkg/controller/statefulset/stateful_set_utils.go nextRevision
pub fn next_revision(revisions: &[Arc<Object>]) -> i64 {
    revisions.last().map_or(1, |last| history::revision_number(last) + 1)
}

/// Whether the status has to be written.
// Models pkg/controller/statefulset/stateful_set_utils.go inconsistentStatus
pub fn inconsistent_status(set: &StatefulSet, status: &StatefulSetStatus) -> bool {
    let old = &set.status;
    status.observed_generation > old.observed_generation
        || status.replicas != old.replicas
        || status.current_replicas != old.current_replicas
        || status.ready_replicas != old.ready_replicas
        || status.updated_replicas != old.updated_replicas
        || status.current_revision != old.current_revision
        || status.available_replicas != old.available_replicas
        || status.update_revision != old.update_revision
        || status.conditions != old.conditions
}

/// Makes the update revision the current one when every pod has it and is ready.
// Models pkg/controller/statefulset/stateful_set_utils.go completeUpdate
pub fn complete_update(set: &StatefulSet, status: &mut StatefulSetStatus, gates: &FeatureGates, now: Instant) {
    if status.updated_replicas != set.replicas
        || status.ready_replicas != set.replicas
        || status.replicas != set.replicas
    {
        return;
    }
    status.current_replicas = status.updated_replicas;
    status.current_revision = status.update_revision.clone();
    if status.conditions.iter().any(|condition| condition.ty == PROGRESSING)
        && set.update_strategy.ty == StrategyType::Recreate
        && gates.stateful_set_recreate_strategy
    {
        set_progressing_condition(status, "False", "RecreateCompleted", "All pods recreated successfully", now);
    }
}

/// How many pods may be unavailable: a percentage is rounded down, but to one at least.
// Models pkg/controller/statefulset/stateful_set_utils.go getStatefulSetMaxUnavailable
pub fn max_unavailable(value: Option<&Value>, replicas: i32) -> Result<i32, String> {
    let scaled = match value {
        None => 1,
        Some(value) => scaled_value(value, replicas.into(), false)?,
    };
    Ok(i32::try_from(scaled).unwrap_or(i32::MAX).max(1))
}

/// A number, or a percentage of `total`.
// Models k8s.io/apimachinery/pkg/util/intstr/intstr.go GetScaledValueFromIntOrPercent
pub fn scaled_value(value: &Value, total: i64, round_up: bool) -> Result<i64, String> {
    if let Some(number) = value.as_i64() {
        return Ok(number);
    }
    let text = value.as_str().unwrap_or_default();
    let percent = text
        .strip_suffix('%')
        .ok_or_else(|| "invalid value for IntOrString: invalid type: string is not a percentage".to_owned())?;
    let percent: i64 = percent.parse().map_err(|_| {
        format!("invalid value for IntOrString: invalid value {}: invalid syntax", crate::api::status::quote(text))
    })?;
    let product = percent.saturating_mul(total);
    Ok(if round_up {
        product.div_euclid(100) + i64::from(product.rem_euclid(100) != 0)
    } else {
        product.div_euclid(100)
    })
}

const PROGRESSING: &str = "Progressing";

/// Sets the condition Progressing, which only the strategy Recreate has.
// Models pkg/controller/statefulset/stateful_set_utils.go setProgressingCondition
pub fn set_progressing_condition(
    status: &mut StatefulSetStatus,
    condition_status: &str,
    reason: &str,
    message: &str,
    now: Instant,
) {
    let mut condition = Condition {
        ty: PROGRESSING.to_owned(),
        status: condition_status.to_owned(),
        last_transition_time: Some(now.timestamp()),
        reason: reason.to_owned(),
        message: message.to_owned(),
    };
    let Some(current) = status.conditions.iter_mut().find(|current| current.ty == PROGRESSING) else {
        status.conditions.push(condition);
        return;
    };
    if current.status == condition.status {
        condition.last_transition_time = current.last_transition_time;
    }
    *current = condition;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ordinal_is_what_follows_the_last_dash() {
        assert_eq!(parent_name_and_ordinal("web-0"), ("web", 0));
        assert_eq!(parent_name_and_ordinal("my-app-2-10"), ("my-app-2", 10));
        assert_eq!(parent_name_and_ordinal("web"), ("", -1));
        assert_eq!(parent_name_and_ordinal("web-"), ("", -1));
        assert_eq!(parent_name_and_ordinal("web-x"), ("", -1));
        assert_eq!(parent_name_and_ordinal("web-99999999999"), ("web", -1));
        assert_eq!(parent_name_and_ordinal("-5"), ("", 5));
    }

    #[test]
    fn max_unavailable_is_a_number_or_a_share_rounded_down_to_one_at_least() {
        assert_eq!(max_unavailable(None, 5), Ok(1));
        assert_eq!(max_unavailable(Some(&json!(3)), 5), Ok(3));
        assert_eq!(max_unavailable(Some(&json!("50%")), 5), Ok(2));
        assert_eq!(max_unavailable(Some(&json!("10%")), 5), Ok(1));
        assert_eq!(max_unavailable(Some(&json!("100%")), 0), Ok(1));
        assert!(max_unavailable(Some(&json!("half")), 5).is_err());
        assert_eq!(scaled_value(&json!("30%"), 5, true), Ok(2));
    }
}
