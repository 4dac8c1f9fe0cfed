//! What could follow in a line that is being typed: commands, flags, resources, names, namespaces, files.

use super::context::Kubeconfig;
use super::{Command, commands, find, flags, resources};
use crate::api::kind::Kind;
use crate::api::order;
use crate::cluster::Cluster;

/// Words that could stand at the end of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Where the word begins that they would replace, in bytes.
    pub from: usize,
    /// The words, in order.
    pub words: Vec<String>,
}

/// The words of the shell that a line may begin with.
const BUILT_IN: [&str; 10] = ["kubectl", "k", "alias", "cd", "clear", "echo", "for", "help", "sleep", "while"];

/// The output formats of `-o`.
const FORMATS: [&str; 8] =
    ["custom-columns=", "go-template=", "json", "jsonpath=", "name", "wide", "yaml", "jsonpath-as-json="];

/// The commands whose arguments are pods, without a type in front.
const OF_PODS: [&str; 3] = ["attach", "exec", "logs"];
/// The commands whose arguments are nodes.
const OF_NODES: [&str; 3] = ["cordon", "drain", "uncordon"];

/// What could stand at the end of a line, by what the cluster has.
pub fn complete(cluster: &Cluster, config: &Kubeconfig, files: &[&str], line: &str) -> Completion {
    // Only the command that is being typed matters.
    let start = line.rfind(['|', ';', '&', '(', '\n']).map_or(0, |at| at + 1);
    let mut words: Vec<String> = line[start..].split_whitespace().map(str::to_owned).collect();
    let last = if line.ends_with(char::is_whitespace) { String::new() } else { words.pop().unwrap_or_default() };
    let from = line.len() - last.len();
    while words.first().is_some_and(|word| word == "do") {
        words.remove(0);
    }
    let candidates = match words.first().map(String::as_str) {
        None => BUILT_IN.iter().map(|&word| word.to_owned()).collect(),
        Some("kubectl" | "k") => {
            words.remove(0);
            Line { cluster, config, files, words }.candidates(&last)
        }
        Some(_) => Vec::new(),
    };
    let mut fitting: Vec<String> =
        candidates.into_iter().filter(|word| word.starts_with(&last) && *word != last).collect();
    order::sort_by(&mut fitting, |a, b| a.cmp(b));
    fitting.dedup();
    Completion { from, words: fitting }
}

/// A line of kubectl, without its name and its last word.
struct Line<'a> {
    cluster: &'a Cluster,
    config: &'a Kubeconfig,
    files: &'a [&'a str],
    words: Vec<String>,
}

