//! kubectl: its commands, what they print, and what they refuse.
//!
//! Follows `staging/src/k8s.io/kubectl` of Kubernetes v1.37.2, Apache-2.0. A command is an entry of the table
//! [`COMMANDS`]: its name, its flags, and a function that gets a [`Context`] and the parsed [`Flags`]. One that waits
//! leaves a [`wait::Wait`] in the context.

pub mod apply;
pub mod apply_line;
pub mod complete;
pub mod config;
pub mod context;
pub mod create;
pub mod create_cluster;
pub mod create_kinds;
pub mod create_roles;
pub mod create_secret;
pub mod delete;
pub mod describe;
pub mod diff;
pub mod diff_text;
pub mod discovery;
pub mod edit;
pub mod error;
pub mod events;
pub mod exec;
pub mod explain;
pub mod expose;
pub mod flags;
pub mod get;
pub mod last_applied;
pub mod line;
pub mod logs;
pub mod manifests;
pub mod metadata;
pub mod node;
pub mod output;
pub mod patch;
pub mod printers;
pub mod printing;
pub mod replace;
mod request;
pub mod resource;
pub mod resources;
pub mod rollout;
pub mod run;
pub mod scale;
pub mod set;
pub mod taint;
mod validation;
pub mod wait;
pub mod watch;

pub use context::Context;
pub use error::Error;
pub use flags::Flags;

use crate::api::managed::Manager;
use crate::api::status::quote;

