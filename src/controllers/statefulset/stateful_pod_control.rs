//! What the controller does to pods and their claims, and the events it records.
//!
//! Follows `pkg/controller/statefulset/stateful_pod_control.go` of Kubernetes v1.37.2, Apache-2.0.

use super::client::{Client, EventType};
use super::error::Error;
use super::member::claim_names;
use super::retry;
use super::set::StatefulSet;
use super::stateful_set_utils::{
    has_stale_owner_ref, has_unexpected_controller, identity_matches, is_claim_owner_up_to_date, new_claim, ordinal,
    persistent_volume_claim_name, persistent_volume_claims, storage_matches, update_claim_owner_ref_for_set_and_pod,
    update_identity, update_storage,
};
use crate::api::kind::Kind;
use crate::api::object::Object;

/// Creates the pod, its claims first, and gives the claims their owners.
// Models pkg/controller/statefulset/stateful_pod_control.go CreateStatefulPod
pub fn create_stateful_pod(client: &mut impl Client, set: &StatefulSet, pod: &Object) -> Result<(), Error> {
    if let Err(error) = create_persistent_volume_claims(client, set, pod) {
        record_pod_event(client, "create", set, pod, Some(&error));
        return Err(error);
    }
    let created = client.create_pod(pod.clone()).map_err(Error::from);
    if let Err(error) = &created
        && error.status().is_some_and(|status| status.is_already_exists())
    {
        return created;
    }
    if let Err(error) = update_pod_claim_for_retention_policy(client, set, pod) {
        record_pod_event(client, "update", set, pod, Some(&error));
        return Err(error);
    }
    record_pod_event(client, "create", set, pod, created.as_ref().err());
    created
}

/// Repairs a pod whose identity, volumes or claims are not those of a member of the set.
// Models pkg/controller/statefulset/stateful_pod_control.go UpdateStatefulPod
pub fn update_stateful_pod(client: &mut impl Client, set: &StatefulSet, mut pod: Object) -> Result<(), Error> {
    let mut attempted_update = false;
    let result = retry::on_conflict(|| {
        let mut consistent = true;
        if !identity_matches(set, &pod) {
            update_identity(set, &mut pod);
            consistent = false;
        }
        if !storage_matches(set, &pod) {
            update_storage(set, &mut pod);
            consistent = false;
            if let Err(error) = create_persistent_volume_claims(client, set, &pod) {
                record_pod_event(client, "update", set, &pod, Some(&error));
                return Err(error);
            }
        }
        match claims_match_retention_policy(client, set, &pod, &claim_names(set, ordinal(&pod))) {
            Err(error) => {
                record_pod_event(client, "update", set, &pod, Some(&error));
                return Err(error);
            }
            Ok(true) => {}
            Ok(false) => {
                if let Err(error) = update_pod_claim_for_retention_policy(client, set, &pod) {
                    record_pod_event(client, "update", set, &pod, Some(&error));
                    return Err(error);
                }
                consistent = false;
            }
        }
        if consistent {
            return Ok(());
        }
        attempted_update = true;
        client.update_pod(pod.clone()).map_err(|status| {
            if let Ok(fresh) = client.get_pod(&set.meta.namespace, &pod.meta.name) {
                pod = Object::clone(&fresh);
            }
            Error::from(status)
        })
    });
    if attempted_update {
        record_pod_event(client, "update", set, &pod, result.as_ref().err());
    }
    result
}

/// Deletes the pod. A pod that is gone already is as good as deleted.
// Models pkg/controller/statefulset/stateful_pod_control.go DeleteStatefulPod
pub fn delete_stateful_pod(client: &mut impl Client, set: &StatefulSet, pod: &Object) -> Result<(), Error> {
    if let Err(status) = client.delete_pod(pod)
        && !status.is_not_found()
    {
        let error = Error::from(status);
        record_pod_event(client, "delete", set, pod, Some(&error));
        return Err(error);
    }
    record_pod_event(client, "delete", set, pod, None);
    Ok(())
}

