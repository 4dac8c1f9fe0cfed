//! The picture as a flowchart of Mermaid, which GitHub and many documentation pages draw.

use std::fmt::Write;

use super::paint::{Colors, Paint};
use crate::graph::model::{ClaimView, Column, Graph, PodView, ServiceView, SetView, State};
use crate::i18n::{Strings, fill};

/// Mermaid draws no more than 500 lines; a pod with a claim takes four.
const MOST_PODS: usize = 100;

/// The flowchart: Services, pods, claims and volumes, with the colours of their states.
pub fn mermaid(graph: &Graph, strings: &Strings) -> String {
    let mut chart = Chart { out: "flowchart TB\n".to_owned(), strings, nodes: 0, pods: 0, left_out: 0 };
    for set in &graph.sets {
        chart.set(set);
    }
    for service in &graph.services {
        chart.service(service);
    }
    for pod in &graph.pods {
        chart.loose_pod(pod);
    }
    for claim in &graph.claims {
        chart.claim(None, claim);
    }
    if chart.nodes == 0 {
        chart.node("", &[strings.empty_title], None);
    }
    if chart.left_out > 0 {
        let more = fill(strings.share.more_pods, &[&chart.left_out.to_string()]);
        chart.node("  ", &[&more], None);
    }
    chart.classes();
    chart.out
}

struct Chart<'a> {
    out: String,
    strings: &'a Strings,
    nodes: usize,
    pods: usize,
    left_out: usize,
}

impl Chart<'_> {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing into a text cannot fail.
        let _ = self.out.write_fmt(text);
    }

    /// Adds a node with these lines, and gives its number.
    fn node(&mut self, indent: &str, lines: &[&str], state: Option<State>) -> usize {
        let words: Vec<String> = lines.iter().filter(|line| !line.is_empty()).map(|line| escaped(line)).collect();
        let class = state.map(|state| format!(":::{}", state.name())).unwrap_or_default();
        let number = self.nodes;
        self.nodes += 1;
        self.put(format_args!("{indent}  n{number}[\"{}\"]{class}\n", words.join("<br/>")));
        number
    }

    fn edge(&mut self, from: usize, to: usize, faint: bool) {
        self.put(format_args!("  n{from} {} n{to}\n", if faint { "-.->" } else { "-->" }));
    }

    fn set(&mut self, set: &SetView) {
        let name = format!("{}/{}", set.reference.namespace, set.reference.name);
        let ready = fill(self.strings.ready_of, &[&set.ready.to_string(), &set.replicas.to_string()]);
        let title = escaped(&format!("StatefulSet {name} · {ready}"));
        let number = self.nodes;
        self.put(format_args!("  subgraph s{number}[\"{title}\"]\n    direction TB\n"));
        let service = match &set.service {
            Some(service) => self.service(service),
            None => self.node("  ", &["Service", &set.service_name, self.strings.service_missing], Some(State::Absent)),
        };
        let room = MOST_PODS.saturating_sub(self.pods);
        for column in set.columns.iter().take(room) {
            self.column(column, service);
        }
        self.pods += set.columns.len().min(room);
        self.left_out += set.columns.len().saturating_sub(room);
        self.put(format_args!("  end\n"));
    }

    fn service(&mut self, service: &ServiceView) -> usize {
        let address = service.cluster_ip.as_deref().unwrap_or(self.strings.headless);
        self.node("  ", &[&format!("Service · {address}"), &service.dns_name], None)
    }

    fn column(&mut self, column: &Column, service: usize) {
        let (status, place) = match &column.pod {
            Some(pod) => (pod.status.as_str(), pod.node.as_deref().unwrap_or_default()),
            None => (self.strings.no_pod, ""),
        };
        let state = column.pod.as_ref().map_or(State::Absent, |pod| pod.state);
        let status = format!("{} {status}", state.glyph());
        let pod = self.node("  ", &[&column.pod_ref.name, &status, place], Some(state));
        self.edge(service, pod, column.address.is_err());
        for claim in &column.claims {
            self.claim(Some(pod), claim);
        }
    }

    fn loose_pod(&mut self, pod: &PodView) {
        if self.pods >= MOST_PODS {
            self.left_out += 1;
            return;
        }
        self.pods += 1;
        let status = format!("{} {}", pod.state.glyph(), pod.status);
        self.node("", &[&pod.reference.name, &status, pod.node.as_deref().unwrap_or_default()], Some(pod.state));
    }

    fn claim(&mut self, pod: Option<usize>, claim: &ClaimView) {
        if claim.state == State::Absent {
            return;
        }
        let node = self.node("  ", &["PVC", &claim.reference.name, &claim.phase], Some(claim.state));
        if let Some(pod) = pod {
            self.edge(pod, node, false);
        }
        if let Some(volume) = &claim.volume {
            let volume = self.node("  ", &["PV", &volume.reference.name, &volume.capacity], Some(volume.state));
            self.edge(node, volume, false);
        }
    }

    fn classes(&mut self) {
        const STATES: [State; 8] = [
            State::Absent,
            State::Pending,
            State::Starting,
            State::NotReady,
            State::Ready,
            State::Terminating,
            State::Failed,
            State::Unknown,
        ];
        for state in
            STATES.into_iter().filter(|state| self.out.contains(&format!(":::{}\n", state.name()))).collect::<Vec<_>>()
        {
            let color = Paint { colors: Colors::Light, tints: false }.color(&["state-", state.name()].concat());
            let dash = match state {
                State::Ready => "stroke-width:2px",
                State::Absent => "stroke-dasharray:1 4",
                _ => "stroke-dasharray:6 4",
            };
            self.put(format_args!("  classDef {} stroke:{color},{dash}\n", state.name()));
        }
    }
}

/// A text in a node's quotes. Whatever Mermaid or HTML could read more into is written as the number of its character.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            c if c.is_alphanumeric() || " -_./:·●◌◔◐⊘✕".contains(c) => out.push(c),
            c if c.is_control() => out.push(' '),
            c => {
                let _ = write!(out, "#{};", u32::from(c));
            }
        }
    }
    out
}
