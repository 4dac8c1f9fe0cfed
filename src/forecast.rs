//! What would happen if a manifest were applied: the engine does it in a copy of the cluster, and goes on there until it
//! rests.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::time::{Instant, Millis};
use crate::cluster::Cluster;
use crate::cluster::step::What;
use crate::cluster::store::Index;
use crate::command::{Answer, Command};
use crate::controllers::reason::Reason;
use crate::explain::bottom;
use crate::kubectl::diff_text::unified;
use crate::kubectl::output::yaml;
use crate::kubectl::resource::{self, Reading};
use crate::manifest;

/// How far it is looked ahead: a rollout that hangs gets no further.
const LONGEST: Millis = Millis::from_secs(1800);

/// The same in things that components do.
const MOST_TURNS: usize = 200_000;

/// What becomes of a pod or a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It comes.
    Created,
    /// Another one of its name comes in its place.
    Replaced,
    /// It goes.
    Deleted,
}

/// A pod or a claim that does not stay as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// It.
    pub object: ObjectRef,
    /// What becomes of it.
    pub fate: Fate,
    /// After how long that begins.
    pub after: Millis,
}

/// What is done to an object of the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The object.
    pub object: ObjectRef,
    /// How.
    pub kind: ChangeKind,
    /// How its specification changes, as `diff -u` prints it; nothing where there was none before.
    pub diff: String,
}

/// How an object of the manifest changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// There was none.
    Created,
    /// It becomes another one.
    Configured,
    /// It stays.
    Unchanged,
    /// The server takes it not.
    Refused,
}

/// What would happen. It is found out bit by bit.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// What kubectl would print, and what is wrong with the manifest.
    pub answer: Answer,
    /// The objects of the manifest.
    pub changes: Vec<Change>,
    /// The pods and claims that do not stay as they are, in the order in which that begins.
    pub turns: Vec<Turn>,
    /// The sets of the manifest that then wait for something, each with the reason that lies at the bottom of it.
    pub waits: Vec<(ObjectRef, Reason)>,
    /// The cluster once the manifest is applied, before anything has followed from it.
    pub applied: Cluster,
    /// Where each of them stands among them, and for a pod, as the how manyth pod.
    places: BTreeMap<ObjectRef, (usize, Option<usize>)>,
    cluster: Cluster,
    began: Instant,
    done: usize,
    pods: usize,
}

impl Forecast {
    /// The beginning: the manifest is applied to a copy of a cluster.
    pub fn new(cluster: &Cluster, text: &str) -> Forecast {
        let manifest = manifest::read(text);
        let infos = resource::visit(&manifest, &Reading::of("manifest.yaml")).infos;
        let objects = infos.into_iter().map(|info| info.reference).collect();
        Forecast::of(cluster, &Command::Apply { manifest: text.to_owned() }, objects)
    }

    /// The same for another command, which is about these objects.
    pub fn of(cluster: &Cluster, command: &Command, objects: Vec<ObjectRef>) -> Forecast {
        let mut copy = cluster.clone();
        copy.take_steps();
        let answer = copy.execute(command);
        let written: Vec<ObjectRef> = copy.take_steps().into_iter().map(|step| step.object).collect();
        let change = |object: ObjectRef| {
            let (old, new) = (cluster.store().find(&object), copy.store().find(&object));
            let unchanged = format!("{object} unchanged");
            let kind = match (old, new) {
                (None, Some(_)) => ChangeKind::Created,
                (Some(_), Some(_)) if written.contains(&object) => ChangeKind::Configured,
                _ if !answer.is_refused() || answer.output.iter().any(|line| line.text == unchanged) => {
                    ChangeKind::Unchanged
                }
                _ => ChangeKind::Refused,
            };
            let diff = match (old, new) {
                (Some(old), Some(new)) if kind == ChangeKind::Configured => unified(&told(old), &told(new)),
                _ => String::new(),
            };
            Change { object, kind, diff }
        };
        let changes = objects.into_iter().map(change).collect();
        let (began, applied) = (copy.now(), copy.clone());
        Forecast {
            answer,
            changes,
            turns: Vec::new(),
            waits: Vec::new(),
            applied,
            places: BTreeMap::new(),
            cluster: copy,
            began,
            done: 0,
            pods: 0,
        }
    }

