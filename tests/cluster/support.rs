//! A run, and what can be asked of it.

use statefulscope::api::fields::Fields;
use statefulscope::api::kind::Kind;
use statefulscope::api::meta::ObjectRef;
use statefulscope::api::object::Object;
use statefulscope::api::time::Millis;
use statefulscope::cluster::config::Config;
use statefulscope::cluster::step::What;
use statefulscope::cluster::{PatchType, Propagation};
use statefulscope::command::{Answer, Command};
use statefulscope::controllers::reason::Reason;
use statefulscope::timeline::{Mark, Timeline};

/// A run, with the step from which it is looked at.
pub struct Run {
    pub timeline: Timeline,
    from: usize,
}

/// What steps say: `web-0 created`, `web-0 Scheduled`.
pub fn told(marks: &[Mark]) -> Vec<String> {
    let word = |mark: &Mark| match &mark.what {
        What::Created => "created".to_owned(),
        What::Updated => "updated".to_owned(),
        What::Terminating => "terminating".to_owned(),
        What::Deleted => "deleted".to_owned(),
        What::Event { reason, .. } => reason.clone(),
    };
    marks.iter().map(|mark| format!("{} {}", mark.object.name, word(mark))).collect()
}

/// Asserts that these things happened from a step on, in this order, with others between them.
#[track_caller]
pub fn expect_order(timeline: &Timeline, from: usize, wanted: &[&str]) {
    let told = told(&timeline.steps()[from..]);
    let mut at = 0;
    for wanted in wanted {
        let found = told[at..].iter().position(|step| step == wanted);
        at += found.unwrap_or_else(|| panic!("{wanted:?} does not follow in {told:#?}")) + 1;
    }
}

impl Run {
    /// A cluster at its beginning.
    pub fn new() -> Run {
        Run::with(Config::default())
    }

    /// A cluster with these settings.
    pub fn with(config: Config) -> Run {
        Run { timeline: Timeline::new(config), from: 0 }
    }

    /// A cluster in which a manifest has come to rest.
    pub fn of(manifest: &str) -> Run {
        let mut run = Run::new();
        run.apply(manifest);
        run.settle();
        run.mark();
        run
    }

    /// From here on is looked at.
    pub fn mark(&mut self) {
        self.from = self.timeline.steps().len();
    }

    #[track_caller]
    pub fn apply(&mut self, manifest: &str) -> Answer {
        let answer = self.timeline.dispatch(Command::Apply { manifest: manifest.to_owned() });
        assert!(!answer.is_refused(), "{answer:?}");
        answer
    }

    pub fn dispatch(&mut self, command: Command) -> Answer {
        self.timeline.dispatch(command)
    }

    /// Patches an object with a merge patch.
    pub fn patch(&mut self, object: &ObjectRef, patch: &str) -> Answer {
        let (object, patch) = (object.clone(), patch.to_owned());
        self.dispatch(Command::Patch { object, patch_type: PatchType::Merge, patch })
    }

    pub fn delete(&mut self, object: &ObjectRef, cascade: Propagation) -> Answer {
        self.dispatch(Command::Delete { object: object.clone(), cascade, grace_period_seconds: None })
    }

    pub fn scale(&mut self, replicas: i64) {
        self.dispatch(Command::Scale { object: set("web"), replicas });
    }

    pub fn advance(&mut self, millis: i64) {
        self.timeline.advance(Millis(millis));
    }

    /// Runs until nothing changes any more for 50 seconds.
    #[track_caller]
    pub fn settle(&mut self) {
        let mut quiet = 0;
        for _ in 0..2000 {
            quiet = if self.timeline.advance(Millis::from_secs(1)) { 0 } else { quiet + 1 };
            if quiet == 50 {
                return;
            }
        }
        panic!("the cluster does not come to rest: {:#?}", &self.told()[self.told().len() - 20..]);
    }

    pub fn find(&self, object: &ObjectRef) -> Option<&Object> {
        self.timeline.cluster().store().find(object).map(|object| &**object)
    }

    #[track_caller]
    pub fn get(&self, object: &ObjectRef) -> &Object {
        self.find(object).unwrap_or_else(|| panic!("no {object}"))
    }

    pub fn names(&self, kind: Kind) -> Vec<String> {
        let all = self.timeline.cluster().store().list(kind);
        all.filter(|object| object.meta.namespace != "kube-system").map(|object| object.meta.name.clone()).collect()
    }

    /// The reasons that an object stands still for.
    pub fn reasons(&self, object: &ObjectRef) -> Vec<Reason> {
        self.timeline.cluster().reasons(object)
    }

    /// What happened since the mark: `web-0 created`, `web-0 Scheduled`.
    pub fn told(&self) -> Vec<String> {
        told(&self.timeline.steps()[self.from..])
    }

    /// The messages of events about an object with this reason since the mark.
    pub fn messages(&self, object: &ObjectRef, wanted: &str) -> Vec<String> {
        self.timeline.steps()[self.from..]
            .iter()
            .filter(|step| step.object == *object)
            .filter_map(|step| match &step.what {
                What::Event { reason, message, .. } if reason == wanted => Some(message.clone()),
                _ => None,
            })
            .collect()
    }

    /// Asserts that these things happened since the mark, in this order, with others between them.
    #[track_caller]
    pub fn expect_order(&self, wanted: &[&str]) {
        expect_order(&self.timeline, self.from, wanted);
    }

    /// When something happened first since the mark, in milliseconds since the cluster's clock began.
    #[track_caller]
    pub fn when(&self, wanted: &str) -> i64 {
        let at = self.told().iter().position(|step| step == wanted);
        let at = at.unwrap_or_else(|| panic!("{wanted:?} is not in {:#?}", self.told()));
        self.timeline.steps()[self.from + at].at.0
    }
}

pub fn of(kind: Kind, name: &str) -> ObjectRef {
    ObjectRef::new(kind, if kind.resource().namespaced { "julin" } else { "" }, name)
}

pub fn set(name: &str) -> ObjectRef {
    of(Kind::StatefulSet, name)
}

pub fn pod(name: &str) -> ObjectRef {
    of(Kind::Pod, name)
}

pub fn claim(name: &str) -> ObjectRef {
    of(Kind::PersistentVolumeClaim, name)
}

/// The status of a condition; empty where there is none.
pub fn condition(object: &Object, ty: &str) -> String {
    field_of_condition(object, ty, "status")
}

pub fn field_of_condition(object: &Object, ty: &str, field: &str) -> String {
    let found = object.status.list("conditions").iter().find(|condition| condition.text("type") == ty);
    found.map(|condition| condition.text(field).to_owned()).unwrap_or_default()
}

/// The numbers of a status, in the order asked for.
pub fn numbers<const N: usize>(object: &Object, fields: [&str; N]) -> [i64; N] {
    fields.map(|field| object.status.field(field).as_i64().unwrap_or(-1))
}

/// A set of three with a claim each, and the Service above it.
pub const WEB: &str = r#"
apiVersion: v1
kind: Service
metadata: {name: nginx, namespace: julin, labels: {app: nginx}}
spec: {ports: [{port: 80, name: web}], clusterIP: None, selector: {app: nginx}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: julin}
spec:
  serviceName: nginx
  replicas: 3
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec:
      containers:
      - {name: nginx, image: "nginx:1", volumeMounts: [{name: www, mountPath: /data}]}
  volumeClaimTemplates:
  - metadata: {name: www}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"#;

/// A single pod with this specification of its own.
pub fn lone_pod(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: julin, labels: {{app: {name}}}}}\nspec: {spec}\n"
    )
}
