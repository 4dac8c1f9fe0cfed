//! The shell that a terminal, and `sh` in a container, run: a line is parsed to instructions, and a [`Machine`] goes
//! through them. A machine is a value: it can be copied at any moment, also while what it runs waits.

mod builtin;
mod expand;
mod machine;
pub mod parse;
mod process;
mod replay;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::time::{Instant, Millis};
use crate::cluster::{Cluster, WatchEvent};
use crate::disks::{Container, Disks};
use crate::kubectl::context::Kubeconfig;

pub(crate) use expand::matches;
pub use machine::{Machine, Poll};
pub use process::{CLEAR, Input, Process};

/// What stands on a person's desk, besides the cluster: files, the kubeconfig, and what is on the cluster's disks.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The kubeconfig, which all terminals share.
    pub config: Kubeconfig,
    /// The files by name.
    pub files: BTreeMap<String, Arc<str>>,
    /// The files of volumes and containers.
    pub disks: Disks,
}

/// The files of the tutorial "StatefulSet Basics", by the addresses that it gives.
const BASICS: [(&str, &str); 2] = [
    ("https://k8s.io/examples/application/web/web.yaml", include_str!("../../scenarios/basics/web.yaml")),
    (
        "https://k8s.io/examples/application/web/web-parallel.yaml",
        include_str!("../../scenarios/basics/web-parallel.yaml"),
    ),
];

impl Default for Desk {
    fn default() -> Desk {
        let mut files = BTreeMap::new();
        for (name, text) in BASICS {
            files.insert(name.to_owned(), text.into());
        }
        Desk { config: Kubeconfig::default(), files, disks: Disks::default() }
    }
}

/// Where a shell runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// In the terminal.
    Local,
    /// In a container.
    Container(Container),
}

/// What a running line works with.
pub struct Env<'a> {
    /// The cluster.
    pub cluster: &'a mut Cluster,
    /// The desk.
    pub desk: &'a mut Desk,
    /// The writes since the line was looked at last.
    pub writes: &'a [(u64, WatchEvent)],
    /// When something that waits wants to be looked at again, whatever happens in the cluster.
    pub wake: Option<Instant>,
    /// How many instructions may still be done before others have their turn.
    pub budget: u32,
}

impl Env<'_> {
    /// Asks to be looked at again at a moment.
    pub fn wake_at(&mut self, moment: Instant) {
        self.wake = Some(self.wake.map_or(moment, |wake| wake.min(moment)));
    }

    /// Asks to be looked at again after a while.
    pub fn wake_after(&mut self, span: Millis) {
        self.wake_at(self.cluster.now() + span);
    }
}