/// Whether the pod's claims, which have these names, have the owners that the retention policy asks for. Claims that are
/// missing are left for later.
// Models pkg/controller/statefulset/stateful_pod_control.go ClaimsMatchRetentionPolicy
pub fn claims_match_retention_policy(
    client: &impl Client,
    set: &StatefulSet,
    pod: &Object,
    claims: &[String],
) -> Result<bool, Error> {
    for name in claims {
        match client.get_claim(&set.meta.namespace, name) {
            Err(status) if status.is_not_found() => {}
            Err(status) => {
                let pod = &pod.meta.name;
                let prefix = format!("Could not retrieve claim {name} for {pod} when checking PVC deletion policy");
                return Err(Error::wrap(prefix, &status));
            }
            Ok(claim) => {
                if !is_claim_owner_up_to_date(&claim, set, pod) {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// Gives the pod's claims the owners that the retention policy asks for.
// Models pkg/controller/statefulset/stateful_pod_control.go UpdatePodClaimForRetentionPolicy
pub fn update_pod_claim_for_retention_policy(
    client: &mut impl Client,
    set: &StatefulSet,
    pod: &Object,
) -> Result<(), Error> {
    let ordinal = ordinal(pod);
    for template in set.volume_claim_templates.iter() {
        let name = persistent_volume_claim_name(set, &template.meta.name, ordinal);
        let claim = match client.get_claim(&set.meta.namespace, &name) {
            Err(status) if status.is_not_found() => continue,
            Err(status) => {
                let pod = &pod.meta.name;
                let prefix =
                    format!("Could not retrieve claim {name} not found for {pod} when checking PVC deletion policy");
                return Err(Error::wrap(prefix, &status));
            }
            Ok(claim) => claim,
        };
        if has_unexpected_controller(&claim, set, pod) {
            let message = format!(
                "PersistentVolumeClaim {name} has a conflicting OwnerReference that acts as a manging controller, the \
                 retention policy is ignored for this claim"
            );
            client.event(set, EventType::Warning, "ConflictingController", message);
        }
        if !is_claim_owner_up_to_date(&claim, set, pod) {
            let mut claim = Object::clone(&claim);
            update_claim_owner_ref_for_set_and_pod(&mut claim, set, pod);
            client.update_claim(claim).map_err(|status| {
                Error::wrap(format!("could not update claim {name} for delete policy ownerRefs"), &status)
            })?;
        }
    }
    Ok(())
}

/// Whether a claim belongs to an earlier pod of this name and will go with it: until then the pod cannot come.
// Models pkg/controller/statefulset/stateful_pod_control.go PodClaimIsStale
pub fn pod_claim_is_stale(client: &impl Client, set: &StatefulSet, pod: &Object) -> Result<bool, Error> {
    if !set.retention.delete_when_scaled {
        return Ok(false);
    }
    let ordinal = ordinal(pod);
    for template in set.volume_claim_templates.iter() {
        let name = persistent_volume_claim_name(set, &template.meta.name, ordinal);
        match client.get_claim(&set.meta.namespace, &name) {
            Err(status) if status.is_not_found() => {}
            Err(status) => return Err(status.into()),
            Ok(claim) => {
                if has_stale_owner_ref(&claim, Kind::Pod, &pod.meta) {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

/// `Create` from `create`, as upstream titles its verbs.
fn title(verb: &str) -> String {
    let mut letters = verb.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

// Models pkg/controller/statefulset/stateful_pod_control.go recordPodEvent
fn record_pod_event(client: &mut impl Client, verb: &str, set: &StatefulSet, pod: &Object, error: Option<&Error>) {
    let (title, pod, name) = (title(verb), &pod.meta.name, &set.meta.name);
    match error {
        None => {
            let message = format!("{title} Pod {pod} in StatefulSet {name} successful");
            client.event(set, EventType::Normal, &format!("Successful{title}"), message);
        }
        Some(error) => {
            let message = format!("{title} Pod {pod} in StatefulSet {name} failed error: {error}");
            client.event(set, EventType::Warning, &format!("Failed{title}"), message);
        }
    }
}

// Models pkg/controller/statefulset/stateful_pod_control.go recordClaimEvent
fn record_claim_event(
    client: &mut impl Client,
    verb: &str,
    set: &StatefulSet,
    pod: &Object,
    claim: &str,
    error: Option<String>,
) {
    let (title, pod, name) = (title(verb), &pod.meta.name, &set.meta.name);
    match error {
        None => {
            let message = format!("{title} Claim {claim} Pod {pod} in StatefulSet {name} success");
            client.event(set, EventType::Normal, &format!("Successful{title}"), message);
        }
        Some(error) => {
            let message = format!("{title} Claim {claim} for Pod {pod} in StatefulSet {name} failed error: {error}");
            client.event(set, EventType::Warning, &format!("Failed{title}"), message);
        }
    }
}

/// Creates the claims that a pending pod lacks, and gives them their owners.
// Models pkg/controller/statefulset/stateful_pod_control.go createMissingPersistentVolumeClaims
pub fn create_missing_persistent_volume_claims(
    client: &mut impl Client,
    set: &StatefulSet,
    pod: &Object,
) -> Result<(), Error> {
    create_persistent_volume_claims(client, set, pod)?;
    if let Err(error) = update_pod_claim_for_retention_policy(client, set, pod) {
        record_pod_event(client, "update", set, pod, Some(&error));
        return Err(error);
    }
    Ok(())
}

/// Creates the pod's claims where they are missing. A claim that is being deleted is an error: the pod would be left
/// without it.
// Models pkg/controller/statefulset/stateful_pod_control.go createPersistentVolumeClaims
fn create_persistent_volume_claims(client: &mut impl Client, set: &StatefulSet, pod: &Object) -> Result<(), Error> {
    let mut errors = Vec::new();
    for (name, template) in persistent_volume_claims(set, pod) {
        match client.get_claim(&set.meta.namespace, &name) {
            Err(status) if status.is_not_found() => {
                let created = client.create_claim(new_claim(set, name.clone(), template));
                if let Err(status) = &created {
                    errors.push(Error::wrap(format!("failed to create PVC {name}"), status));
                }
                if created.as_ref().err().is_none_or(|status| !status.is_already_exists()) {
                    record_claim_event(client, "create", set, pod, &name, created.err().map(|status| status.message));
                }
            }
            Err(status) => {
                errors.push(Error::wrap(format!("failed to retrieve PVC {name}"), &status));
                record_claim_event(client, "create", set, pod, &name, Some(status.message));
            }
            Ok(existing) => {
                if existing.meta.is_terminating() {
                    errors.push(Error::ClaimTerminating(name));
                }
            }
        }
    }
    Error::aggregate(errors).map_or(Ok(()), Err)
}
