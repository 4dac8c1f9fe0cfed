//! The programs that a shell can start: those that people pipe kubectl into, and those that containers have.

mod edit;
pub mod fault;
mod files;
mod grep;
mod net;
mod text;

use std::collections::BTreeMap;

use crate::api::fields::Fields;
use crate::api::time::{Millis, Timestamp};
use crate::cluster::Cluster;
use crate::disks::{self, Container};
use crate::kubectl::context::Output;
use crate::shell::{Env, Host};

/// A program that was called.
pub struct Call<'a, 'b> {
    /// Its name and arguments.
    pub words: &'a [String],
    /// What came on standard input.
    pub input: &'a str,
    /// Where it runs.
    pub host: &'a Host,
    /// Its environment.
    pub vars: &'a BTreeMap<String, String>,
    /// The cluster and the desk.
    pub env: &'a mut Env<'b>,
    /// Where output goes.
    pub out: &'a mut Output,
    /// How long it takes.
    pub takes: Millis,
}

type Run = fn(&mut Call<'_, '_>) -> i32;

/// The programs: name, whether it is there in the terminal and in containers, and what it does.
const PROGRAMS: &[(&str, bool, bool, Run)] = &[
    ("cat", true, true, text::cat),
    ("grep", true, true, grep::grep),
    ("head", true, true, text::head),
    ("tail", true, true, text::tail),
    ("wc", true, true, text::wc),
    ("sort", true, true, text::sort),
    ("uniq", true, true, text::uniq),
    ("cut", true, true, text::cut),
    ("tr", true, true, text::tr),
    ("sed", true, true, edit::sed),
    ("awk", true, true, edit::awk),
    ("tee", true, true, text::tee),
    ("seq", true, true, text::seq),
    ("diff", true, true, text::diff),
    ("column", true, false, text::cat),
    ("ls", true, true, files::ls),
    ("rm", true, true, files::rm),
    ("touch", true, true, files::touch),
    ("mkdir", true, true, files::mkdir),
    ("chmod", true, true, files::chmod),
    ("date", true, true, files::date),
    ("env", true, true, files::env),
    ("printenv", true, true, files::env),
    ("hostname", true, true, files::hostname),
    ("whoami", true, true, files::whoami),
    ("id", true, true, files::id),
    ("uname", true, true, files::uname),
    ("ps", true, true, files::ps),
    ("clear", true, true, files::clear),
    ("help", true, false, files::help),
    ("fault", true, false, fault::fault),
    ("nslookup", false, true, net::nslookup),
    ("dig", false, true, net::dig),
    ("ping", false, true, net::ping),
    ("wget", false, true, net::wget),
    ("curl", false, true, net::curl),
];

fn find(name: &str, host: &Host) -> Option<Run> {
    let here = |local: bool, container: bool| if *host == Host::Local { local } else { container };
    PROGRAMS.iter().find(|(known, local, container, _)| *known == name && here(*local, *container)).map(|entry| entry.3)
}

/// Whether there is such a program.
pub fn exists(name: &str, host: &Host) -> bool {
    find(name, host).is_some()
}

/// The names of the programs in the terminal, for completion.
pub fn names() -> impl Iterator<Item = &'static str> {
    PROGRAMS.iter().filter(|entry| entry.1).map(|entry| entry.0)
}

/// Runs a program.
pub fn run(name: &str, call: &mut Call<'_, '_>) -> i32 {
    match find(name, call.host) {
        Some(run) => run(call),
        None => 127,
    }
}

/// The arguments that are no options, for programs whose options are all single letters; `with_value` are the letters
/// that take the next word.
fn operands<'a>(words: &'a [String], with_value: &str) -> Vec<&'a str> {
    let mut out = Vec::new();
    let mut rest = words[1..].iter();
    while let Some(word) = rest.next() {
        match word.strip_prefix('-') {
            None | Some("") => out.push(word.as_str()),
            Some(option) => {
                if option.chars().count() == 1 && with_value.contains(option) {
                    rest.next();
                }
            }
        }
    }
    out
}

/// Whether a single-letter option is given.
fn has_option(words: &[String], letter: char) -> bool {
    words[1..]
        .iter()
        .any(|word| word.len() > 1 && word.starts_with('-') && !word.starts_with("--") && word[1..].contains(letter))
}

/// The value of a single-letter option: `-n 3`, `-n3`.
fn option_value(words: &[String], letter: char) -> Option<&str> {
    let prefix = format!("-{letter}");
    let at = words.iter().position(|word| word.starts_with(&prefix))?;
    match &words[at][prefix.len()..] {
        "" => words.get(at + 1).map(String::as_str),
        value => Some(value),
    }
}

/// Whether a program reads its standard input, as these words have it.
pub fn reads_input(name: &str, words: &[String]) -> bool {
    let operands = operands(words, "nefdFskAB");
    match name {
        "grep" => operands.len() <= usize::from(option_value(words, 'e').is_none()),
        "sed" | "awk" => operands.len() <= 1,
        "tr" | "tee" => true,
        "cat" | "head" | "tail" | "wc" | "sort" | "uniq" | "cut" | "column" => operands.is_empty() || operands == ["-"],
        _ => false,
    }
}

