//! Walks: random histories of one StatefulSet, and what the real controller did in each sync.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant as WallClock};

use serde_json::{Map, Value, json};
use statefulscope::api::fields::Fields;
use statefulscope::api::gates::FeatureGates;
use statefulscope::api::kind::Kind;
use statefulscope::api::object::Object;
use statefulscope::api::status::Status;
use statefulscope::api::time::{Instant, Timestamp};
use statefulscope::controllers::statefulset::client::{Client, EventType};
use statefulscope::controllers::statefulset::set::{StatefulSet, StatefulSetStatus};
use statefulscope::controllers::statefulset::stateful_set_control::update_stateful_set;

use crate::diff::diff;
use crate::mutation::change_value;
use crate::report::Report;
use crate::{Case, files};

/// The kind `walks`.
pub const KIND: crate::Kind =
    crate::Kind { name: "walks", unit: "syncs", files: |folder| files(folder, &["jsonl", "gz"]), run, change };

/// Runs one walk.
fn run(case: &Case, report: &mut Report) {
    let name = case.name();
    let mut lines = case.text.lines().enumerate();
    let header: Value = lines.next().map(|(_, line)| parse(&name, 1, line)).unwrap_or_default();
    assert_eq!(header.int("format"), Some(1), "{name}: a format that this harness does not know");
    let gates: FeatureGates = serde_json::from_value(header.field("featureGates").clone()).expect("feature gates");
    let mut world = World::new();
    for (number, line) in lines {
        let event = parse(&name, number + 1, line);
        let Some(expected) = world.take(&event) else { continue };
        let (actual, spent) = world.sync(&gates);
        *report.in_controller.get_or_insert_default() += spent;
        let differences = diff(&world.canonical(expected), &world.canonical(actual));
        report.note(&format!("{name}:{}", number + 1), &differences);
    }
}

/// Changes one value below `expect` of one sync.
fn change(case: &Case, seed: usize) -> Option<(String, String)> {
    let mut lines: Vec<String> = case.text.lines().map(str::to_owned).collect();
    let syncs: Vec<usize> = (0..lines.len()).filter(|i| lines[*i].starts_with("{\"event\":\"sync\"")).collect();
    let at = *syncs.get((seed * 7 + 3) % syncs.len().max(1))?;
    let mut event = parse(&case.name(), at + 1, &lines[at]);
    let changed = change_value(&mut event["expect"], seed * 13 + 5);
    lines[at] = event.to_string();
    changed.then(|| (lines.join("\n"), format!("{}:{}\n", case.name(), at + 1)))
}

fn parse(name: &str, line: usize, text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}:{line}: {error}"))
}

/// The store of a walk.
struct World {
    now: Instant,
    set: Option<Object>,
    pods: BTreeMap<String, Arc<Object>>,
    claims: BTreeMap<String, Arc<Object>>,
    revisions: BTreeMap<String, Arc<Object>>,
    /// How often an object of this kind and name was created.
    created: BTreeMap<String, usize>,
    /// What the calls of a verb and kind fail with in the next sync.
    failures: BTreeMap<(String, String), String>,
    calls: Vec<Value>,
    events: Vec<Value>,
}

