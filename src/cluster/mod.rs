//! The simulated cluster: the API server's store, a virtual clock, and the queue of what its controllers are to do.
//!
//! Sans-IO and deterministic: inputs are requests and the time to go to, outputs are the store, the steps that were
//! taken, and the time at which something is next to be done. There is no clock, no random source and no hash map here.

pub mod actor;
mod api_server;
pub mod config;
pub mod events;
pub mod faults;
pub(crate) mod memo;
mod queue;
pub(crate) mod random;
pub(crate) mod shared_map;
pub mod snapshot;
pub mod step;
pub mod store;
pub mod timing;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::kind::Kind;
use crate::api::managed::{Managed, Manager};
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::status::Status;
use crate::api::time::{Instant, Millis};
use crate::controllers::reason::Reason;
use crate::controllers::{self, Controllers};
use actor::Actor;
pub use api_server::{
    Accepted, CreateOptions, DeleteOptions, FieldValidation, PatchOptions, PatchType, Patched, Propagation, Refusal,
};
pub(crate) use api_server::{FOREGROUND, ORPHAN, set_condition};
use config::Config;
use events::Events;
use faults::Faults;
use queue::{Queue, Work};
use random::Random;
use step::{Step, What};
use store::Store;

/// A cluster at a moment of its virtual time. A copy is an independent cluster that shares the objects.
#[derive(Clone, Debug)]
pub struct Cluster {
    config: Arc<Config>,
    now: Instant,
    store: Store,
    random: Random,
    queue: Queue,
    events: Events,
    /// What was done since the steps were last taken out.
    steps: Vec<Step>,
    /// What is made to go wrong.
    faults: Faults,
    /// How often the sync of an object has failed in a row.
    failures: BTreeMap<Work, u32>,
    /// Every write since somebody took them out, for those who watch.
    writes: Vec<(u64, WatchEvent)>,
    keeps_writes: bool,
    /// Whether what is done here is thrown away: the server takes no ports for it.
    trial: bool,
    /// In whose name a person's requests are, for `metadata.managedFields`.
    requester: Manager,
    /// What the controllers remember.
    pub(crate) controllers: Controllers,
}

/// In whose name a write is.
enum By {
    /// Nobody's.
    Nobody,
    /// That of this manager.
    Manager(Manager),
    /// Who manages what of the new object is worked out already.
    Known(Managed),
}

/// What the store tells the controllers of a write.
#[derive(Clone, Debug)]
pub struct WatchEvent {
    /// The object before; `None` when it was created.
    pub old: Option<Arc<Object>>,
    /// The object after; `None` when it was deleted.
    pub new: Option<Arc<Object>>,
}

impl WatchEvent {
    /// The object: as it is now, or as it was last.
    pub fn object(&self) -> &Arc<Object> {
        self.new.as_ref().or(self.old.as_ref()).expect("an event has an object before or after")
    }
}

