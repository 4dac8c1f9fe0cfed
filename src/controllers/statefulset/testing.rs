//! A store with nothing around it, for tests of the decisions: pods get on only when a test says so.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::client::{Client, EventType};
use super::set::{StatefulSet, StatefulSetStatus};
use super::stateful_set_control::{Outcome, update_stateful_set};
use super::wait::Wait;
use crate::api::decode::decode;
use crate::api::fields::{Fields, as_map};
use crate::api::gates::FeatureGates;
use crate::api::kind::Kind;
use crate::api::object::Object;
use crate::api::schema::Schema;
use crate::api::status::Status;
use crate::api::time::{Instant, Millis};
use crate::api::{defaults, patch};

type Objects = BTreeMap<String, Arc<Object>>;

/// One set, and what the controller made for it.
pub struct World {
    pub set: Object,
    pub pods: Objects,
    pub claims: Objects,
    pub revisions: Objects,
    pub gates: FeatureGates,
    pub now: Instant,
    /// The writes since they were last cleared: `create Pod web-0`.
    pub calls: Vec<String>,
    /// The events since they were last cleared.
    pub events: Vec<String>,
    /// What calls are refused with: `create Pod`.
    pub refusals: BTreeMap<&'static str, Status>,
    created: u32,
}

/// A set as the API server stores it: `web` with three replicas, changed by a merge patch of its specification.
pub fn stored_set(spec: Value, gates: &FeatureGates) -> Object {
    let mut value = json!({
        "metadata": {"name": "web", "namespace": "julin", "uid": "set-1", "generation": 1},
        "spec": {
            "replicas": 3, "serviceName": "nginx", "selector": {"matchLabels": {"app": "nginx"}},
            "template": {
                "metadata": {"labels": {"app": "nginx"}},
                "spec": {"containers": [{"name": "nginx", "image": "nginx:1"}]},
            },
        },
    });
    patch::json_merge(&mut value, json!({"spec": spec}));
    let ty = Schema::get().of_kind(Kind::StatefulSet).unwrap();
    let mut value = decode(ty, &value).unwrap().value;
    defaults::set_defaults(Kind::StatefulSet, &mut value, gates);
    Object::from_value(Kind::StatefulSet, value)
}

impl World {
    /// A world with a set of this specification, as [`stored_set`] takes it, and nothing done.
    pub fn new(spec: Value) -> World {
        World::with_gates(spec, FeatureGates::default())
    }

    /// The same with other feature gates.
    pub fn with_gates(spec: Value, gates: FeatureGates) -> World {
        World {
            set: stored_set(spec, &gates),
            pods: Objects::new(),
            claims: Objects::new(),
            revisions: Objects::new(),
            gates,
            now: Instant::START,
            calls: Vec::new(),
            events: Vec::new(),
            refusals: BTreeMap::new(),
            created: 0,
        }
    }

    /// Changes the set's specification by a merge patch.
    pub fn change(&mut self, spec: Value) {
        let mut changed = Value::clone(&self.set.spec);
        patch::json_merge(&mut changed, spec);
        self.set.spec = Arc::new(changed);
        self.set.meta.generation += 1;
    }

    /// Gives the template another image.
    pub fn image(&mut self, image: &str) {
        let containers = json!([{"name": "nginx", "image": image}]);
        let mut container = self.set.spec.field("template").field("spec").list("containers")[0].clone();
        patch::json_merge(&mut container, containers[0].clone());
        self.change(json!({"template": {"spec": {"containers": [container]}}}));
    }

    /// Syncs once, with the calls and events of this sync alone noted.
    pub fn sync(&mut self) -> Outcome {
        self.calls.clear();
        self.events.clear();
        let pods: Vec<Arc<Object>> = self.pods.values().cloned().collect();
        let (set, gates, now) = (StatefulSet::of(&self.set), self.gates.clone(), self.now);
        update_stateful_set(self, &set, &pods, &gates, now)
    }

    /// Syncs once, and says why it stopped.
    pub fn waits(&mut self) -> Vec<Wait> {
        self.sync().waits
    }

    /// Lets pods start and go at once, and syncs, until nothing is done any more.
    pub fn settle(&mut self) {
        for _ in 0..100 {
            self.pods.retain(|_, pod| !pod.meta.is_terminating());
            let is_pending = |pod: &Object| pod.status.text("phase") == "Pending";
            let pending: Vec<String> =
                self.pods.values().filter(|pod| is_pending(pod)).map(|pod| pod.meta.name.clone()).collect();
            for name in pending {
                self.ready(&name, true);
            }
            self.sync();
            if self.calls.is_empty() {
                return;
            }
        }
        panic!("it does not settle: {:?}", self.calls);
    }

    /// A world at rest.
    pub fn settled(spec: Value) -> World {
        let mut world = World::new(spec);
        world.settle();
        world
    }

    /// Lets time pass.
    pub fn pass(&mut self, seconds: i64) {
        self.now = self.now + Millis::from_secs(seconds);
    }

    /// Changes a pod.
    pub fn pod(&mut self, name: &str, change: impl FnOnce(&mut Object)) {
        change(Arc::make_mut(self.pods.get_mut(name).unwrap_or_else(|| panic!("no pod {name}"))));
    }

    /// Has a pod run, and be ready or not, since now.
    pub fn ready(&mut self, name: &str, ready: bool) {
        let since = self.now.timestamp().to_string();
        let status = if ready { "True" } else { "False" };
        let conditions = json!([{"type": "Ready", "status": status, "lastTransitionTime": since}]);
        self.pod(name, |pod| {
            pod.status_mut().insert("phase".to_owned(), json!("Running"));
            pod.status_mut().insert("conditions".to_owned(), conditions);
        });
    }

