//! Random runs of a whole cluster: what somebody does who tries everything, from a seed.

use serde_json::{Value, json};
use statefulscope::api::gates::FeatureGates;
use statefulscope::api::kind::Kind;
use statefulscope::api::meta::ObjectRef;
use statefulscope::api::object::Object;
use statefulscope::api::time::Millis;
use statefulscope::cluster::actor::Actor;
use statefulscope::cluster::config::Config;
use statefulscope::cluster::faults::{ApiError, ApiFault, Verb};
use statefulscope::cluster::{Cluster, PatchType, Propagation};
use statefulscope::command::Command;
use statefulscope::controllers::kubelet::PodFaults;

/// The namespace of everything here.
pub const NAMESPACE: &str = "default";
/// The sets of a run.
pub const SETS: [&str; 2] = ["web", "db"];
const PROVISIONER: &str = "example.com/disks";
const NODES: [&str; 3] = ["node1", "node2", "node3"];

/// Numbers that depend on the seed alone (SplitMix64).
pub struct Dice(u64);

impl Dice {
    /// Dice that begin at `seed`.
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5a5a_a5a5)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Whether something happens that does once in `n` times.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of these.
    pub fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize].clone()
    }
}

/// What comes next in a run.
pub enum Move {
    /// So many things happen by themselves.
    Events(u64),
    /// Time passes, and everything that is due happens.
    Pass(Millis),
    /// Somebody does something.
    Do(Command),
}

/// Somebody who tries everything.
pub struct Player {
    dice: Dice,
    /// Whether anything goes wrong but what somebody asks for by name.
    faults: bool,
}

impl Player {
    /// The player of a seed, and the cluster's settings.
    pub fn new(seed: u64) -> (Player, Config) {
        let mut dice = Dice::new(seed);
        let feature_gates = FeatureGates {
            max_unavailable_stateful_set: !dice.once_in(4),
            stateful_set_recreate_strategy: dice.once_in(3),
            ..FeatureGates::default()
        };
        let faults = dice.once_in(2);
        (Player { dice, faults }, Config { seed, feature_gates, ..Config::default() })
    }