/// 64-bit FNV-1a.
fn fingerprint(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

impl Cluster {
    /// A cluster with the objects that its settings name, at rest.
    pub fn new(config: Config) -> Cluster {
        let mut cluster = Cluster {
            now: Instant::START,
            store: Store::default(),
            random: Random::new(config.seed),
            queue: Queue::default(),
            events: Events::default(),
            steps: Vec::new(),
            writes: Vec::new(),
            keeps_writes: false,
            trial: false,
            faults: Faults::default(),
            failures: BTreeMap::new(),
            controllers: Controllers::default(),
            requester: Manager::updating("kube-apiserver"),
            config: Arc::new(config),
        };
        let config = Arc::clone(&cluster.config);
        for object in config.objects() {
            let by = By::Manager(cluster.requester.clone());
            cluster.insert(Actor::User, by, object);
        }
        cluster.run_until(Instant::START + Millis::from_secs(1));
        cluster.steps.clear();
        cluster
    }

    /// The settings that the cluster began with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The virtual time.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Sets the clock of a copy, to run a program again in it.
    pub fn set_clock(&mut self, now: Instant) {
        self.now = now;
    }

    /// The objects.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The chaos that is on, and how the last one ended.
    pub fn chaos(&self) -> &controllers::chaos::State {
        &self.controllers.chaos
    }

    /// When something is next to be done; `None` when nothing is.
    pub fn next_due(&self) -> Option<Instant> {
        self.queue.next_due()
    }

    /// What is to be done: when, by whom, and about which object, in the order in which it will be done.
    pub fn pending(&self) -> impl Iterator<Item = (Instant, Actor, &ObjectRef)> {
        self.queue.iter().map(|(at, work)| (at, work.actor, &work.object))
    }

    /// Does the next thing that is to be done, going to its time. Says whether there was one.
    pub fn run_next(&mut self) -> bool {
        let Some((at, work)) = self.queue.pop() else {
            return false;
        };
        self.now = self.now.max(at);
        controllers::run(self, work.actor, &work.object);
        controllers::chaos::check(self);
        true
    }

    /// A copy that requests can be tried out on.
    pub fn trial(&self) -> Cluster {
        Cluster { trial: true, ..self.clone() }
    }

    /// Does everything that is due until a moment, and goes there.
    pub fn run_until(&mut self, moment: Instant) {
        while self.queue.next_due().is_some_and(|due| due <= moment) {
            self.run_next();
        }
        self.now = self.now.max(moment);
    }

    /// What was done since the last call.
    pub fn take_steps(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }

    /// Has a controller look at an object, since something changed.
    pub(crate) fn enqueue(&mut self, actor: Actor, object: ObjectRef, delay: Millis) {
        let at = self.now + delay + self.late_by();
        self.queue.add(Work { actor, object }, at);
    }

    /// Has a controller look at an object later.
    pub(crate) fn enqueue_after(&mut self, actor: Actor, object: ObjectRef, delay: Millis) {
        let at = self.now + delay;
        self.queue.add_after(Work { actor, object }, at);
    }

    /// Has a sync that failed done again, each time later.
    // Models k8s.io/client-go/util/workqueue/default_rate_limiters.go ItemExponentialFailureRateLimiter
    pub(crate) fn settle(&mut self, actor: Actor, object: &ObjectRef, result: Result<(), Status>) {
        let work = Work { actor, object: object.clone() };
        let Err(status) = result else {
            if self.failures.remove(&work).is_some()
                && let [Reason::Failed { .. }] = self.controllers.reasons.of(actor, object)
            {
                self.note(actor, object, Vec::new());
            }
            return;
        };
        let count = self.failures.entry(work).or_default();
        let delay = Millis(timing::RETRY.0 << (*count).min(30)).min(timing::MAX_RETRY);
        *count += 1;
        self.note(actor, object, vec![Reason::Failed { error: status.message }]);
        self.enqueue_after(actor, object.clone(), delay);
    }

    /// Stores a new object as it is, with what the server sets.
    fn insert(&mut self, actor: Actor, by: By, mut object: Object) -> Arc<Object> {
        object.meta.uid = self.random.uid();
        object.meta.creation_timestamp = Some(self.now.timestamp());
        self.note_manager(by, &mut object, None);
        let (_, new) = self.store.put(object);
        self.wrote(actor, What::Created, WatchEvent { old: None, new: Some(Arc::clone(&new)) });
        new
    }

    /// Stores an object over an older version of it. Nothing happens where they are equal.
    fn replace(&mut self, actor: Actor, by: By, mut object: Object) -> Arc<Object> {
        let old = self.store.same_name(&object).cloned();
        if let Some(old) = &old {
            object.meta.resource_version = old.meta.resource_version;
            if **old == object && !matches!(by, By::Known(_)) {
                return Arc::clone(old);
            }
        }
        self.put(actor, by, object, old.as_ref())
    }

    /// Stores an object over an older version of it that is not equal.
    fn put(&mut self, actor: Actor, by: By, mut object: Object, old: Option<&Arc<Object>>) -> Arc<Object> {
        self.note_manager(by, &mut object, old);
        let is_terminating = object.meta.is_terminating();
        let (old, new) = self.store.put(object);
        let began_to_go = is_terminating && old.as_ref().is_some_and(|old| !old.meta.is_terminating());
        let what = if began_to_go { What::Terminating } else { What::Updated };
        self.wrote(actor, what, WatchEvent { old, new: Some(Arc::clone(&new)) });
        new
    }

    /// Notes in whose name an object is written.
    fn note_manager(&self, by: By, object: &mut Object, old: Option<&Arc<Object>>) {
        let before = old.map(|old| old.meta.managed.clone()).unwrap_or_default();
        object.meta.managed = match by {
            By::Nobody => before.after(None, self.now.timestamp(), old),
            By::Manager(manager) => before.after(Some(manager), self.now.timestamp(), old),
            By::Known(managed) => managed,
        };
    }

    /// In whose name an actor writes objects.
    fn manager_of(&self, actor: Actor) -> Manager {
        Manager::updating(match actor {
            Actor::User => return self.requester.clone(),
            // The recorded cluster's programs have other names.
            Actor::Kubelet | Actor::Provisioner if self.config.stand_ins => "fakenode",
            Actor::Scheduler if self.config.stand_ins => "scheduler",
            Actor::Resizer => actor.component(),
            _ if self.config.stand_ins => "kcm",
            Actor::Kubelet => "kubelet",
            Actor::Scheduler => "kube-scheduler",
            Actor::Provisioner => actor.component(),
            _ => "kube-controller-manager",
        })
    }

    /// Has the next requests of a person be in this name.
    pub fn set_requester(&mut self, manager: Manager) {
        self.requester = manager;
    }

    /// Takes an object out of the store.
    fn remove(&mut self, actor: Actor, reference: &ObjectRef) {
        if let Some(old) = self.store.remove(reference) {
            self.controllers.reasons.forget(reference);
            self.wrote(actor, What::Deleted, WatchEvent { old: Some(old), new: None });
        }
    }

    /// Takes an object out of a copy of a cluster that nobody works on. Nobody is told.
    pub(crate) fn take_out(&mut self, reference: &ObjectRef) {
        self.store.remove(reference);
    }

    fn wrote(&mut self, actor: Actor, what: What, event: WatchEvent) {
        let object = event.object().object_ref();
        self.steps.push(Step { at: self.now, actor, object, what });
        let version = self.store.resource_version();
        controllers::observe(self, &event);
        if self.keeps_writes {
            self.writes.push((version, event));
        }
    }

    /// Keeps writes from now on, for [`Cluster::take_writes`].
    pub fn keep_writes(&mut self) {
        self.keeps_writes = true;
    }

    /// The writes since the last call, where they are kept, each with the version of the store after it.
    pub fn take_writes(&mut self) -> Vec<(u64, WatchEvent)> {
        std::mem::take(&mut self.writes)
    }

    /// The object of this name.
    pub(crate) fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<Arc<Object>> {
        self.store.get(kind, namespace, name).cloned()
    }
}