    /// Puts a pod into a phase in which it is not ready.
    pub fn phase(&mut self, name: &str, phase: &str) {
        self.pod(name, |pod| pod.status = Arc::new(json!({"phase": phase})));
    }

    /// Has a pod begin to go.
    pub fn terminate(&mut self, name: &str) {
        let now = self.now.timestamp();
        self.pod(name, |pod| pod.meta.deletion_timestamp = Some(now));
    }

    /// Changes a claim.
    pub fn claim(&mut self, name: &str, change: impl FnOnce(&mut Object)) {
        change(Arc::make_mut(self.claims.get_mut(name).unwrap_or_else(|| panic!("no claim {name}"))));
    }

    /// Stores an object as if somebody else had.
    pub fn put(&mut self, kind: Kind, value: Value) {
        let object = Object::from_value(kind, value);
        self.of(kind).insert(object.meta.name.clone(), Arc::new(object));
    }

    /// The revision that a status field names.
    pub fn revision(&self, field: &str) -> &Object {
        &self.revisions[self.set.status.text(field)]
    }

    /// The pods' names with the images that they run.
    pub fn images(&self) -> Vec<(String, String)> {
        let image = |pod: &Object| pod.spec.list("containers")[0].text("image").to_owned();
        self.pods.iter().map(|(name, pod)| (name.clone(), image(pod))).collect()
    }

    fn of(&mut self, kind: Kind) -> &mut Objects {
        match kind {
            Kind::Pod => &mut self.pods,
            Kind::PersistentVolumeClaim => &mut self.claims,
            _ => &mut self.revisions,
        }
    }

    fn call(&mut self, verb: &str, kind: Kind, name: &str) -> Result<(), Status> {
        let what = format!("{verb} {}", kind.name());
        if let Some(status) = self.refusals.get(what.as_str()) {
            return Err(status.clone());
        }
        self.calls.push(format!("{what} {name}"));
        Ok(())
    }

    fn create(&mut self, mut object: Object) -> Result<Arc<Object>, Status> {
        let (kind, name) = (object.kind, object.meta.name.clone());
        if self.of(kind).contains_key(&name) {
            return Err(Status::already_exists(kind, &name));
        }
        self.call("create", kind, &name)?;
        self.created += 1;
        object.meta.uid = format!("uid-{}", self.created);
        object.meta.creation_timestamp = Some(self.now.timestamp());
        if kind == Kind::Pod {
            as_map(Arc::make_mut(&mut object.status)).insert("phase".to_owned(), json!("Pending"));
        }
        let object = Arc::new(object);
        self.of(kind).insert(name, Arc::clone(&object));
        Ok(object)
    }

    fn update(&mut self, object: Object) -> Result<Arc<Object>, Status> {
        let (kind, name) = (object.kind, object.meta.name.clone());
        self.call("update", kind, &name)?;
        let object = Arc::new(object);
        self.of(kind).insert(name, Arc::clone(&object));
        Ok(object)
    }
}

fn find(objects: &Objects, kind: Kind, name: &str) -> Result<Arc<Object>, Status> {
    objects.get(name).cloned().ok_or_else(|| Status::not_found(kind, name))
}

impl Client for World {
    fn create_pod(&mut self, pod: Object) -> Result<(), Status> {
        self.create(pod).map(drop)
    }

    fn get_pod(&self, _namespace: &str, name: &str) -> Result<Arc<Object>, Status> {
        find(&self.pods, Kind::Pod, name)
    }

    fn update_pod(&mut self, pod: Object) -> Result<(), Status> {
        self.update(pod).map(drop)
    }

    fn delete_pod(&mut self, pod: &Object) -> Result<(), Status> {
        self.call("delete", Kind::Pod, &pod.meta.name)?;
        self.terminate(&pod.meta.name);
        Ok(())
    }

    fn create_claim(&mut self, claim: Object) -> Result<(), Status> {
        self.create(claim).map(drop)
    }

    fn get_claim(&self, _namespace: &str, name: &str) -> Result<Arc<Object>, Status> {
        match self.refusals.get("get PersistentVolumeClaim") {
            Some(status) => Err(status.clone()),
            None => find(&self.claims, Kind::PersistentVolumeClaim, name),
        }
    }

    fn update_claim(&mut self, claim: Object) -> Result<(), Status> {
        self.update(claim).map(drop)
    }

    fn update_stateful_set_status(&mut self, set: &StatefulSet, status: &StatefulSetStatus) -> Result<(), Status> {
        self.call("updateStatus", Kind::StatefulSet, &set.meta.name)?;
        self.set.status = Arc::new(status.to_value());
        Ok(())
    }

    fn list_controller_revisions(&self, set: &StatefulSet) -> Vec<Arc<Object>> {
        let selector = set.selector.as_ref().unwrap();
        self.revisions.values().filter(|revision| selector.matches(&revision.meta.labels)).cloned().collect()
    }

    fn create_controller_revision(&mut self, revision: Object) -> Result<Arc<Object>, Status> {
        self.create(revision)
    }

    fn get_controller_revision(&self, _namespace: &str, name: &str) -> Result<Arc<Object>, Status> {
        find(&self.revisions, Kind::ControllerRevision, name)
    }

    fn update_controller_revision(&mut self, revision: Object) -> Result<Arc<Object>, Status> {
        self.update(revision)
    }

    fn delete_controller_revision(&mut self, revision: &Object) -> Result<(), Status> {
        self.call("delete", Kind::ControllerRevision, &revision.meta.name)?;
        self.revisions.remove(&revision.meta.name);
        Ok(())
    }

    fn event(&mut self, _set: &StatefulSet, ty: EventType, reason: &str, message: String) {
        self.events.push(format!("{} {reason} {message}", ty.as_str()));
    }
}
