//! `kubectl logs`.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/logs` of Kubernetes v1.37.2, Apache-2.0. What containers write is
//! simulated: nginx notes what is asked of it, a program that the shell here knows is run again to see what it wrote, and
//! others write nothing.

use std::sync::Arc;

use serde_json::Value;

use super::context::Context;
use super::error::{Error, usage};
use super::exec::{container_of, pods_of, with_type};
use super::flags::Flags;
use super::request::find_args;
use super::resources;
use super::wait::{Progress, Wait};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::object::Object;
use crate::api::order;
use crate::api::status::Status;
use crate::api::time::{Instant, Millis, Timestamp};
use crate::disks::{Container, Lines, container_spec};

/// The flags.
pub const FLAGS: &str = "all-containers bool;all-pods bool;container/c string;follow/f bool;ignore-errors bool;\
    insecure-skip-tls-verify-backend bool;limit-bytes int=0;max-log-requests int=5;pod-running-timeout duration=20s;\
    prefix bool;previous/p bool;selector/l string;since duration;since-time string;tail int=-1;timestamps bool";

/// Which lines are printed of a log, and how.
#[derive(Clone, Debug)]
struct Options {
    previous: bool,
    since: Option<Instant>,
    /// How many lines at the end; below 0 for all.
    tail: i64,
    /// How many bytes; 0 for all.
    limit: i64,
    timestamps: bool,
    prefix: bool,
}

/// A log that is followed.
#[derive(Clone, Debug)]
struct Stream {
    container: Container,
    /// How many lines were seen.
    seen: usize,
}

/// `logs -f`
#[derive(Clone, Debug)]
pub struct Follow {
    streams: Vec<Stream>,
    options: Options,
}

/// Runs the command.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/logs/logs.go Complete, Validate, RunLogsContext
pub fn run(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    const USAGE: &str = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command";
    let selector = flags.text("selector");
    let mut name = flags.text("container").to_owned();
    let named = match (flags.args.as_slice(), selector) {
        ([], "") => return Err(usage("logs", USAGE)),
        ([], _) => vec!["pods".to_owned()],
        ([_], selector) if !selector.is_empty() => {
            return Err(usage("logs", "only a selector (-l) or a POD name is allowed"));
        }
        ([name], _) => vec![with_type(name)],
        ([pod, second], _) => {
            if !name.is_empty() {
                return Err("only one of -c or an inline [CONTAINER] arg is allowed".into());
            }
            name.clone_from(second);
            vec![with_type(pod)]
        }
        _ => return Err(usage("logs", USAGE)),
    };
    let options = options_of(context, flags)?;
    let all_containers = flags.flag("all-containers");
    if all_containers && !name.is_empty() {
        return Err(format!("--all-containers=true should not be specified with container name {name}").into());
    }
    let pods = pods(context, flags, &named)?;
    let mut containers = Vec::new();
    for pod in &pods {
        if all_containers {
            let lists = ["initContainers", "containers", "ephemeralContainers"].map(|list| pod.spec.list(list));
            for container in lists.into_iter().flatten() {
                containers.push((Arc::clone(pod), container_of(context, pod, container.text("name"), true)?));
            }
        } else {
            containers.push((Arc::clone(pod), container_of(context, pod, &name, flags.flag("all-pods"))?));
        }
    }
    let (count, most) = (containers.len() as i64, flags.int("max-log-requests"));
    if flags.flag("follow") && count > 1 && count > most {
        return Err(format!(
            "you are attempting to follow {count} log streams, but maximum allowed concurrency is {most}, use \
             --max-log-requests to increase the limit"
        )
        .into());
    }
    let mut streams = Vec::new();
    for (pod, container) in containers {
        match lines_of(context, &pod, &container, options.previous) {
            Ok(lines) => {
                print(context, &container, &lines, &options);
                streams.push(Stream { container, seen: lines.len() });
            }
            Err(error) if flags.flag("ignore-errors") => context.out.complain(&format!("error: {}", error.sentence())),
            Err(error) => return Err(error),
        }
    }
    if flags.flag("follow") && !options.previous {
        let options = Options { tail: -1, since: None, limit: 0, ..options };
        context.wait = Some(Wait::Follow(Box::new(Follow { streams, options })));
    }
    Ok(())
}

