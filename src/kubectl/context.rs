//! What a command works with: the cluster, the settings of who types, files, and where its output goes.

use serde::{Deserialize, Serialize};

use super::wait::Wait;
use crate::api::time::Instant;
use crate::cluster::{Cluster, WatchEvent};
use crate::disks::{Container, Disks, Lines};

/// What a program writes, in the order in which it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The pieces: whether it is standard error, and the text.
    pub pieces: Vec<(bool, String)>,
}

impl Output {
    /// Writes to standard output, as it is.
    pub fn write(&mut self, text: &str) {
        self.push(false, text);
    }

    /// Writes a line to standard output.
    pub fn print(&mut self, line: &str) {
        self.push(false, line);
        self.push(false, "\n");
    }

    /// Writes to standard error, as it is.
    pub fn write_error(&mut self, text: &str) {
        self.push(true, text);
    }

    /// Writes a line to standard error.
    pub fn complain(&mut self, line: &str) {
        self.push(true, line);
        self.push(true, "\n");
    }

    /// Appends a piece.
    pub fn push(&mut self, is_error: bool, text: &str) {
        match self.pieces.last_mut() {
            _ if text.is_empty() => {}
            Some((same, piece)) if *same == is_error => piece.push_str(text),
            _ => self.pieces.push((is_error, text.to_owned())),
        }
    }

    /// Everything that went to one of the two streams.
    pub fn stream(&self, is_error: bool) -> String {
        self.pieces.iter().filter(|piece| piece.0 == is_error).map(|piece| piece.1.as_str()).collect()
    }
}

/// The kubeconfig: which cluster and namespace commands are about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kubeconfig {
    /// The name of the current context; its cluster and user are named after it.
    pub context: String,
    /// The context's namespace, empty where it names none.
    pub namespace: String,
}

impl Default for Kubeconfig {
    fn default() -> Kubeconfig {
        Kubeconfig { context: "lab".to_owned(), namespace: String::new() }
    }
}

/// The files that `-f` can name.
pub trait Files {
    /// The text of the file of this name.
    fn read(&self, name: &str) -> Option<String>;

    /// The names of all files, sorted.
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// No files at all.
impl Files for () {
    fn read(&self, _name: &str) -> Option<String> {
        None
    }
}

impl Files for std::collections::BTreeMap<String, std::sync::Arc<str>> {
    fn read(&self, name: &str) -> Option<String> {
        self.get(name.strip_prefix("./").unwrap_or(name)).map(|text| text.to_string())
    }

    fn names(&self) -> Vec<String> {
        self.keys().filter(|name| !name.contains("://")).cloned().collect()
    }
}

/// Finds out what the program of a container has written since a moment at which it was started, by its words.
pub type Replay = fn(&Cluster, &Disks, &Container, &[String], Instant) -> Lines;

/// What a command works with.
pub struct Context<'a> {
    /// The cluster.
    pub cluster: &'a mut Cluster,
    /// The kubeconfig.
    pub config: &'a mut Kubeconfig,
    /// The files.
    pub files: &'a dyn Files,
    /// The files of volumes and containers.
    pub disks: &'a mut Disks,
    /// The writes since the command was looked at last, each with the version of the store after it.
    pub writes: &'a [(u64, WatchEvent)],
    /// How it is found out what programs in containers have written.
    pub replay: Replay,
    /// What is on standard input, where that is not the terminal.
    pub stdin: Option<&'a str>,
    /// Where output goes.
    pub out: &'a mut Output,
    /// Files that the command writes, by name.
    pub saves: Vec<(String, String)>,
    /// What the command still waits for after it has returned.
    pub wait: Option<Wait>,
}
