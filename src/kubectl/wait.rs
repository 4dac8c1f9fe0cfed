//! What a command waits for, so that the line it stands in can be copied and resumed at any moment; and `kubectl wait`.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/wait` of Kubernetes v1.37.2, Apache-2.0.

use std::sync::Arc;

use serde_json::Value;

use super::context::Context;
use super::edit::Edit;
use super::error::Error;
use super::flags::Flags;
use super::output::columns::relaxed_path;
use super::output::go;
use super::output::jsonpath::JsonPath;
use super::request::{Say, file_flags, find, print_flags};
use super::rollout::Rollout;
use super::run::{Exec, Start};
use super::watch::Watch;
use crate::api::fields::Fields;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::time::{Instant, Millis};
use crate::disks::Container;

/// The state of a command that has not ended.
#[derive(Clone, Debug)]
pub enum Wait {
    /// For objects to be as they should: `wait`, `delete`, `scale --timeout`.
    For(For),
    /// `rollout status`
    Rollout(Rollout),
    /// `get -w`
    Watch(Box<Watch>),
    /// `events --watch`
    Events(Box<super::events::Watch>),
    /// `run -it`: for the pod to start.
    Start(Start),
    /// Something that runs in a container.
    Exec(Exec),
    /// `edit`: for the editor to be closed.
    Edit(Edit),
    /// `drain`: for evictions to be allowed, and for pods to go.
    Drain(Box<super::node::Drain>),
    /// `replace --force`: what comes after the deletion.
    Replace(Box<super::replace::Replace>),
    /// `logs -f`: for the pods to go.
    Follow(Box<super::logs::Follow>),
}

/// Whether a command has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// With this code.
    Done(i32),
    /// Not yet; it is to be looked at again at this moment, where there is one.
    Until(Option<Instant>),
}

/// Looks whether what a command waits for has come.
pub fn poll(context: &mut Context<'_>, wait: &mut Wait) -> Progress {
    let result = match wait {
        Wait::For(wait) => wait.poll(context),
        Wait::Rollout(rollout) => rollout.poll(context),
        Wait::Watch(watch) => watch.poll(context.cluster, context.writes, context.out).map(|()| Progress::Until(None)),
        Wait::Events(watch) => watch.poll(context),
        Wait::Start(start) => start.poll(context),
        Wait::Exec(exec) => exec.finish(context),
        Wait::Edit(edit) => edit.poll(context),
        Wait::Drain(drain) => drain.poll(context),
        Wait::Replace(replace) => replace.poll(context),
        Wait::Follow(follow) => follow.poll(context),
    };
    match result {
        Ok(progress) => progress,
        Err(error) => Progress::Done(super::conclude(context, Err(error))),
    }
}

impl Wait {
    /// The container that something is to run in, the words of the command, and whether standard input is passed on.
    pub fn in_container(&self) -> Option<(Container, Vec<String>, bool)> {
        match self {
            Wait::Exec(exec) if exec.ended.is_none() => {
                Some((exec.container.clone(), exec.command.clone(), exec.stdin))
            }
            _ => None,
        }
    }

    /// The same when what runs in the container has ended with a code.
    pub fn ended(mut self, code: i32) -> Wait {
        if let Wait::Exec(exec) = &mut self {
            exec.ended = Some(code);
        }
        self
    }
}

/// An object that is waited for.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Its name.
    pub reference: ObjectRef,
    /// Its uid, where another object of the same name counts as its deletion; empty where not.
    pub uid: String,
    /// What is printed of it in the end, where that is not the object as it is then.
    pub shown: Option<Value>,
}

/// What an object should be.
#[derive(Clone, Debug)]
pub enum Awaited {
    /// Gone.
    Deleted,
    /// There, which it is when it is looked at.
    Created,
    /// A condition of its status has a value, in lower case.
    Condition(String, String),
    /// A set has this many pods, or is asked for another number.
    Replicas(i64),
    /// A JSONPath has a value, or any.
    Path(Arc<JsonPath>, String),
}