fn options_of(context: &Context<'_>, flags: &Flags) -> Result<Options, Error> {
    let (since, time) = (flags.millis("since"), flags.text("since-time"));
    let mut from = (since > 0).then(|| Instant(context.cluster.now().0 - since));
    if !time.is_empty() {
        let time = Timestamp::parse(time).ok_or_else(|| {
            Error::Plain(format!(
                "parsing time {time:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {time:?} as \"2006\""
            ))
        })?;
        if since != 0 {
            return Err("at most one of `sinceTime` or `sinceSeconds` may be specified".into());
        }
        from = Some(time.instant());
    }
    if flags.int("limit-bytes") < 0 {
        return Err("--limit-bytes must be greater than 0".into());
    }
    if since < 0 {
        return Err("--since must be greater than 0".into());
    }
    let mut tail = flags.int("tail");
    if tail < -1 {
        return Err("--tail must be greater than or equal to -1".into());
    }
    if !flags.text("selector").is_empty() && !flags.is_set("tail") {
        tail = 10;
    }
    Ok(Options {
        previous: flags.flag("previous"),
        since: from,
        tail,
        limit: flags.int("limit-bytes"),
        timestamps: flags.flag("timestamps"),
        prefix: flags.flag("prefix") || flags.flag("all-pods"),
    })
}

/// The pods that are meant: those of a selector, the named one, or one or all of those behind another object.
// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers/logsforobject.go logsForObjectWithClient
fn pods(context: &mut Context<'_>, flags: &Flags, named: &[String]) -> Result<Vec<Arc<Object>>, Error> {
    let (namespace, _) = resources::namespace(context, flags);
    let found = find_args(context, flags, named, &|_| {})?;
    if let Some(Err(error)) = found.items.first()
        && error.is_not_found()
    {
        let sentence = error.sentence();
        return Err(format!("error from server (NotFound): {sentence} in namespace {namespace:?}").into());
    }
    if found.items.is_empty() {
        context.out.complain(&format!("No resources found in {namespace} namespace."));
    }
    let infos = found.infos()?;
    let mut objects: Vec<Arc<Object>> = infos.into_iter().filter_map(|info| info.object).collect();
    if objects.len() != 1 || objects[0].kind == Kind::Pod {
        return Ok(objects);
    }
    let mut pods = pods_of(context, &objects.remove(0))?;
    if pods.len() > 1 && !flags.flag("all-pods") {
        context.out.complain(&format!("Found {} pods, using pod/{}", pods.len(), pods[0].meta.name));
        pods.truncate(1);
    }
    Ok(pods)
}

/// What a container has written in its present life, or its last one.
fn lines_of(context: &Context<'_>, pod: &Object, container: &Container, previous: bool) -> Result<Lines, Error> {
    let (name, pod_name) = (&container.name, &pod.meta.name);
    let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
    let status = lists.iter().flat_map(|list| pod.status.list(list)).find(|status| status.text("name") == name);
    let status = status.unwrap_or(&Value::Null);
    let (state, last) = (status.field("state"), status.field("lastState"));
    let life = if previous {
        if !last.has("terminated") {
            let why = format!("previous terminated container {name:?} in pod {pod_name:?} not found");
            return Err(Status::bad_request(why).into());
        }
        last
    } else if state.has("running") || state.has("terminated") {
        state
    } else if last.has("terminated") {
        // One that is about to be started again still has what it wrote before.
        last
    } else {
        return Err(not_started(pod, name, state.field("waiting").text("reason")).into());
    };
    Ok(written(context, pod, container, life))
}

/// The refusal where a container has not run.
// Models pkg/kubelet/kubelet_pods.go validateContainerLogStatus
fn not_started(pod: &Object, name: &str, reason: &str) -> Status {
    let pod_name = &pod.meta.name;
    if reason.is_empty() && pod.spec.text("nodeName").is_empty() {
        return Status::bad_request(format!("pod {pod_name} does not have a host assigned"));
    }
    let why = match reason {
        "" => "ContainerCreating",
        "ErrImagePull" | "ImagePullBackOff" => "trying and failing to pull image",
        reason => reason,
    };
    Status::bad_request(format!("container {name:?} in pod {pod_name:?} is waiting to start: {why}"))
}