/// A command of kubectl.
pub struct Command {
    /// Its words: `get`, `rollout status`.
    pub path: &'static str,
    /// Its flags, besides the global ones; see [`flags`].
    pub flags: &'static str,
    /// What it does. Output and waits are left in the context.
    pub run: fn(&mut Context<'_>, &Flags) -> Result<(), Error>,
}

/// The commands that print.
const PRINTING: &[Command] = printing::COMMANDS;

/// The commands that change something, or wait.
const CHANGING: &[Command] = &[
    Command { path: "annotate", flags: metadata::FLAGS, run: metadata::annotate },
    Command { path: "apply", flags: apply_line::FLAGS, run: apply_line::run },
    Command { path: "apply edit-last-applied", flags: last_applied::EDIT_FLAGS, run: last_applied::edit },
    Command { path: "apply set-last-applied", flags: last_applied::SET_FLAGS, run: last_applied::set },
    Command { path: "apply view-last-applied", flags: last_applied::VIEW_FLAGS, run: last_applied::view },
    Command { path: "attach", flags: exec::ATTACH_FLAGS, run: exec::attach },
    Command { path: "auth whoami", flags: "output/o string", run: config::whoami },
    Command { path: "auth can-i", flags: config::CAN_I_FLAGS, run: config::can_i },
    Command { path: "completion", flags: "", run: config::completion },
    Command { path: "config current-context", flags: "", run: config::current_context },
    Command { path: "config set-context", flags: config::SET_CONTEXT_FLAGS, run: config::set_context },
    Command { path: "config use-context", flags: "", run: config::use_context },
    Command { path: "cordon", flags: node::CORDON_FLAGS, run: node::cordon },
    Command { path: "cp", flags: exec::CP_FLAGS, run: exec::cp },
    Command { path: "create", flags: create::FLAGS, run: create::run },
    Command { path: "create clusterrole", flags: create_roles::CLUSTER_ROLE_FLAGS, run: create_roles::cluster_role },
    Command {
        path: "create clusterrolebinding",
        flags: create_roles::CLUSTER_BINDING_FLAGS,
        run: create_roles::cluster_role_binding,
    },
    Command { path: "create configmap", flags: create::DATA_FLAGS, run: create::config_map },
    Command { path: "create cronjob", flags: create_kinds::CRON_JOB_FLAGS, run: create_kinds::cron_job },
    Command { path: "create deployment", flags: create_kinds::DEPLOYMENT_FLAGS, run: create_kinds::deployment },
    Command { path: "create ingress", flags: create_cluster::INGRESS_FLAGS, run: create_cluster::ingress },
    Command { path: "create job", flags: create_kinds::JOB_FLAGS, run: create_kinds::job },
    Command { path: "create namespace", flags: create::NAME_FLAGS, run: create::namespace_command },
    Command { path: "create poddisruptionbudget", flags: create::PDB_FLAGS, run: create::disruption_budget },
    Command {
        path: "create priorityclass",
        flags: create_cluster::PRIORITY_FLAGS,
        run: create_cluster::priority_class,
    },
    Command { path: "create quota", flags: create_kinds::QUOTA_FLAGS, run: create_kinds::quota },
    Command { path: "create role", flags: create_roles::ROLE_FLAGS, run: create_roles::role },
    Command { path: "create rolebinding", flags: create_roles::BINDING_FLAGS, run: create_roles::role_binding },
    Command {
        path: "create secret docker-registry",
        flags: create_secret::REGISTRY_FLAGS,
        run: create_secret::docker_registry,
    },
    Command { path: "create secret generic", flags: create::DATA_FLAGS, run: create::secret },
    Command { path: "create secret tls", flags: create_secret::TLS_FLAGS, run: create_secret::tls },
    Command { path: "create service clusterip", flags: create::SERVICE_FLAGS, run: create::service_cluster_ip },
    Command {
        path: "create service externalname",
        flags: create::EXTERNAL_NAME_FLAGS,
        run: create::service_external_name,
    },
    Command { path: "create service loadbalancer", flags: create::SERVICE_FLAGS, run: create::service_load_balancer },
    Command { path: "create service nodeport", flags: create::SERVICE_FLAGS, run: create::service_node_port },
    Command { path: "create serviceaccount", flags: create::NAME_FLAGS, run: create::service_account },
    Command { path: "create token", flags: create_secret::TOKEN_FLAGS, run: create_secret::token },
    Command { path: "delete", flags: delete::FLAGS, run: delete::run },
    Command { path: "diff", flags: diff::FLAGS, run: diff::run },
    Command { path: "drain", flags: node::DRAIN_FLAGS, run: node::drain },
    Command { path: "edit", flags: edit::FLAGS, run: edit::run },
    Command { path: "exec", flags: exec::EXEC_FLAGS, run: exec::exec },
    Command { path: "expose", flags: expose::FLAGS, run: expose::run },
    Command { path: "label", flags: metadata::FLAGS, run: metadata::label },
    Command { path: "logs", flags: logs::FLAGS, run: logs::run },
    Command { path: "patch", flags: patch::FLAGS, run: patch::run },
    Command { path: "port-forward", flags: config::FORWARD_FLAGS, run: config::port_forward },
    Command { path: "proxy", flags: config::FORWARD_FLAGS, run: config::no_network },
    Command { path: "replace", flags: replace::FLAGS, run: replace::run },
    Command { path: "rollout history", flags: rollout::HISTORY_FLAGS, run: rollout::history },
    Command { path: "rollout pause", flags: rollout::CHANGE_FLAGS, run: rollout::pause },
    Command { path: "rollout restart", flags: rollout::CHANGE_FLAGS, run: rollout::restart },
    Command { path: "rollout resume", flags: rollout::CHANGE_FLAGS, run: rollout::resume },
    Command { path: "rollout status", flags: rollout::STATUS_FLAGS, run: rollout::status },
    Command { path: "rollout undo", flags: rollout::UNDO_FLAGS, run: rollout::undo },
    Command { path: "run", flags: run::FLAGS, run: run::run },
    Command { path: "scale", flags: scale::FLAGS, run: scale::run },
    Command { path: "set env", flags: set::env::FLAGS, run: set::env::run },
    Command { path: "set image", flags: set::IMAGE_FLAGS, run: set::image },
    Command { path: "set resources", flags: set::RESOURCES_FLAGS, run: set::resources },
    Command { path: "set selector", flags: set::SELECTOR_FLAGS, run: set::selector },
    Command { path: "set serviceaccount", flags: set::ACCOUNT_FLAGS, run: set::service_account },
    Command { path: "taint", flags: taint::FLAGS, run: taint::run },
    Command { path: "top node", flags: config::TOP_FLAGS, run: config::top },
    Command { path: "top pod", flags: config::TOP_FLAGS, run: config::top },
    Command { path: "uncordon", flags: node::CORDON_FLAGS, run: node::uncordon },
    Command { path: "wait", flags: wait::FLAGS, run: wait::run },
];

/// Other words for the last word of a command's path.
const ALIASES: [(&str, &str); 16] = [
    ("create cj", "create cronjob"),
    ("create cm", "create configmap"),
    ("create deploy", "create deployment"),
    ("create dep", "create deployment"),
    ("create ing", "create ingress"),
    ("create ns", "create namespace"),
    ("create pc", "create priorityclass"),
    ("create pdb", "create poddisruptionbudget"),
    ("create resourcequota", "create quota"),
    ("create sa", "create serviceaccount"),
    ("create svc", "create service"),
    ("set sa", "set serviceaccount"),
    ("top nodes", "top node"),
    ("top no", "top node"),
    ("top pods", "top pod"),
    ("top po", "top pod"),
];

/// Every command.
pub fn commands() -> impl Iterator<Item = &'static Command> {
    PRINTING.iter().chain(CHANGING)
}