impl Target {
    /// An object, whatever its uid.
    pub fn new(reference: ObjectRef) -> Target {
        Target { reference, uid: String::new(), shown: None }
    }
}

/// Waiting for one object after the other, and for each to be one thing after the other.
#[derive(Clone, Debug)]
pub struct For {
    targets: Vec<Target>,
    awaited: Vec<Awaited>,
    /// Which target, and which of the things, comes next.
    at: (usize, usize),
    /// Whether that one was looked at before.
    looked: bool,
    deadline: Option<Instant>,
    /// Whether it is looked once, and not waited.
    once: bool,
    /// How it is said which object met its condition, and in which words; nothing is said where it is `None`.
    pub say: Option<(Say, &'static str)>,
    /// When the next object is looked for, which takes kubectl a moment.
    not_before: Instant,
    /// Whether the objects were named one by one, so that each is looked for when its turn has come.
    by_name: bool,
    errors: Vec<Error>,
    /// The line, while it waits for objects to be created.
    search: Option<(Flags, Instant)>,
}

/// What is said when time is over.
const TIMED_OUT: &str = "timed out waiting for the condition";

impl For {
    /// Waits for these to be so, for so many milliseconds, and says nothing of success.
    pub fn new(context: &Context<'_>, targets: Vec<Target>, awaited: Vec<Awaited>, millis: Option<i64>) -> For {
        let deadline = millis.map(|millis| context.cluster.now() + Millis(millis));
        For {
            targets,
            awaited,
            at: (0, 0),
            looked: false,
            deadline,
            once: false,
            say: None,
            not_before: context.cluster.now(),
            by_name: false,
            errors: Vec::new(),
            search: None,
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Result<Progress, Error> {
        if let Some((flags, due)) = self.search.take() {
            return self.search(context, flags, due);
        }
        while let Some(target) = self.targets.get(self.at.0) {
            let Some(awaited) = self.awaited.get(self.at.1) else {
                self.at = (self.at.0 + 1, 0);
                continue;
            };
            let now = context.cluster.now();
            if now < self.not_before {
                return Ok(Progress::Until(Some(self.not_before)));
            }
            let object = super::resources::find_object(context.cluster, &target.reference);
            let looked = std::mem::replace(&mut self.looked, true);
            let over = self.deadline.is_some_and(|deadline| deadline <= now);
            if !looked && matches!(awaited, Awaited::Deleted) {
                // Whether it is still there is asked with the time that is left.
                if over && !self.once {
                    self.errors.push("context deadline exceeded".into());
                    self.next();
                    continue;
                }
                if self.by_name && object.is_none() {
                    self.next();
                    continue;
                }
            }
            // Once time is over, the next objects cannot even be read.
            let unread = over && !looked && !self.once && self.at != (0, 0);
            let unread = unread && matches!(awaited, Awaited::Condition(..) | Awaited::Path(..));
            match if unread { Ok(false) } else { met(target, awaited, object.as_deref()) } {
                Ok(true) => {
                    if let Some((say, words)) = &mut self.say {
                        let named = || named_only(&target.reference);
                        let now = || object.map_or_else(named, |object| object.to_value());
                        let shown = target.shown.clone().unwrap_or_else(now);
                        say.done(context, &shown, words)?;
                    }
                    if looked && self.by_name {
                        self.not_before = now + Millis(10);
                    }
                    self.at.1 += 1;
                    self.looked = false;
                    continue;
                }
                Ok(false) if self.once => {
                    let resource = target.reference.kind.resource().plural;
                    self.errors.push(format!("condition not met for {resource}/{}", target.reference.name).into());
                }
                Ok(false) if over => {
                    let (resource, name) = (target.reference.kind.resource().plural, &target.reference.name);
                    self.errors.push(Error::Plain(match awaited {
                        Awaited::Replicas(_) => format!("timed out waiting for {name:?} to be synced"),
                        _ => format!("{TIMED_OUT} on {resource}/{name}"),
                    }));
                }
                Ok(false) => return Ok(Progress::Until(self.deadline)),
                // One that goes while it is waited for may come again.
                Err(error) if looked && error.is_not_found() => return Ok(Progress::Until(self.deadline)),
                Err(error) => self.errors.push(error),
            }
            self.next();
        }
        Error::collect(std::mem::take(&mut self.errors))?;
        Ok(Progress::Done(0))
    }

    /// Goes on to the next object.
    fn next(&mut self) {
        self.looked = false;
        self.at = (self.at.0 + 1, 0);
    }

    /// Looks twice a second whether the objects are there.
    // Models staging/src/k8s.io/kubectl/pkg/cmd/wait/wait.go RunWaitContext
    fn search(&mut self, context: &mut Context<'_>, flags: Flags, due: Instant) -> Result<Progress, Error> {
        const AGAIN: Millis = Millis(500);
        let now = context.cluster.now();
        if now < due {
            self.search = Some((flags, due));
            return Ok(Progress::Until(Some(due)));
        }
        let found = find_targets(context, &flags)?;
        let (infos, errors) = found.split();
        if infos.is_empty() && errors.iter().all(Error::is_not_found) {
            if self.deadline.is_none_or(|deadline| deadline <= now) {
                return Err(TIMED_OUT.into());
            }
            let due = self.deadline.map_or(now + AGAIN, |deadline| deadline.min(now + AGAIN));
            self.search = Some((flags, due));
            return Ok(Progress::Until(Some(due)));
        }
        self.targets = infos.into_iter().map(|info| Target::new(info.reference)).collect();
        self.errors = errors;
        self.poll(context)
    }
}

/// An object that is gone, for those who ask only what it was.
fn named_only(reference: &ObjectRef) -> Value {
    let resource = reference.kind.resource();
    serde_json::json!({"apiVersion": reference.kind.api_version(), "kind": resource.kind, "metadata": {"name": reference.name}})
}

/// Whether an object is what it should be.
fn met(target: &Target, awaited: &Awaited, object: Option<&Object>) -> Result<bool, Error> {
    let name = &target.reference.name;
    let missing = || Error::from(crate::api::status::Status::not_found(target.reference.kind, name));
    match awaited {
        Awaited::Deleted => Ok(object.is_none_or(|object| !target.uid.is_empty() && object.meta.uid != target.uid)),
        Awaited::Created => Ok(true),
        Awaited::Condition(ty, value) => {
            let object = object.ok_or_else(missing)?;
            Ok(condition_met(object, ty, value))
        }
        // Models staging/src/k8s.io/kubectl/pkg/scale/scale.go scaleHasDesiredReplicas
        Awaited::Replicas(wanted) => Ok(object.is_none_or(|object| {
            let present = object.status.int("replicas").unwrap_or_default();
            object.spec.int("replicas") != Some(*wanted) || present == *wanted
        })),
        Awaited::Path(path, value) => path_met(&object.ok_or_else(missing)?.to_value(), path, value),
    }
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/wait/condition.go checkCondition
fn condition_met(object: &Object, ty: &str, value: &str) -> bool {
    let conditions = object.status.list("conditions");
    let Some(condition) = conditions.iter().find(|condition| condition.text("type").to_lowercase() == ty) else {
        return false;
    };
    let observed = condition.int("observedGeneration").or(object.status.int("observedGeneration"));
    if object.meta.generation > 0 && observed.is_some_and(|observed| observed < object.meta.generation) {
        return false;
    }
    condition.text("status").to_lowercase() == value
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/wait/json.go checkCondition
fn path_met(object: &Value, path: &JsonPath, wanted: &str) -> Result<bool, Error> {
    let results = path.find(object).map_err(Error::Plain)?;
    let Some(first) = results.first().filter(|first| !first.is_empty()) else {
        return Ok(false);
    };
    if results.len() > 1 {
        return Err("given jsonpath expression matches more than one list".into());
    }
    if first.len() > 1 {
        return Err("given jsonpath expression matches more than one value".into());
    }
    if wanted.is_empty() {
        return Ok(true);
    }
    if first[0].is_object() || first[0].is_array() {
        return Err("jsonpath leads to a nested object or list which is not supported".into());
    }
    Ok(go::sprint(&first[0]).trim() == wanted.trim())
}

/// The command's flags.
pub const FLAGS: &str = concat!(
    print_flags!(),
    ";",
    file_flags!(),
    ";all bool;all-namespaces/A bool;field-selector string;selector/l string;local bool;for array;timeout duration=30s"
);

fn find_targets(context: &Context<'_>, flags: &Flags) -> Result<super::resources::Found, Error> {
    find(context, flags, &|query| {
        query.allow_empty_selector = flags.flag("all");
        query.latest = true;
    })
}

/// Runs `kubectl wait`.
///
/// # Errors
/// Everything that went wrong by now.
pub fn run(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let say = Say::of(context, flags)?;
    let mut awaited = Vec::new();
    for text in flags.list("for") {
        awaited.push(awaited_of(text)?);
    }
    if awaited.is_empty() {
        return Err("unrecognized condition: []".into());
    }
    let is = |wanted: &str| flags.list("for").iter().any(|text| text.to_lowercase() == wanted);
    let millis = flags.millis("timeout");
    let deadline = if millis < 0 { None } else { Some(millis) };
    let mut wait = For::new(context, Vec::new(), awaited, deadline);
    wait.once = millis == 0;
    wait.say = Some((say, "condition met"));
    if is("create") {
        wait.search = Some((flags.clone(), context.cluster.now()));
        context.wait = Some(Wait::For(wait));
        return Ok(());
    }
    let found = find_targets(context, flags)?;
    wait.by_name = found.by_name;
    let (infos, mut errors) = found.split();
    if is("delete") {
        errors.retain(|error| !error.is_not_found());
    }
    if infos.is_empty() && errors.is_empty() && !is("delete") {
        return Err("no matching resources found".into());
    }
    wait.targets = infos.into_iter().map(|info| Target::new(info.reference)).collect();
    wait.errors = errors;
    context.wait = Some(Wait::For(wait));
    Ok(())
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/wait/wait.go conditionFuncsFor
fn awaited_of(text: &str) -> Result<Awaited, Error> {
    match text.to_lowercase().as_str() {
        "delete" => return Ok(Awaited::Deleted),
        "create" => return Ok(Awaited::Created),
        _ => {}
    }
    if let Some(condition) = text.strip_prefix("condition=") {
        let (name, value) = condition.split_once('=').unwrap_or((condition, "true"));
        return Ok(Awaited::Condition(name.to_lowercase(), value.to_lowercase()));
    }
    let Some(input) = text.strip_prefix("jsonpath=") else {
        return Err(format!("unrecognized condition: {text:?}").into());
    };
    let parts = split_path_input(input);
    if parts.len() > 2 {
        return Err("jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or \
                    --for=jsonpath='{.status.readyReplicas}'"
            .into());
    }
    let expression = relaxed_path(&parts[0]).map_err(Error::Plain)?;
    let value = match parts.get(1) {
        None => String::new(),
        Some(value) => match value.trim_matches(['\'', '"']) {
            "" => {
                return Err("jsonpath wait has to have a value after equal sign, like \
                            --for=jsonpath='{.status.readyReplicas}'=3"
                    .into());
            }
            value => value.to_owned(),
        },
    };
    if expression.is_empty() {
        return Err("jsonpath expression cannot be empty".into());
    }
    let mut path = JsonPath::parse(&expression).map_err(Error::Plain)?;
    path.allow_missing_keys = true;
    Ok(Awaited::Path(Arc::new(path), value))
}

/// Cuts at single `=`; `==` stays.
fn split_path_input(input: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = input.chars().peekable();
    while let Some(c) = chars.next() {
        let doubled = c == '=' && chars.peek() == Some(&'=');
        if c == '=' && !doubled {
            parts.push(String::new());
            continue;
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
            if doubled {
                part.extend(chars.next());
            }
        }
    }
    parts
}