/// What was written in a life of a container, which its status tells of.
fn written(context: &Context<'_>, pod: &Object, container: &Container, life: &Value) -> Lines {
    let ended = life.field("terminated");
    let time = |text: &str| Timestamp::parse(text).map(Timestamp::instant);
    let begin = time(life.field("running").text("startedAt")).or(time(ended.text("startedAt"))).unwrap_or_default();
    let end = time(ended.text("finishedAt")).map_or(context.cluster.now(), |end| end + Millis(999));
    let spec = container_spec(pod, &container.name);
    let words = spec.list("command").iter().chain(spec.list("args")).filter_map(Value::as_str);
    let words: Vec<String> = words.map(str::to_owned).collect();
    let image = spec.text("image");
    let mut lines = if words.is_empty() {
        Vec::new()
    } else {
        (context.replay)(context.cluster, context.disks, container, &words, begin)
    };
    let is_nginx = words.is_empty() && image.contains("nginx");
    let notice = |at: Instant, text: &str| (at, format!("{} [notice] 1#1: {text}", slashed(at)));
    if is_nginx && !image.contains("nginx-slim") {
        let said = ["using the \"epoll\" event method", "start worker processes", "start worker process 29"];
        lines.extend(said.iter().map(|text| notice(begin, text)));
    }
    lines.extend(context.disks.served(container).iter().cloned());
    if !ended.is_null() {
        match ended.int("exitCode").unwrap_or_default() {
            0 if is_nginx => lines.push(notice(end, "signal 3 (SIGQUIT) received, shutting down")),
            0 | 137 => {}
            code => lines.push((end, format!("fatal: ended with exit code {code}"))),
        }
    }
    lines.retain(|(at, _)| begin <= *at && *at <= end);
    order::sort_by_key(&mut lines, |(at, _)| *at);
    lines
}

/// A time as nginx writes it.
fn slashed(at: Instant) -> String {
    let time = at.timestamp().to_string();
    format!("{} {}", time[..10].replace('-', "/"), &time[11..19])
}

fn print(context: &mut Context<'_>, container: &Container, lines: &[(Instant, String)], options: &Options) {
    let wanted: Vec<&(Instant, String)> =
        lines.iter().filter(|(at, _)| options.since.is_none_or(|since| *at >= since)).collect();
    let skipped = if options.tail < 0 { 0 } else { wanted.len().saturating_sub(options.tail as usize) };
    let mut text = String::new();
    for (at, line) in &wanted[skipped..] {
        if options.prefix {
            text.push_str(&format!("[pod/{}/{}] ", container.pod.name, container.name));
        }
        if options.timestamps {
            let time = at.timestamp().to_string();
            text.push_str(&format!("{}.{:03}000000Z ", &time[..19], at.0.rem_euclid(1000)));
        }
        text.push_str(line);
        text.push('\n');
    }
    if options.limit > 0 {
        let mut end = (options.limit as usize).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    context.out.write(&text);
}

impl Follow {
    /// Prints what was written since the last time.
    ///
    /// # Errors
    /// None; the form is that of everything that waits.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Result<Progress, Error> {
        let mut programs = false;
        for stream in &mut self.streams {
            let pod = context.cluster.store().find(&stream.container.pod).cloned();
            let Some(pod) = pod.filter(|pod| pod.meta.uid == stream.container.uid) else {
                stream.container.uid.clear();
                continue;
            };
            let spec = container_spec(&pod, &stream.container.name);
            programs |= !spec.list("command").is_empty() || !spec.list("args").is_empty();
            // A container that was started again has a log of its own, which is not followed.
            if let Ok(lines) = lines_of(context, &pod, &stream.container, false) {
                print(context, &stream.container, lines.get(stream.seen..).unwrap_or_default(), &self.options);
                stream.seen = lines.len().max(stream.seen);
            }
        }
        if self.streams.iter().all(|stream| stream.container.uid.is_empty()) {
            return Ok(Progress::Done(0));
        }
        Ok(Progress::Until(programs.then(|| context.cluster.now() + Millis::from_secs(1))))
    }
}
