//! What holds when everything that went wrong has ended and nobody does anything any more: I8 and I9.

use std::sync::Arc;

use statefulscope::api::fields::Fields;
use statefulscope::api::kind::Kind;
use statefulscope::api::meta::ObjectRef;
use statefulscope::api::object::Object;
use statefulscope::api::status::Status;
use statefulscope::api::time::Millis;
use statefulscope::cluster::Cluster;
use statefulscope::cluster::actor::Actor;
use statefulscope::cluster::step::What;
use statefulscope::cluster::store::Store;
use statefulscope::controllers::reason::Reason;
use statefulscope::controllers::statefulset::client::{Client, EventType};
use statefulscope::controllers::statefulset::set::{StatefulSet, StatefulSetStatus};
use statefulscope::controllers::statefulset::stateful_set_control::update_stateful_set;
use statefulscope::controllers::statefulset::wait::Wait;

use crate::random::{Observer, Player};
use crate::view::View;

/// Longer than the longest pause before a retry.
const A_WHILE: Millis = Millis::from_secs(1800);

/// Repairs everything, lets the cluster come to rest, and says what is not as it should be then.
pub fn violations_at_rest(cluster: &mut Cluster, observer: &mut dyn Observer) -> Vec<String> {
    for command in Player::repair(cluster) {
        observer.command(cluster, &command);
    }
    let until = cluster.now() + A_WHILE * 3;
    while cluster.next_due().is_some_and(|due| due <= until) {
        observer.event(cluster);
    }
    cluster.run_until(until);
    let mut violations = Vec::new();
    let sets: Vec<Arc<Object>> = cluster.store().list(Kind::StatefulSet).cloned().collect();
    for set in &sets {
        let failed = cluster.reasons(&set.object_ref()).iter().any(is_failure);
        // I8: every accepted generation is eventually observed.
        if set.status.int("observedGeneration") != Some(set.meta.generation) {
            violations.push(format!("I8: {} has generation {}: {}", set.meta.name, set.meta.generation, set.status));
        }
        // I9, second half: one more sync changes nothing.
        let more = one_more_sync(cluster, set);
        if !failed && !more.is_empty() {
            violations.push(format!("I9: one more sync of {} does {more:?}", set.meta.name));
        }
    }
    // I9, first half: with no input, only retries, back-off and heartbeats remain.
    let until = cluster.now() + A_WHILE;
    cluster.run_until(until);
    for step in cluster.take_steps() {
        let remains = match step.what {
            What::Event { .. } => true,
            What::Updated => matches!(step.actor, Actor::Kubelet | Actor::Scheduler),
            _ => false,
        };
        if !remains {
            violations.push(format!("I9: {} at rest: {:?} {}", step.actor, step.what, step.object));
        }
    }
    violations
}

fn is_failure(reason: &Reason) -> bool {
    matches!(reason, Reason::StatefulSet(Wait::Failed { .. }))
}

/// What a sync of the set would do.
fn one_more_sync(cluster: &Cluster, set: &Object) -> Vec<String> {
    let store = cluster.store();
    let Some(view) = View::new(store, &set.object_ref(), cluster.now()) else {
        return Vec::new();
    };
    let pods: Vec<Arc<Object>> = view.pods.values().map(|pod| Arc::clone(pod)).collect();
    let mut reader = Reader { store, wants: Vec::new() };
    let gates = &cluster.config().feature_gates;
    update_stateful_set(&mut reader, &StatefulSet::of(set), &pods, gates, cluster.now());
    reader.wants
}

/// A client that only notes what it is asked to do.
struct Reader<'a> {
    store: &'a Store,
    wants: Vec<String>,
}

impl Reader<'_> {
    fn find(&self, kind: Kind, namespace: &str, name: &str) -> Result<Arc<Object>, Status> {
        self.store.find(&ObjectRef::new(kind, namespace, name)).cloned().ok_or_else(|| Status::not_found(kind, name))
    }

    fn note(&mut self, what: &str, object: &Object) {
        self.wants.push(format!("{what} {}", object.object_ref()));
    }
}

impl Client for Reader<'_> {
    fn create_pod(&mut self, pod: Object) -> Result<(), Status> {
        self.note("create", &pod);
        Ok(())
    }

    fn get_pod(&self, namespace: &str, name: &str) -> Result<Arc<Object>, Status> {
        self.find(Kind::Pod, namespace, name)
    }

    fn update_pod(&mut self, pod: Object) -> Result<(), Status> {
        self.note("update", &pod);
        Ok(())
    }

    fn delete_pod(&mut self, pod: &Object) -> Result<(), Status> {
        self.note("delete", pod);
        Ok(())
    }

    fn create_claim(&mut self, claim: Object) -> Result<(), Status> {
        self.note("create", &claim);
        Ok(())
    }

    fn get_claim(&self, namespace: &str, name: &str) -> Result<Arc<Object>, Status> {
        self.find(Kind::PersistentVolumeClaim, namespace, name)
    }

    fn update_claim(&mut self, claim: Object) -> Result<(), Status> {
        self.note("update", &claim);
        Ok(())
    }

    fn update_stateful_set_status(&mut self, set: &StatefulSet, status: &StatefulSetStatus) -> Result<(), Status> {
        self.wants.push(format!("write the status of {}: {status:?}", set.meta.name));
        Ok(())
    }

    fn list_controller_revisions(&self, set: &StatefulSet) -> Vec<Arc<Object>> {
        let owned = |revision: &&Arc<Object>| {
            revision.meta.controller_of().is_none_or(|owner| owner.uid == set.meta.uid)
                && set.selector.as_ref().is_some_and(|selector| selector.matches(&revision.meta.labels))
        };
        self.store.list_in(Kind::ControllerRevision, &set.meta.namespace).filter(owned).cloned().collect()
    }

    fn create_controller_revision(&mut self, revision: Object) -> Result<Arc<Object>, Status> {
        self.note("create", &revision);
        Ok(Arc::new(revision))
    }

    fn get_controller_revision(&self, namespace: &str, name: &str) -> Result<Arc<Object>, Status> {
        self.find(Kind::ControllerRevision, namespace, name)
    }

    fn update_controller_revision(&mut self, revision: Object) -> Result<Arc<Object>, Status> {
        self.note("update", &revision);
        Ok(Arc::new(revision))
    }

    fn delete_controller_revision(&mut self, revision: &Object) -> Result<(), Status> {
        self.note("delete", revision);
        Ok(())
    }

    fn event(&mut self, _set: &StatefulSet, _ty: EventType, reason: &str, message: String) {
        self.wants.push(format!("say {reason}: {message}"));
    }
}