/// Runs a line's words, without `kubectl` itself. Gives the exit code; what the command still waits for stands in
/// the context.
pub fn run(context: &mut Context<'_>, words: &[String]) -> i32 {
    let result = dispatch(context, words);
    conclude(context, result)
}

/// Prints what went wrong, and gives the exit code.
pub fn conclude(context: &mut Context<'_>, result: Result<(), Error>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(error) => {
            let (text, code) = error.report();
            context.out.write_error(&text);
            code
        }
    }
}

fn dispatch(context: &mut Context<'_>, words: &[String]) -> Result<(), Error> {
    let before_dash = words.iter().take_while(|word| *word != "--");
    let wants_help = before_dash.clone().any(|word| word == "--help" || word == "-h");
    let (command, rest) = match find(words) {
        Err(Error::Text(help)) if first_argument(words).is_none() => {
            let sentence = |why| Error::Plain(format!("{why}\nSee 'kubectl --help' for usage."));
            Flags::parse("", words).map_err(sentence)?;
            context.out.write(&help);
            return Ok(());
        }
        Err(Error::Text(help)) if wants_help || before_dash.clone().all(|word| word.starts_with('-')) => {
            context.out.write(&help);
            return Ok(());
        }
        // The help of this one stands on standard output, wherever it comes from.
        Err(Error::Text(help)) if words.first().is_some_and(|word| word == "rollout") => {
            context.out.write(&help);
            return Err(Error::Exit(1));
        }
        other => other?,
    };
    let usage = |why: String| Error::Plain(format!("{why}\nSee 'kubectl {} --help' for usage.", command.path));
    let flags = Flags::parse(command.flags, &rest).map_err(usage)?;
    if flags.flag("help") {
        context.out.write(&command_help(command));
        return Ok(());
    }
    flags.check_required()?;
    context.cluster.set_requester(manager_of(command.path, &flags));
    (command.run)(context, &flags)
}

/// In whose name a command's requests are.
// Models the `DefaultFieldManager` flags below staging/src/k8s.io/kubectl/pkg/cmd
fn manager_of(path: &str, flags: &Flags) -> Manager {
    let first = path.split(' ').next().unwrap_or_default();
    let own = match flags.text("field-manager") {
        "" if first == "apply" && flags.flag("server-side") => "kubectl".to_owned(),
        "" => match first {
            "apply" => "kubectl-client-side-apply".to_owned(),
            "scale" | "cordon" | "uncordon" | "drain" | "delete" => "kubectl".to_owned(),
            first => format!("kubectl-{first}"),
        },
        given => given.to_owned(),
    };
    Manager { subresource: if first == "scale" { "scale" } else { "" }, ..Manager::updating(own) }
}

/// Whether a line reads standard input to its end before it does anything.
pub fn reads_stdin(words: &[String]) -> bool {
    let named = |word: &String| matches!(word.as_str(), "-f-" | "-f=-" | "--filename=-");
    words.iter().any(named)
        || words.windows(2).any(|pair| matches!(pair[0].as_str(), "-f" | "--filename") && pair[1] == "-")
}

/// The command that a line names, and the words without its name.
// Models github.com/spf13/cobra command.go Find
fn find(words: &[String]) -> Result<(&'static Command, Vec<String>), Error> {
    let mut rest = words.to_vec();
    let mut path = String::new();
    let mut found = None;
    loop {
        let next = first_argument(&rest).map(|at| {
            let longer = if path.is_empty() { rest[at].clone() } else { format!("{path} {}", rest[at]) };
            let alias = ALIASES.iter().find(|(alias, _)| *alias == longer);
            (at, alias.map_or(longer, |(_, name)| (*name).to_owned()))
        });
        let is_parent = |path: &str| commands().any(|c| c.path.strip_prefix(path).is_some_and(|r| r.starts_with(' ')));
        let command = next.as_ref().and_then(|(_, longer)| commands().find(|command| command.path == *longer));
        match next {
            Some((at, longer)) if command.is_some() || is_parent(&longer) => {
                rest.remove(at);
                path = longer;
                found = command;
            }
            _ => {
                return match found {
                    Some(command) => Ok((command, rest)),
                    None => Err(unfinished(&path, &rest)),
                };
            }
        }
    }
}

/// Where the first word stands that is no flag and no flag's value.
fn first_argument(words: &[String]) -> Option<usize> {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        match word.as_str() {
            "--" => return None,
            word if !word.starts_with('-') || word == "-" => return Some(at),
            word => at += if flags::takes_next("", word) { 2 } else { 1 },
        }
    }
    None
}