    /// Goes on for so many things that components do. Says whether all is found out.
    pub fn go_on(&mut self, turns: usize) -> bool {
        for _ in 0..turns {
            let is_near = |due: Instant| due.since(self.began) <= LONGEST;
            if self.done >= MOST_TURNS || !self.cluster.next_due().is_some_and(is_near) {
                self.end();
                return true;
            }
            self.cluster.run_next();
            self.done += 1;
            self.look();
        }
        false
    }

    fn look(&mut self) {
        for step in self.cluster.take_steps() {
            if !matches!(step.object.kind, Kind::Pod | Kind::PersistentVolumeClaim) {
                continue;
            }
            let known = self.places.get(&step.object).map(|(at, _)| &mut self.turns[*at]);
            let was_there = self.applied.store().find(&step.object).is_some();
            match (&step.what, known) {
                (What::Created, Some(turn)) if turn.fate == Fate::Deleted => turn.fate = Fate::Replaced,
                (What::Created, None) => self.add(step.object, Fate::Created, step.at),
                (What::Terminating | What::Deleted, None) if was_there => self.add(step.object, Fate::Deleted, step.at),
                _ => {}
            }
        }
    }

    fn add(&mut self, object: ObjectRef, fate: Fate, at: Instant) {
        let number = (object.kind == Kind::Pod).then(|| {
            self.pods += 1;
            self.pods
        });
        self.places.insert(object.clone(), (self.turns.len(), number));
        self.turns.push(Turn { object, fate, after: at.since(self.began) });
    }

    fn end(&mut self) {
        let sets = self.changes.iter().map(|change| &change.object).filter(|object| object.kind == Kind::StatefulSet);
        for set in sets {
            if let Some(reason) = bottom(&self.cluster, set) {
                self.waits.push((set.clone(), reason));
            }
        }
    }

    /// After how long the cluster rests again, or how far it was looked ahead.
    pub fn span(&self) -> Millis {
        self.cluster.now().since(self.began)
    }

    /// Whether nothing is left to be done then.
    pub fn rests(&self) -> bool {
        self.cluster.next_due().is_none()
    }

    /// What is found out of an object, and of a pod, as the how manyth pod.
    pub fn fate_of(&self, object: &ObjectRef) -> Option<(Option<usize>, Fate)> {
        self.places.get(object).map(|(at, number)| (*number, self.turns[*at].fate))
    }

    /// The pods of the sets in the manifest that stay as they are.
    pub fn staying(&self) -> usize {
        let sets = self.changes.iter().filter_map(|change| self.applied.store().find(&change.object));
        let pods = sets.flat_map(|set| self.applied.store().indexed(Index::Owner, &set.meta.uid));
        pods.filter(|object| object.kind == Kind::Pod && self.fate_of(&object.object_ref()).is_none()).count()
    }
}