impl World {
    fn new() -> World {
        World {
            now: Instant::START,
            set: None,
            pods: BTreeMap::new(),
            claims: BTreeMap::new(),
            revisions: BTreeMap::new(),
            created: BTreeMap::new(),
            failures: BTreeMap::new(),
            calls: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Applies an event; a sync gives what is expected of it.
    fn take(&mut self, event: &Value) -> Option<Value> {
        let object = |kind, field: &str| Object::from_value(kind, event.field(field).clone());
        let name = event.text("name").to_owned();
        match event.text("event") {
            "clock" => self.now = Timestamp::parse(event.text("now")).expect("a time").instant(),
            "set" => self.set = Some(object(Kind::StatefulSet, "set")),
            "pod" => {
                let pod = object(Kind::Pod, "pod");
                self.pods.insert(pod.meta.name.clone(), Arc::new(pod));
            }
            "podRemoved" => drop(self.pods.remove(&name)),
            "claim" => {
                let claim = object(Kind::PersistentVolumeClaim, "claim");
                self.claims.insert(claim.meta.name.clone(), Arc::new(claim));
            }
            "claimRemoved" => drop(self.claims.remove(&name)),
            "fail" => {
                let (verb, kind) = (event.text("verb").to_owned(), event.text("kind").to_owned());
                self.failures.insert((verb, kind), event.text("reason").to_owned());
            }
            "sync" => return Some(event.field("expect").clone()),
            other => panic!("an event that this harness does not know: {other}"),
        }
        None
    }

    /// Runs one sync, and returns what was done, in the form of `expect`, and the time inside the controller.
    fn sync(&mut self, gates: &FeatureGates) -> (Value, Duration) {
        self.calls.clear();
        self.events.clear();
        let pods: Vec<Arc<Object>> = self.pods.values().cloned().collect();
        let object = self.set.clone().expect("a set before the first sync");
        let now = self.now;
        let started = WallClock::now();
        let outcome = update_stateful_set(self, &StatefulSet::of(&object), &pods, gates, now);
        let spent = started.elapsed();
        self.failures.clear();
        let mut expect = json!({"calls": self.calls, "events": self.events});
        if let Some(status) = outcome.status {
            expect["status"] = without_times(&status).to_value();
        }
        if let Some(error) = outcome.error {
            expect["error"] = Value::from(error.to_string());
        }
        (expect, spent)
    }

    /// Sorts what upstream does in no defined order.
    fn canonical(&self, mut expect: Value) -> Value {
        let spec = &self.set.as_ref().expect("a set").spec;
        let unordered =
            spec.text("podManagementPolicy") == "Parallel" || spec.field("updateStrategy").text("type") == "Recreate";
        let list = |expect: &mut Value, name: &str| expect[name].as_array_mut().map(std::mem::take).unwrap_or_default();
        let mut calls = list(&mut expect, "calls");
        for call in &mut calls {
            if call.text("kind") == "Pod"
                && let Some(volumes) = call.pointer_mut("/object/spec/volumes").and_then(Value::as_array_mut)
            {
                volumes.sort_by_key(|volume| volume.text("name").to_owned());
            }
        }
        let mut events = list(&mut expect, "events");
        if unordered {
            calls.sort_by_key(|call| {
                let text = |name: &str| call.text(name).to_owned();
                (text("kind"), text("name"), text("verb"), call.to_string())
            });
            events.sort_by_key(|event| event.text("message").to_owned());
        } else {
            sort_runs(&mut calls, |call| {
                let creates_claim = call.text("verb") == "create" && call.text("kind") == "PersistentVolumeClaim";
                creates_claim.then(|| call.text("name").to_owned())
            });
            sort_runs(&mut events, |event| {
                event.text("message").starts_with("Create Claim").then(|| event.text("message").to_owned())
            });
        }
        expect["calls"] = Value::Array(calls);
        expect["events"] = Value::Array(events);
        expect
    }

    fn uid(&mut self, kind: &str, name: &str) -> String {
        let count = self.created.entry(format!("{kind}{name}")).or_default();
        *count += 1;
        format!("{kind}-{name}-{count}")
    }

    /// Notes a call; the refusal that was ordered for calls of its verb and kind instead.
    fn call(&mut self, verb: &str, kind: Kind, name: &str, object: Option<Value>) -> Result<(), Status> {
        let failure = self.failures.get(&(verb.to_owned(), kind.name().to_owned()));
        let refusal = failure.map(|reason| match reason.as_str() {
            "AlreadyExists" => Status::already_exists(kind, name),
            "Forbidden" => Status::forbidden(kind, name, "exceeded quota"),
            "NotFound" => Status::not_found(kind, name),
            _ => Status::internal_error("injected"),
        });
        let mut call = json!({"verb": verb, "kind": kind.name(), "name": name});
        match (&refusal, object) {
            (Some(status), _) => call["error"] = Value::from(status.message.as_str()),
            (None, Some(object)) => call["object"] = object,
            (None, None) => {}
        }
        self.calls.push(call);
        refusal.map_or(Ok(()), Err)
    }
}

/// Sorts each run of consecutive items that have a key.
fn sort_runs(items: &mut [Value], key: impl Fn(&Value) -> Option<String>) {
    for run in items.chunk_by_mut(|a, b| key(a).is_some() && key(b).is_some()) {
        run.sort_by_key(&key);
    }
}

fn without_times(status: &StatefulSetStatus) -> StatefulSetStatus {
    let mut status = status.clone();
    for condition in &mut status.conditions {
        condition.last_transition_time = None;
    }
    status
}

fn body(object: &Object) -> Value {
    Value::Object(object.body())
}

fn find(objects: &BTreeMap<String, Arc<Object>>, kind: Kind, name: &str) -> Result<Arc<Object>, Status> {
    objects.get(name).cloned().ok_or_else(|| Status::not_found(kind, name))
}

impl Client for World {
    fn create_pod(&mut self, mut pod: Object) -> Result<(), Status> {
        let name = pod.meta.name.clone();
        if !self.failures.contains_key(&("create".to_owned(), "Pod".to_owned())) && self.pods.contains_key(&name) {
            return Err(Status::already_exists(Kind::Pod, &name));
        }
        self.call("create", Kind::Pod, &name, Some(body(&pod)))?;
        pod.meta.uid = self.uid("pod-", &name);
        pod.meta.creation_timestamp = Some(self.now.timestamp());
        pod.status_mut().insert("phase".to_owned(), Value::from("Pending"));
        self.pods.insert(name, Arc::new(pod));
        Ok(())
    }

    fn get_pod(&self, _namespace: &str, name: &str) -> Result<Arc<Object>, Status> {
        find(&self.pods, Kind::Pod, name)
    }

    fn update_pod(&mut self, pod: Object) -> Result<(), Status> {
        self.call("update", Kind::Pod, &pod.meta.name, Some(body(&pod)))?;
        self.pods.insert(pod.meta.name.clone(), Arc::new(pod));
        Ok(())
    }

    fn delete_pod(&mut self, pod: &Object) -> Result<(), Status> {
        self.call("delete", Kind::Pod, &pod.meta.name, None)?;
        let now = self.now.timestamp();
        if let Some(stored) = self.pods.get_mut(&pod.meta.name)
            && !stored.meta.is_terminating()
        {
            Arc::make_mut(stored).meta.deletion_timestamp = Some(now);
        }
        Ok(())
    }

    fn create_claim(&mut self, mut claim: Object) -> Result<(), Status> {
        let name = claim.meta.name.clone();
        self.call("create", Kind::PersistentVolumeClaim, &name, Some(body(&claim)))?;
        claim.meta.uid = self.uid("claim-", &name);
        self.claims.insert(name, Arc::new(claim));
        Ok(())
    }

    fn get_claim(&self, _namespace: &str, name: &str) -> Result<Arc<Object>, Status> {
        find(&self.claims, Kind::PersistentVolumeClaim, name)
    }

    fn update_claim(&mut self, claim: Object) -> Result<(), Status> {
        let owners: Vec<Value> = claim.meta.owner_references.iter().map(|owner| owner.to_value()).collect();
        let object = json!({"ownerReferences": owners});
        self.call("update", Kind::PersistentVolumeClaim, &claim.meta.name, Some(object))?;
        self.claims.insert(claim.meta.name.clone(), Arc::new(claim));
        Ok(())
    }

    fn update_stateful_set_status(&mut self, set: &StatefulSet, status: &StatefulSetStatus) -> Result<(), Status> {
        let status = without_times(status).to_value();
        self.call("updateStatus", Kind::StatefulSet, &set.meta.name, Some(status.clone()))?;
        self.set.as_mut().expect("a set").status = Arc::new(status);
        Ok(())
    }

    fn list_controller_revisions(&self, set: &StatefulSet) -> Vec<Arc<Object>> {
        let selector = set.selector.as_ref().expect("a selector");
        self.revisions.values().filter(|revision| selector.matches(&revision.meta.labels)).cloned().collect()
    }

    fn create_controller_revision(&mut self, mut revision: Object) -> Result<Arc<Object>, Status> {
        let name = revision.meta.name.clone();
        if self.revisions.contains_key(&name) {
            return Err(Status::already_exists(Kind::ControllerRevision, &name));
        }
        let mut object = Map::clone(&revision.rest);
        object.insert("labels".to_owned(), statefulscope::api::meta::map_value(&revision.meta.labels));
        self.call("create", Kind::ControllerRevision, &name, Some(Value::Object(object)))?;
        revision.meta.uid = self.uid("rev-", &name);
        revision.meta.creation_timestamp = Some(self.now.timestamp());
        let revision = Arc::new(revision);
        self.revisions.insert(name, Arc::clone(&revision));
        Ok(revision)
    }

    fn get_controller_revision(&self, _namespace: &str, name: &str) -> Result<Arc<Object>, Status> {
        find(&self.revisions, Kind::ControllerRevision, name)
    }

    fn update_controller_revision(&mut self, revision: Object) -> Result<Arc<Object>, Status> {
        let object = json!({"revision": revision.rest.field("revision")});
        self.call("update", Kind::ControllerRevision, &revision.meta.name, Some(object))?;
        let revision = Arc::new(revision);
        self.revisions.insert(revision.meta.name.clone(), Arc::clone(&revision));
        Ok(revision)
    }

    fn delete_controller_revision(&mut self, revision: &Object) -> Result<(), Status> {
        self.call("delete", Kind::ControllerRevision, &revision.meta.name, None)?;
        self.revisions.remove(&revision.meta.name);
        Ok(())
    }

    fn event(&mut self, _set: &StatefulSet, ty: EventType, reason: &str, message: String) {
        self.events.push(json!({"type": ty.as_str(), "reason": reason, "message": message}));
    }
}