    /// What is there before anything else: a class of disks, and the sets with what goes with them.
    pub fn begin(&mut self, cluster: &Cluster) -> Vec<Command> {
        let class = json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
            "metadata": {"name": "disks", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            "provisioner": PROVISIONER, "reclaimPolicy": self.dice.pick(&["Delete", "Retain"]),
            "volumeBindingMode": self.dice.pick(&["Immediate", "WaitForFirstConsumer"]),
        });
        let mut commands = vec![apply(&class), apply(&service("nginx"))];
        if self.dice.once_in(2) {
            commands.push(apply(&budget(self.dice.below(3) as i64)));
        }
        commands.push(self.set("web", cluster));
        if self.dice.once_in(2) {
            commands.push(self.set("db", cluster));
        }
        commands
    }

    /// What comes next, in view of the cluster.
    pub fn next(&mut self, cluster: &Cluster) -> Move {
        match self.dice.below(20) {
            0..=7 => Move::Events(1 + self.dice.below(12)),
            8..=13 => Move::Pass(Millis(self.dice.pick(&[20, 700, 2_000, 10_000, 45_000, 400_000]))),
            _ => Move::Do(self.command(cluster)),
        }
    }

    /// Somebody's next command.
    pub fn command(&mut self, cluster: &Cluster) -> Command {
        let name = self.dice.pick(&SETS);
        let set = set_ref(name);
        let Some(stored) = cluster.store().find(&set) else {
            return self.set(name, cluster);
        };
        match self.dice.below(24) {
            0..=4 => Command::Scale { object: set, replicas: self.dice.below(6) as i64 },
            5..=7 => self.template(&set),
            8..=9 => spec(&set, json!({"updateStrategy": self.strategy(cluster)})),
            10 => spec(&set, json!({"persistentVolumeClaimRetentionPolicy": self.retention()})),
            11 => spec(&set, self.detail()),
            12..=16 => self.on_a_pod(cluster, stored),
            17 => self.on_a_claim(cluster).unwrap_or_else(|| self.template(&set)),
            18 if self.dice.once_in(2) => self.delete(&set),
            19 if self.faults => self.on_the_cluster(),
            20 => self.orphan(name),
            _ => self.faults_of_a_pod(name),
        }
    }

    /// What ends everything that was made to go wrong.
    pub fn repair(cluster: &Cluster) -> Vec<Command> {
        let mut commands = vec![
            Command::InjectFault { fault: ApiFault::default() },
            Command::SetLatency { latency: Millis(0) },
            Command::SetProvisionerDown { provisioner: PROVISIONER.to_owned(), down: false },
        ];
        commands.extend(NODES.map(|node| Command::SetNodeDown { node: node.to_owned(), down: false }));
        let pods = SETS.iter().flat_map(|set| (0..12).map(move |ordinal| format!("{set}-{ordinal}")));
        commands.extend(pods.map(|name| Command::SetFaults { pod: pod_ref(&name), faults: PodFaults::default() }));
        let sets = SETS.iter().map(|name| set_ref(name)).filter(|set| cluster.store().find(set).is_some());
        commands.extend(sets.map(|object| {
            let (container, image) = ("nginx".to_owned(), "nginx:1".to_owned());
            Command::SetImage { object, container, image }
        }));
        commands
    }

    fn set(&mut self, name: &str, cluster: &Cluster) -> Command {
        let templates: Vec<Value> = ["www", "log"].iter().take(self.dice.below(3) as usize).map(|n| claim(n)).collect();
        let mut container = json!({"name": "nginx", "image": "nginx:1"});
        if self.dice.once_in(3) {
            let delay = self.dice.pick(&[1, 5]);
            container["readinessProbe"] = json!({
                "httpGet": {"path": "/", "port": 80}, "periodSeconds": 60, "initialDelaySeconds": delay,
            });
        }
        let mut spec = json!({
            "serviceName": "nginx", "replicas": self.dice.below(5),
            "podManagementPolicy": self.dice.pick(&["OrderedReady", "OrderedReady", "Parallel"]),
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name, "tier": "nginx"}}, "spec": {
                "terminationGracePeriodSeconds": self.dice.pick(&[0, 1, 30]), "containers": [container],
            }},
            "volumeClaimTemplates": templates,
            "updateStrategy": self.strategy(cluster),
            "persistentVolumeClaimRetentionPolicy": self.retention(),
        });
        if let (Value::Object(spec), Value::Object(more)) = (&mut spec, self.detail()) {
            spec.extend(more);
        }
        apply(&json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec,
        }))
    }

    fn strategy(&mut self, cluster: &Cluster) -> Value {
        let gates = &cluster.config().feature_gates;
        match self.dice.below(8) {
            0 => json!({"type": "OnDelete", "rollingUpdate": null}),
            1..=3 if gates.stateful_set_recreate_strategy => json!({"type": "Recreate", "rollingUpdate": null}),
            _ => {
                let mut rolling = json!({"partition": self.dice.pick(&[0, 0, 0, 1, 2, 4])});
                if self.dice.once_in(2) {
                    rolling["maxUnavailable"] = self.dice.pick(&[json!(1), json!(2), json!("50%"), json!("100%")]);
                }
                json!({"type": "RollingUpdate", "rollingUpdate": rolling})
            }
        }
    }

    fn retention(&mut self) -> Value {
        let policies = ["Retain", "Delete"];
        json!({"whenDeleted": self.dice.pick(&policies), "whenScaled": self.dice.pick(&policies)})
    }

    fn detail(&mut self) -> Value {
        match self.dice.below(4) {
            0 => json!({"minReadySeconds": self.dice.pick(&[0, 0, 3, 30])}),
            1 => json!({"ordinals": {"start": self.dice.below(3)}}),
            2 => json!({"revisionHistoryLimit": self.dice.below(4)}),
            _ => json!({}),
        }
    }

    fn template(&mut self, set: &ObjectRef) -> Command {
        let image = self.dice.pick(&["nginx:1", "nginx:2", "nginx:3", "nginx:broken"]).to_owned();
        if self.dice.once_in(3) {
            let template = json!({"metadata": {"annotations": {"turn": format!("{}", self.dice.below(5))}}});
            return spec(set, json!({"template": template}));
        }
        Command::SetImage { object: set.clone(), container: "nginx".to_owned(), image }
    }

    fn delete(&mut self, set: &ObjectRef) -> Command {
        let cascade = self.dice.pick(&[Propagation::Background, Propagation::Foreground, Propagation::Orphan]);
        Command::Delete { object: set.clone(), cascade, grace_period_seconds: None }
    }

    fn on_a_pod(&mut self, cluster: &Cluster, set: &Object) -> Command {
        let pods: Vec<&str> = cluster.store().list_in(Kind::Pod, NAMESPACE).map(|pod| pod.meta.name.as_str()).collect();
        if pods.is_empty() {
            return self.template(&set.object_ref());
        }
        let pod = pod_ref(self.dice.pick(&pods));
        let delete = |grace_period_seconds| Command::Delete {
            object: pod.clone(),
            cascade: Propagation::Background,
            grace_period_seconds,
        };
        match self.dice.below(10) {
            0..=2 => delete(None),
            3 => delete(Some(0)),
            4..=5 => Command::KillContainers { pod },
            6..=7 => Command::Evict { pod },
            8 => labels(&pod, json!({"statefulset.kubernetes.io/pod-name": null})),
            _ => labels(&pod, json!({"app": self.dice.pick(&["web", "db", "other"])})),
        }
    }

    fn on_a_claim(&mut self, cluster: &Cluster) -> Option<Command> {
        let claims: Vec<ObjectRef> =
            cluster.store().list_in(Kind::PersistentVolumeClaim, NAMESPACE).map(|claim| claim.object_ref()).collect();
        let object = (!claims.is_empty()).then(|| self.dice.pick(&claims))?;
        Some(Command::Delete { object, cascade: Propagation::Background, grace_period_seconds: None })
    }

    fn on_the_cluster(&mut self) -> Command {
        match self.dice.below(6) {
            4..=5 => {
                let node = self.dice.pick(&NODES).to_owned();
                Command::SetNodeDown { node, down: self.dice.once_in(2) }
            }
            0 => Command::SetLatency { latency: Millis(self.dice.pick(&[0, 50, 3_000])) },
            1 => Command::SetProvisionerDown { provisioner: PROVISIONER.to_owned(), down: self.dice.once_in(2) },
            _ => {
                let verbs =
                    [None, Some(Verb::Create), Some(Verb::Update), Some(Verb::UpdateStatus), Some(Verb::Delete)];
                let fault = ApiFault {
                    actor: self.dice.pick(&[None, Some(Actor::StatefulSetController)]),
                    verb: self.dice.pick(&verbs),
                    kind: String::new(),
                    error: self.dice.pick(&[ApiError::Conflict, ApiError::InternalError, ApiError::Forbidden]),
                    per_mille: self.dice.pick(&[0, 100, 500]),
                    duration_ms: 60_000,
                };
                Command::InjectFault { fault }
            }
        }
    }

    /// A pod that nobody made for the set.
    fn orphan(&mut self, set: &str) -> Command {
        let name = format!("{set}-{}", self.dice.below(7));
        apply(&json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"app": set, "tier": "nginx"}},
            "spec": {"containers": [{"name": "nginx", "image": "nginx:1"}]},
        }))
    }

    fn faults_of_a_pod(&mut self, set: &str) -> Command {
        let pod = pod_ref(&format!("{set}-{}", self.dice.below(5)));
        let mut faults = PodFaults::default();
        match self.dice.below(9) {
            0..=1 => faults.not_ready = true,
            2 => faults.crash = true,
            3 => faults.image_pull = true,
            4 => faults.slow_start_seconds = 7,
            5 => faults.ignore_sigterm = true,
            _ => {}
        }
        Command::SetFaults { pod, faults }
    }
}