/// What of an object is compared: what somebody has written of it.
fn told(object: &crate::api::object::Object) -> String {
    let mut out: Map<String, Value> = Map::new();
    let labels = object.meta.labels.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    out.insert("labels".to_owned(), Value::Object(labels.collect()));
    if !object.spec.is_null() {
        out.insert("spec".to_owned(), Value::clone(&object.spec));
    }
    for (name, value) in object.rest.iter().filter(|(name, _)| !name.starts_with("metadata")) {
        out.insert(name.clone(), value.clone());
    }
    out.retain(|_, value| !value.is_null() && value.as_object().is_none_or(|fields| !fields.is_empty()));
    yaml::to_string(&Value::Object(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::config::Config;
    use crate::timeline::Timeline;

    const WEB: &str = include_str!("../scenarios/web.yaml");

    /// A set of three, at rest.
    fn three() -> Cluster {
        let mut timeline = Timeline::new(Config::default());
        timeline.dispatch(Command::Apply { manifest: WEB.replace("replicas: 2", "replicas: 3") });
        timeline.advance(Millis::from_secs(60));
        timeline.cluster().clone()
    }

    fn ahead(cluster: &Cluster, manifest: &str) -> Forecast {
        let mut forecast = Forecast::new(cluster, manifest);
        while !forecast.go_on(7) {}
        forecast
    }

    fn pods(forecast: &Forecast) -> Vec<(&str, Fate)> {
        let pods = forecast.turns.iter().filter(|turn| turn.object.kind == Kind::Pod);
        pods.map(|turn| (turn.object.name.as_str(), turn.fate)).collect()
    }

    #[test]
    fn a_new_template_replaces_pods_from_the_highest_ordinal_down_to_the_partition() {
        let cluster = three();
        let (hash, new) =
            (cluster.hash(), WEB.replace("replicas: 2", "replicas: 3").replace("image: nginx", "image: nginx:1.29"));
        let forecast = ahead(&cluster, &new);
        assert_eq!(pods(&forecast), ["web-2", "web-1", "web-0"].map(|name| (name, Fate::Replaced)));
        assert!(forecast.turns.is_sorted_by_key(|turn| turn.after) && forecast.rests() && forecast.waits.is_empty());
        let set = forecast.changes.iter().find(|change| change.object.kind == Kind::StatefulSet);
        let diff = set.map(|change| change.diff.as_str()).unwrap_or_default();
        let changed = diff.lines().filter(|line| line.starts_with(['+', '-']));
        let changed: Vec<(&str, &str)> = changed.map(|line| (&line[..1], line[1..].trim())).collect();
        assert_eq!(changed, [("-", "- image: nginx"), ("+", "- image: nginx:1.29")]);
        assert_eq!(forecast.changes[0].kind, ChangeKind::Unchanged);
        assert_eq!(cluster.hash(), hash, "nothing has happened");
        let partition =
            new.replace("  replicas: 3", "  replicas: 3\n  updateStrategy: {rollingUpdate: {partition: 2}}");
        let forecast = ahead(&cluster, &partition);
        assert_eq!((pods(&forecast), forecast.staying()), (vec![("web-2", Fate::Replaced)], 2));
    }

    #[test]
    fn pods_come_and_go_with_the_number_of_replicas() {
        let cluster = three();
        let forecast = ahead(&cluster, &WEB.replace("replicas: 2", "replicas: 1"));
        assert_eq!(pods(&forecast), [("web-2", Fate::Deleted), ("web-1", Fate::Deleted)]);
        let forecast = ahead(&cluster, &WEB.replace("replicas: 2", "replicas: 4"));
        assert_eq!((pods(&forecast), forecast.staying()), (vec![("web-3", Fate::Created)], 3));
        let claim = ObjectRef::new(Kind::PersistentVolumeClaim, "julin", "www-web-3");
        assert_eq!(forecast.fate_of(&claim), Some((None, Fate::Created)));
        assert_eq!(ahead(&cluster, &WEB.replace("replicas: 2", "replicas: 3")).turns, []);
    }

    #[test]
    fn what_is_refused_and_what_hangs_is_said() {
        let cluster = three();
        let refused = WEB.replace("replicas: 2", "replicas: 3").replace("storage: 1Gi", "storage: 2Gi");
        assert_ne!(refused, WEB.replace("replicas: 2", "replicas: 3"), "the manifest has a claim template");
        let forecast = ahead(&cluster, &refused);
        assert_eq!(forecast.changes[1].kind, ChangeKind::Refused);
        assert!(forecast.answer.is_refused() && forecast.turns.is_empty());
        let hangs = WEB.replace("replicas: 2", "replicas: 3").replace("image: nginx", "image: nginx:broken");
        let forecast = ahead(&cluster, &hangs);
        assert_eq!(pods(&forecast), [("web-2", Fate::Replaced)]);
        let [(set, reason)] = &forecast.waits[..] else { panic!("{:?}", forecast.waits) };
        assert!(set.name == "web" && format!("{reason:?}").contains("broken"), "{reason:?}");
    }
}
