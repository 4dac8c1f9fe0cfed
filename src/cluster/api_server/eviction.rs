//! Evicting a pod: a deletion that disruption budgets can refuse.
//!
//! Follows `pkg/registry/core/pod/storage/eviction.go` of Kubernetes v1.37.2, Apache-2.0.

use std::sync::Arc;

use serde_json::{Value, json};

use super::DeleteOptions;
use crate::api::fields::{Fields, map_in};
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::selector::Selector;
use crate::api::status::{Reason as Code, Status};
use crate::cluster::Cluster;
use crate::cluster::actor::Actor;
use crate::controllers::disruption::set_disruption_allowed_condition;
use crate::controllers::reason::Reason;
use crate::controllers::statefulset::retry::on_conflict;
use crate::controllers::statefulset::stateful_set_utils::{is_pod_ready, is_terminal_phase};

const REFUSED: &str = "Cannot evict pod as it would violate the pod's disruption budget.";
const SEVERAL: &str =
    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
/// How many evictions may wait to be seen by the disruption controller.
const MAX_DISRUPTED_PODS: usize = 2000;

impl Cluster {
    /// Evicts a pod: deletes it, if its disruption budget allows that.
    ///
    /// # Errors
    /// The API server's refusal: 429 where the budget does not allow it now.
    // Models pkg/registry/core/pod/storage/eviction.go EvictionREST.Create
    pub fn evict(&mut self, actor: Actor, pod: &ObjectRef, options: &DeleteOptions) -> Result<(), Status> {
        let object = self.store.find(pod).cloned().ok_or_else(|| Status::not_found(Kind::Pod, &pod.name))?;
        let result = if can_ignore_budget(&object) {
            self.condition_and_delete(actor, &object, options)
        } else {
            self.evict_within_budget(actor, &object, options)
        };
        if result.is_ok() {
            self.note(Actor::DisruptionController, pod, Vec::new());
        }
        result
    }

    fn evict_within_budget(&mut self, actor: Actor, pod: &Object, options: &DeleteOptions) -> Result<(), Status> {
        let budgets = self.budgets_of(pod);
        if budgets.len() > 1 {
            let (reason, message) = (Code::InternalError, SEVERAL.to_owned());
            return Err(Status { reason, message, about: None, causes: Vec::new() });
        }
        if let Some(budget) = budgets.first()
            && !may_go_unhealthy(pod, budget)
        {
            let budget = budget.object_ref();
            on_conflict(|| self.check_and_decrement(actor, pod, &budget, options.dry_run))?;
        }
        self.condition_and_delete(actor, pod, options)
    }

    /// The disruption budgets whose selector catches a pod.
    pub(crate) fn budgets_of(&self, pod: &Object) -> Vec<Arc<Object>> {
        self.store
            .list_in(Kind::PodDisruptionBudget, &pod.meta.namespace)
            .filter(|budget| {
                Selector::of_value(budget.spec.field("selector")).is_some_and(|s| s.matches(&pod.meta.labels))
            })
            .cloned()
            .collect()
    }

    /// Takes one disruption off a budget, and tells its controller that the pod is about to go.
    // Models pkg/registry/core/pod/storage/eviction.go checkAndDecrement
    fn check_and_decrement(
        &mut self,
        actor: Actor,
        pod: &Object,
        budget: &ObjectRef,
        dry_run: bool,
    ) -> Result<(), Status> {
        let (kind, name) = (Kind::PodDisruptionBudget, budget.name.as_str());
        let mut budget = Object::clone(self.store.find(budget).ok_or_else(|| Status::not_found(kind, name))?);
        let number = |field: &str| budget.status.int(field).unwrap_or_default();
        let (allowed, desired, current) =
            (number("disruptionsAllowed"), number("desiredHealthy"), number("currentHealthy"));
        let forbidden = |why: &str| {
            let message = format!("poddisruptionbudget.policy {name:?} is forbidden: {why}");
            Status { reason: Code::Forbidden, message, about: Some((kind, name.to_owned())), causes: Vec::new() }
        };
        if number("observedGeneration") < budget.meta.generation {
            return Err(Status::too_many_requests(REFUSED));
        }
        if allowed < 0 {
            return Err(forbidden("pdb disruptions allowed is negative"));
        }
        if budget.status.entries("disruptedPods").len() > MAX_DISRUPTED_PODS {
            return Err(forbidden("DisruptedPods map too big - too many evictions not confirmed by PDB controller"));
        }
        if allowed == 0 {
            let reason = Reason::BudgetRefuses { budget: name.to_owned(), desired, current };
            self.note(Actor::DisruptionController, &pod.object_ref(), vec![reason]);
            return Err(Status::too_many_requests(REFUSED));
        }
        if dry_run {
            return Ok(());
        }
        let now = self.now.timestamp().to_string();
        let status = budget.status_mut();
        status.insert("disruptionsAllowed".to_owned(), json!(allowed - 1));
        if allowed == 1 {
            set_disruption_allowed_condition(status, &now);
        }
        map_in(status, "disruptedPods").insert(pod.meta.name.clone(), Value::from(now));
        self.update_object_status(actor, budget).map(drop)
    }

    // Models pkg/registry/core/pod/storage/eviction.go addConditionAndDeletePod
    fn condition_and_delete(&mut self, actor: Actor, pod: &Object, options: &DeleteOptions) -> Result<(), Status> {
        if !options.dry_run {
            self.set_disruption_target(actor, pod, "EvictionByEvictionAPI", "Eviction API: evicting")?;
        }
        self.delete(actor, &pod.object_ref(), options)
    }

    /// Notes in a pod's status why somebody takes it away.
    pub(crate) fn set_disruption_target(
        &mut self,
        actor: Actor,
        pod: &Object,
        reason: &str,
        message: &str,
    ) -> Result<(), Status> {
        let condition = json!({
            "type": "DisruptionTarget", "status": "True", "lastProbeTime": null,
            "lastTransitionTime": self.now.timestamp().to_string(), "reason": reason, "message": message,
        });
        let mut pod = pod.clone();
        super::set_condition(pod.status_mut(), condition);
        self.update_object_status(actor, pod).map(drop)
    }
}

/// Whether a pod can be deleted without asking a budget: it does no work yet, or no more.
// Models pkg/registry/core/pod/storage/eviction.go canIgnorePDB
fn can_ignore_budget(pod: &Object) -> bool {
    is_terminal_phase(pod) || pod.status.text("phase") == "Pending" || pod.meta.is_terminating()
}

/// Whether a pod that is not ready may go without being counted.
fn may_go_unhealthy(pod: &Object, budget: &Object) -> bool {
    if is_pod_ready(pod) {
        return false;
    }
    let number = |field: &str| budget.status.int(field).unwrap_or_default();
    budget.spec.text("unhealthyPodEvictionPolicy") == "AlwaysAllow"
        || (number("currentHealthy") >= number("desiredHealthy") && number("desiredHealthy") > 0)
}