/// The set of this name.
pub fn set_ref(name: &str) -> ObjectRef {
    ObjectRef::new(Kind::StatefulSet, NAMESPACE, name)
}

fn pod_ref(name: &str) -> ObjectRef {
    ObjectRef::new(Kind::Pod, NAMESPACE, name)
}

fn apply(manifest: &Value) -> Command {
    Command::Apply { manifest: manifest.to_string() }
}

fn patch(object: &ObjectRef, patch: &Value) -> Command {
    Command::Patch { object: object.clone(), patch_type: PatchType::Merge, patch: patch.to_string() }
}

/// Changes a specification.
pub fn spec(object: &ObjectRef, changes: Value) -> Command {
    patch(object, &json!({"spec": changes}))
}

fn labels(object: &ObjectRef, changes: Value) -> Command {
    patch(object, &json!({"metadata": {"labels": changes}}))
}

fn claim(name: &str) -> Value {
    json!({
        "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    })
}

fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"clusterIP": "None", "selector": {"tier": "nginx"}, "ports": [{"port": 80}]},
    })
}

fn budget(min_available: i64) -> Value {
    json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "pdb", "namespace": NAMESPACE},
        "spec": {"minAvailable": min_available, "selector": {"matchLabels": {"tier": "nginx"}}},
    })
}

/// Goes through a run: `event` is called for each thing that happens by itself, before it happens and after, and `done`
/// for each command. Ends after about `events` of both.
pub fn play(seed: u64, events: u64, observer: &mut dyn Observer) -> Cluster {
    let (mut player, config) = Player::new(seed);
    let mut cluster = Cluster::new(config);
    let mut count = 0;
    for command in player.begin(&cluster) {
        observer.command(&mut cluster, &command);
        count += 1;
    }
    while count < events {
        match player.next(&cluster) {
            Move::Do(command) => {
                observer.command(&mut cluster, &command);
                count += 1;
            }
            Move::Events(number) => {
                for _ in 0..number {
                    count += 1;
                    if !observer.event(&mut cluster) {
                        break;
                    }
                }
            }
            Move::Pass(span) => {
                let until = cluster.now() + span;
                // A broken cluster retries without end: a long time is cut short where too much happens in it.
                for _ in 0..200 {
                    if cluster.next_due().is_none_or(|due| due > until) {
                        cluster.run_until(until);
                        break;
                    }
                    count += 1;
                    observer.event(&mut cluster);
                }
            }
        }
    }
    cluster
}

/// Who looks on.
pub trait Observer {
    /// Has the next thing happen. Says whether there was one.
    fn event(&mut self, cluster: &mut Cluster) -> bool {
        let happened = cluster.run_next();
        cluster.take_steps();
        happened
    }

    /// Does what somebody wants.
    fn command(&mut self, cluster: &mut Cluster, command: &Command) {
        cluster.execute(command);
        cluster.take_steps();
    }
}

/// Somebody who does not look.
pub struct Nobody;

impl Observer for Nobody {}

/// The hash of the state after a run.
pub fn hash(seed: u64, events: u64) -> u64 {
    play(seed, events, &mut Nobody).hash()
}
