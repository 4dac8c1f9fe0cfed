//! What can be made to go wrong in the cluster itself: the API server refuses writes, and news travel slowly.
//!
//! Which write is hit and how late news are depends on the cluster's seed alone.

use serde::{Deserialize, Serialize};

use super::Cluster;
use super::actor::Actor;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::status::Status;
use crate::api::time::{Instant, Millis};

/// A write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // the API's own verbs
pub enum Verb {
    Create,
    Update,
    UpdateStatus,
    Delete,
}

/// What a write is answered with instead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ApiError {
    /// 409: somebody else was faster.
    #[default]
    Conflict,
    /// 500: the server failed.
    InternalError,
    /// 403: a quota is used up.
    Forbidden,
}

/// Writes that go wrong. A person's own commands are never hit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiFault {
    /// Only writes of this component; of any where nothing is said.
    pub actor: Option<Actor>,
    /// Only this verb.
    pub verb: Option<Verb>,
    /// Only objects of this kind, as a manifest spells it; of any where it is empty.
    pub kind: String,
    /// The answer.
    pub error: ApiError,
    /// How many of a thousand writes are hit.
    pub per_mille: u32,
    /// For how many milliseconds; 0 until it is taken back.
    pub duration_ms: u32,
}

/// What is made to go wrong.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    api: Vec<(ApiFault, Option<Instant>)>,
    latency: Millis,
    /// The provisioners that do not run.
    provisioners_down: Vec<String>,
}

impl Cluster {
    /// Has writes go wrong; a fault that hits nothing at all takes every earlier one back.
    pub(crate) fn inject_fault(&mut self, fault: ApiFault) {
        if fault.per_mille == 0 {
            self.faults.api.clear();
            return;
        }
        let until = (fault.duration_ms > 0).then(|| self.now + Millis(fault.duration_ms.into()));
        self.faults.api.push((fault, until));
    }

    /// Has controllers learn of each write up to so much later than they would.
    pub(crate) fn set_latency(&mut self, latency: Millis) {
        self.faults.latency = latency;
    }

    /// Stops a provisioner, or has it run again.
    pub(crate) fn set_provisioner_down(&mut self, provisioner: &str, down: bool) {
        self.faults.provisioners_down.retain(|name| name != provisioner);
        if down {
            self.faults.provisioners_down.push(provisioner.to_owned());
        } else {
            crate::controllers::provisioner::resume(self);
        }
    }

    /// How many of a thousand writes a fault of no particular kind hits now, and how late news are.
    pub fn api_faults(&self) -> (u32, Millis) {
        let known = self.faults.api.iter().filter(|(_, until)| until.is_none_or(|until| until > self.now));
        (known.map(|(fault, _)| fault.per_mille).max().unwrap_or_default(), self.faults.latency)
    }

    /// Whether a provisioner does not run.
    pub fn is_provisioner_down(&self, provisioner: &str) -> bool {
        self.faults.provisioners_down.iter().any(|name| name == provisioner)
    }

    /// How much later than it would a controller learns of a write.
    pub(super) fn late_by(&mut self) -> Millis {
        match self.faults.latency.0 {
            0 => Millis(0),
            most => Millis(self.random.below(most as u64 + 1) as i64),
        }
    }

    /// The refusal of a write that a fault hits.
    pub(super) fn fail_by_fault(&mut self, actor: Actor, verb: Verb, object: &ObjectRef) -> Result<(), Status> {
        if actor == Actor::User || self.faults.api.is_empty() {
            return Ok(());
        }
        let now = self.now;
        self.faults.api.retain(|(_, until)| until.is_none_or(|until| until > now));
        for at in 0..self.faults.api.len() {
            let fault = &self.faults.api[at].0;
            let concerns = fault.actor.is_none_or(|only| only == actor)
                && fault.verb.is_none_or(|only| only == verb)
                && (fault.kind.is_empty() || fault.kind == object.kind.name());
            let (error, per_mille) = (fault.error, u64::from(fault.per_mille));
            if concerns && self.random.below(1000) < per_mille {
                return Err(refusal(error, object.kind, &object.name));
            }
        }
        Ok(())
    }
}

fn refusal(error: ApiError, kind: Kind, name: &str) -> Status {
    match error {
        ApiError::Conflict => {
            let why = "the object has been modified; please apply your changes to the latest version and try again";
            Status::conflict(kind, name, why)
        }
        ApiError::InternalError => Status::internal_error("injected"),
        ApiError::Forbidden => Status::forbidden(kind, name, "exceeded quota"),
    }
}
