//! What a container's program has written: it is run again.

use std::collections::BTreeMap;

use super::{Desk, Env, Host, Machine, Poll};
use crate::api::time::Instant;
use crate::cluster::Cluster;
use crate::disks::{Container, Disks, Lines};
use crate::kubectl::context::Kubeconfig;
use crate::programs;

/// Runs a container's program again, from the moment at which it began until now, and gives the lines that it wrote. The
/// cluster and the files are copies, as they are now, so nothing comes of it but these lines. A program that is not known
/// here has written nothing.
pub fn replay(cluster: &Cluster, disks: &Disks, container: &Container, words: &[String], begin: Instant) -> Lines {
    /// How many instructions, and how many lines, are gone through at most.
    const INSTRUCTIONS: u32 = 200_000;
    const LINES: usize = 2000;
    let host = Host::Container(container.clone());
    let name = words[0].rsplit('/').next().unwrap_or_default();
    if !matches!(name, "sh" | "bash" | "ash" | "sleep" | "echo" | "printf") && !programs::exists(name, &host) {
        return Vec::new();
    }
    let mut copy = cluster.clone();
    let mut desk = Desk { config: Kubeconfig::default(), files: BTreeMap::new(), disks: disks.clone() };
    let mut machine = Machine::in_container(cluster, container, words);
    let (mut lines, mut open) = (Vec::new(), String::new());
    let (mut now, mut budget) = (begin, INSTRUCTIONS);
    while lines.len() < LINES && budget > 0 {
        copy.set_clock(now);
        let mut env = Env { cluster: &mut copy, desk: &mut desk, writes: &[], wake: None, budget: budget.min(20_000) };
        let spent = env.budget;
        let poll = machine.poll(&mut env);
        budget -= spent - env.budget.min(spent);
        let wake = env.wake;
        for (_, text) in std::mem::take(&mut machine.out).pieces {
            open.push_str(&text);
        }
        while let Some(end) = open.find('\n') {
            lines.push((now, open[..end].to_owned()));
            open.drain(..=end);
        }
        match wake {
            Some(wake) if poll == Poll::Waits && wake <= cluster.now() => {
                budget = budget.saturating_sub(1);
                now = wake.max(now);
            }
            _ => break,
        }
    }
    if !open.is_empty() {
        lines.push((now, open));
    }
    lines
}