impl Line<'_> {
    fn candidates(&self, last: &str) -> Vec<String> {
        match self.words.last().map(String::as_str) {
            Some("-n" | "--namespace") => return self.names(Kind::Namespace),
            Some("-f" | "--filename") => return self.files.iter().map(|&file| file.to_owned()).collect(),
            Some("-o" | "--output") => return FORMATS.iter().map(|&format| format.to_owned()).collect(),
            _ => {}
        }
        let Ok((command, rest)) = find(&self.words) else { return self.next_words() };
        if last.starts_with('-') {
            return flags::Flags::names(command.flags).map(|name| format!("--{name}")).collect();
        }
        let mut out = self.next_words();
        out.extend(self.arguments(command, &rest, last));
        out
    }

    /// The words that go on with the command's name: after `rollout`, `status`.
    fn next_words(&self) -> Vec<String> {
        let path = self.words.iter().filter(|word| !word.starts_with('-')).cloned().collect::<Vec<_>>().join(" ");
        let next = commands().filter_map(|command| {
            let rest =
                if path.is_empty() { command.path } else { command.path.strip_prefix(&*path)?.strip_prefix(' ')? };
            rest.split(' ').next()
        });
        next.map(str::to_owned).collect()
    }

    fn arguments(&self, command: &Command, rest: &[String], last: &str) -> Vec<String> {
        if OF_PODS.contains(&command.path) {
            return self.names(Kind::Pod);
        }
        if OF_NODES.contains(&command.path) {
            return self.names(Kind::Node);
        }
        if let Some((ty, _)) = last.split_once('/') {
            let kind = resources::kind_for(ty).ok();
            let names = kind.map(|kind| self.names(kind)).unwrap_or_default();
            return names.into_iter().map(|name| format!("{ty}/{name}")).collect();
        }
        let mut given = rest.iter().enumerate().filter(|(at, word)| {
            let is_value = *at > 0 && flags::takes_next(command.flags, &rest[at - 1]);
            !word.starts_with('-') && !is_value
        });
        match given.next() {
            None => Kind::ALL.iter().map(|kind| kind.resource().plural.to_owned()).collect(),
            Some((_, ty)) => resources::kind_for(ty).map(|kind| self.names(kind)).unwrap_or_default(),
        }
    }

    /// The names of the objects of a kind, in the namespace that the line is about.
    fn names(&self, kind: Kind) -> Vec<String> {
        let named = self.words.windows(2).find(|pair| matches!(pair[0].as_str(), "-n" | "--namespace"));
        let joined = self.words.iter().find_map(|word| word.strip_prefix("--namespace="));
        let all = self.words.iter().any(|word| word == "-A" || word == "--all-namespaces");
        let namespace = match (named, joined, self.config.namespace.as_str()) {
            _ if all || !kind.resource().namespaced => "",
            (Some(pair), ..) => &pair[1],
            (_, Some(namespace), _) => namespace,
            (_, _, "") => "default",
            (_, _, namespace) => namespace,
        };
        let objects = resources::list_objects(self.cluster, kind, namespace);
        objects.iter().map(|object| object.meta.name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::config::Config;
    use crate::command::Command as Deed;
    use crate::workbench::Workbench;

    fn words(line: &str) -> Vec<String> {
        let mut bench = Workbench::new(Config::default());
        let manifest = include_str!("../../scenarios/web.yaml").to_owned();
        bench.execute(&Deed::Apply { manifest });
        complete(bench.cluster(), &Kubeconfig::default(), &["web.yaml"], line).words
    }

    #[test]
    fn commands_and_their_second_words_are_offered() {
        assert_eq!(words("kube"), ["kubectl"]);
        assert_eq!(words("kubectl rollout st"), ["status"]);
        assert!(words("k ").contains(&"get".to_owned()));
        assert_eq!(words("kubectl get pods; kubectl sca"), ["scale"]);
    }

    #[test]
    fn resources_names_namespaces_files_and_flags_are_offered() {
        assert_eq!(words("kubectl get statefuls"), ["statefulsets"]);
        assert_eq!(words("kubectl get sts -n julin w"), ["web"]);
        assert_eq!(words("kubectl delete sts/w -n"), ["-n"; 0]);
        assert_eq!(words("kubectl -n julin delete sts/w"), ["sts/web"]);
        assert_eq!(words("kubectl get pods -n ju"), ["julin"]);
        assert_eq!(words("kubectl apply -f w"), ["web.yaml"]);
        assert_eq!(words("kubectl drain node1 --ignore-d"), ["--ignore-daemonsets"]);
        assert_eq!(words("kubectl get pods -o jsonp"), ["jsonpath-as-json=", "jsonpath="]);
    }

    #[test]
    fn what_nobody_knows_gets_nothing() {
        assert_eq!(words("frobnicate x"), ["x"; 0]);
        assert_eq!(words("kubectl get widgets a"), ["a"; 0]);
        assert_eq!(words("ä"), ["a"; 0]);
        let start = complete(&Cluster::new(Config::default()), &Kubeconfig::default(), &[], "kubectl ge");
        assert_eq!((start.from, start.words), (8, vec!["get".to_owned()]));
    }
}