/// The refusal of a line that names no command, with the words that it has besides.
// Models staging/src/k8s.io/kubectl/pkg/cmd/cmd.go HandlePluginCommand
// Models staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go DefaultSubCommandRun
fn unfinished(parent: &str, words: &[String]) -> Error {
    let word = first_argument(words).map(|at| words[at].as_str());
    match (parent, word) {
        ("", Some(word)) if NAMES.split(' ').any(|name| name == word) => {
            Error::Plain(format!("kubectl {word} is not simulated here"))
        }
        ("", Some(_)) if words[0].starts_with('-') => {
            Error::Text(format!("Error: flags cannot be placed before plugin name: {}\n", words[0]))
        }
        ("", Some(word)) => {
            let suggestions = suggestions(word);
            Error::Plain(format!("unknown command {} for \"kubectl\"{suggestions}", quote(word)))
        }
        (parent, Some(_)) => {
            let mut rest = words;
            let mut arguments = Vec::new();
            while let Some(at) = first_argument(rest) {
                arguments.push(rest[at].as_str());
                rest = &rest[at + 1..];
            }
            error::usage(parent, format!("unknown command {}", quote(&arguments.join(" "))))
        }
        (parent, None) => Error::Text(help(parent)),
    }
}

/// The flags of a command, a line each with its default.
fn command_help(command: &Command) -> String {
    let flags: String = Flags::described(command.flags).into_iter().map(|flag| format!("    {flag}\n")).collect();
    format!("Options:\n{flags}\nUsage:\n  kubectl {} [options]\n", command.path)
}

/// What kubectl says of a parent; for others the commands below it, a line each.
fn help(parent: &str) -> String {
    let blocks = include_str!("parents.txt").split("=== ").filter_map(|block| block.split_once('\n'));
    if let Some((_, text)) = blocks.into_iter().find(|(name, _)| *name == parent) {
        return format!(
            "{text}\nUse \"kubectl {parent} <command> --help\" for more information about a given command.\nUse \"kubectl \
             options\" for a list of global command-line options (applies to all commands).\n"
        );
    }
    let mut names: Vec<&str> = Vec::new();
    for command in commands() {
        let name = if parent.is_empty() {
            command.path.split(' ').next()
        } else {
            command.path.strip_prefix(parent).and_then(|rest| rest.strip_prefix(' '))
        };
        if let Some(name) = name
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    let parent = if parent.is_empty() { "kubectl".to_owned() } else { format!("kubectl {parent}") };
    format!("Available Commands:\n  {}\n\nUsage:\n  {parent} [command] [flags]\n", names.join("\n  "))
}

/// kubectl's own commands, in the order in which it has them.
// Models staging/src/k8s.io/kubectl/pkg/cmd/cmd.go NewKubectlCommand
const NAMES: &str = "create expose run set explain get edit delete rollout scale autoscale certificate cluster-info top cordon \
    uncordon drain taint describe logs attach exec port-forward proxy cp auth debug events diff apply patch replace wait \
    kustomize label annotate completion alpha config plugin version api-versions api-resources options kuberc";

/// Other words that people use for a command.
const OTHER_WORDS: [(&str, &str); 4] = [("list", "get"), ("ps", "get"), ("rm", "delete"), ("remove", "delete")];

// Models github.com/spf13/cobra command.go SuggestionsFor
fn suggestions(word: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in NAMES.split(' ').filter(|name| !name.is_empty()) {
        let near = distance(word, name) <= 2 || name.starts_with(&word.to_lowercase());
        if near || OTHER_WORDS.iter().any(|(other, meant)| *other == word.to_lowercase() && *meant == name) {
            names.push(name);
        }
    }
    if names.is_empty() { String::new() } else { format!("\n\nDid you mean this?\n\t{}\n", names.join("\n\t")) }
}

/// How many letters must be changed, added or taken away to make one word of the other.
// Models github.com/spf13/cobra cobra.go ld
fn distance(left: &str, right: &str) -> usize {
    let (left, right) = (left.to_lowercase(), right.to_lowercase());
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.bytes().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if a == b { diagonal } else { 1 + diagonal.min(above).min(row[j]) };
            diagonal = above;
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_near_when_few_letters_differ() {
        assert_eq!(distance("gett", "get"), 1);
        assert_eq!(distance("lgos", "logs"), 2);
        assert_eq!(distance("", "get"), 3);
    }

    #[test]
    fn flags_may_stand_before_the_name() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(first_argument(&words("-n x get pods")), Some(2));
        assert_eq!(first_argument(&words("--namespace=x get")), Some(1));
        assert_eq!(first_argument(&words("-n x")), None);
    }
}