/// Whether a program treats each line by itself, so that it can begin before its input is over.
pub fn is_by_line(name: &str, words: &[String]) -> bool {
    match name {
        "cat" | "cut" | "tr" | "tee" => true,
        "sed" => !words.iter().any(|word| word.contains('$') || word.starts_with(|c: char| c.is_ascii_digit())),
        "grep" => {
            !["-c", "-m", "-n", "-A", "-B", "-q"].iter().any(|option| words.iter().any(|word| word.starts_with(option)))
        }
        _ => false,
    }
}

/// Whether a program needs no more than what has come.
pub fn has_enough(name: &str, words: &[String], text: &str) -> bool {
    match name {
        "head" => text.matches('\n').count() >= text::head_count(words),
        "grep" if has_option(words, 'q') => text.lines().any(|line| grep::grep_matches(words, line)),
        _ => false,
    }
}

/// A span such as `2`, `0.5`, `1m`.
pub fn seconds(text: &str) -> Option<Millis> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(number) => (number, &text[number.len()..]),
        None => (text, "s"),
    };
    if text == "infinity" {
        return Some(Millis::from_secs(1 << 40));
    }
    let number: f64 = number.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)?;
    let factor = match unit {
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        "d" => 86_400_000.0,
        _ => 1000.0,
    };
    Some(Millis((number * factor).min(1e15) as i64))
}

/// What a shell in a container prompts with.
pub fn prompt(cluster: &Cluster, container: &Container) -> &'static str {
    let image = cluster
        .store()
        .find(&container.pod)
        .map_or(String::new(), |pod| disks::container_spec(pod, &container.name).text("image").to_owned());
    if image.contains("busybox") || image.contains("alpine") { "/ # " } else { "# " }
}

/// The environment of a container.
// Models pkg/kubelet/kubelet_pods.go makeEnvironmentVariables
pub fn environment(cluster: &Cluster, container: &Container) -> BTreeMap<String, String> {
    let mut vars = BTreeMap::new();
    let Some(pod) = cluster.store().find(&container.pod) else {
        return vars;
    };
    vars.insert("PATH".to_owned(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned());
    vars.insert("HOME".to_owned(), "/root".to_owned());
    vars.insert("HOSTNAME".to_owned(), disks::hostname(pod).to_owned());
    vars.insert("KUBERNETES_SERVICE_HOST".to_owned(), "10.96.0.1".to_owned());
    vars.insert("KUBERNETES_SERVICE_PORT".to_owned(), "443".to_owned());
    let spec = disks::container_spec(pod, &container.name);
    for source in spec.list("envFrom") {
        let prefix = source.text("prefix");
        for (kind, field) in
            [(crate::api::kind::Kind::ConfigMap, "configMapRef"), (crate::api::kind::Kind::Secret, "secretRef")]
        {
            let object = cluster.store().get(kind, &pod.meta.namespace, source.field(field).text("name"));
            for (key, value) in object.iter().flat_map(|object| object.rest.entries("data")) {
                vars.insert(format!("{prefix}{key}"), data_text(kind, value.as_str().unwrap_or_default()));
            }
        }
    }
    for variable in spec.list("env") {
        let from = variable.field("valueFrom");
        let value = if let Some(path) = from.field("fieldRef").field("fieldPath").as_str() {
            field_value(pod, path)
        } else if from.has("configMapKeyRef") || from.has("secretKeyRef") {
            let (kind, reference) = match from.field("secretKeyRef") {
                serde_json::Value::Null => (crate::api::kind::Kind::ConfigMap, from.field("configMapKeyRef")),
                secret => (crate::api::kind::Kind::Secret, secret),
            };
            let object = cluster.store().get(kind, &pod.meta.namespace, reference.text("name"));
            let text = object.map_or("", |object| object.rest.field("data").text(reference.text("key")));
            data_text(kind, text)
        } else {
            substitute(variable.text("value"), &vars)
        };
        vars.insert(variable.text("name").to_owned(), value);
    }
    vars
}

fn data_text(kind: crate::api::kind::Kind, text: &str) -> String {
    if kind == crate::api::kind::Kind::Secret { crate::api::base64::decode_text(text) } else { text.to_owned() }
}

/// `$(NAME)` in a value is the variable's value.
fn substitute(text: &str, vars: &BTreeMap<String, String>) -> String {
    let mut out = text.to_owned();
    for (name, value) in vars {
        let reference = format!("$({name})");
        if out.contains(&reference) {
            out = out.replace(&reference, value);
        }
    }
    out
}

fn field_value(pod: &crate::api::object::Object, path: &str) -> String {
    match path {
        "metadata.name" => pod.meta.name.clone(),
        "metadata.namespace" => pod.meta.namespace.clone(),
        "metadata.uid" => pod.meta.uid.clone(),
        "spec.nodeName" => pod.spec.text("nodeName").to_owned(),
        "spec.serviceAccountName" => pod.spec.text("serviceAccountName").to_owned(),
        "status.podIP" | "status.podIPs" => pod.status.text("podIP").to_owned(),
        "status.hostIP" | "status.hostIPs" => pod.status.text("hostIP").to_owned(),
        path => {
            let key = |list: &str| path.strip_prefix(list)?.strip_prefix("['")?.strip_suffix("']");
            match (key("metadata.labels"), key("metadata.annotations")) {
                (Some(key), _) => pod.meta.label(key).to_owned(),
                (_, Some(key)) => pod.meta.annotations.get(key).cloned().unwrap_or_default(),
                _ => String::new(),
            }
        }
    }
}

/// The day of the week, 0 for Sunday.
fn weekday(time: Timestamp) -> i64 {
    (time.0.div_euclid(86_400) + 4).rem_euclid(7)
}
