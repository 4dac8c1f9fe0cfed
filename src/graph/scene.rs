//! The picture as shapes and words: what the page draws and what an export writes. It knows no page.

use super::layout::{ColumnLayout, Layout, Rect, SetLayout, fit, size};
use super::model::{ClaimView, Column, Graph, PodView, ServiceView, SetView, State, VolumeView};
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::controllers::kubelet::Progress;
use crate::i18n::{Strings, fill};

/// The width of a character of the names' typeface, at the size that cards use.
const MONO: f64 = 7.3;
/// The same for the small lines.
const SMALL: f64 = 5.9;

/// Everything that is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    /// The whole picture.
    pub width: f64,
    /// See `width`.
    pub height: f64,
    /// Lines between cards, drawn below them.
    pub edges: Vec<Edge>,
    /// Frames and cards, in the order in which they are read and drawn.
    pub cards: Vec<Card>,
    /// What takes time.
    pub bars: Vec<Bar>,
}

/// A rectangle with words in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Card {
    /// What it is of: the same as long as it stands for the same thing.
    pub key: String,
    /// Its kind and state, as classes of the style sheet.
    pub class: String,
    /// Where it stands.
    pub place: Rect,
    /// What a screen reader says; nothing where it is decoration.
    pub label: String,
    /// What is shown on hovering, where the words on it are cut.
    pub title: String,
    /// The object that it can be selected for.
    pub object: Option<ObjectRef>,
    /// Whether it has the stripe of a revision.
    pub stripe: bool,
    /// What is written on it.
    pub lines: Vec<Line>,
}

/// Words on a card.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// From the card's left edge, or from its right one where the words end there.
    pub x: f64,
    /// The base line, from the card's upper edge.
    pub y: f64,
    /// How they are set, as a class of the style sheet.
    pub class: &'static str,
    /// Whether `x` is where they end.
    pub ends: bool,
    /// The words.
    pub text: String,
}

/// A line between two cards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Where it begins and ends.
    pub from: (f64, f64),
    /// See `from`.
    pub to: (f64, f64),
    /// Whether what it stands for is not there.
    pub faint: bool,
}

/// The progress of something that takes time, at the foot of a card.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// Where it is when it is full.
    pub place: Rect,
    /// From when until when.
    pub progress: Progress,
    /// Whose state colours it.
    pub state: State,
}

/// Draws a graph.
pub fn draw(graph: &Graph, layout: &Layout, strings: &Strings) -> Scene {
    let mut pen = Pen { strings, scene: Scene { width: layout.width, height: layout.height, ..Scene::default() } };
    for (set, at) in graph.sets.iter().zip(&layout.sets) {
        pen.set(set, at);
    }
    pen.scene
}

struct Pen<'a> {
    strings: &'a Strings,
    scene: Scene,
}

impl Card {
    fn new(key: String, class: String, place: Rect) -> Card {
        Card { key, class, place, ..Card::default() }
    }

    fn line(&mut self, x: f64, y: f64, class: &'static str, text: impl Into<String>) {
        self.lines.push(Line { x, y, class, ends: false, text: text.into() });
    }

    fn line_to_end(&mut self, x: f64, y: f64, class: &'static str, text: impl Into<String>) {
        self.lines.push(Line { x: self.place.width - x, y, class, ends: true, text: text.into() });
    }

    /// The glyph of a state and the name beside it. `room` is what the name leaves free at its right.
    fn head(&mut self, state: State, name: &str, room: f64) {
        self.line(14.0, 20.0, "glyph", state.glyph());
        self.line(34.0, 20.0, "name", fit(name, self.place.width - 34.0 - room, MONO));
    }

    fn small(&mut self, y: f64, text: &str) {
        let text = fit(text, self.place.width - 24.0, SMALL);
        self.line(14.0, y, "small", text);
    }
}

impl Pen<'_> {
    fn set(&mut self, set: &SetView, at: &SetLayout) {
        let name = format!("{}/{}", set.reference.namespace, set.reference.name);
        let ready = fill(self.strings.ready_of, &[&set.ready.to_string(), &set.replicas.to_string()]);
        let mut frame = Card::new(format!("set/{name}"), "set".to_owned(), at.frame);
        frame.label = format!("StatefulSet {name}, {ready}");
        frame.object = Some(set.reference.clone());
        frame.line(size::LANE_NAMES, 19.0, "kind", "StatefulSet");
        frame.line(size::LANE_NAMES, 38.0, "title", &*name);
        frame.line_to_end(size::PADDING, 21.0, "ready", ready);
        frame.line_to_end(size::PADDING, 39.0, "hash", policy_and_revisions(set));
        for (kind, lane) in at.lanes() {
            frame.line(lane.x - 8.0, lane.y - at.frame.y + lane.height / 2.0, "lane", kind);
        }
        self.scene.cards.push(frame);
        self.service(set, at.service);
        for (column, places) in set.columns.iter().zip(&at.columns) {
            self.column(set, column, at.service, places);
        }
    }

    fn service(&mut self, set: &SetView, place: Rect) {
        let strings = self.strings;
        let key = format!("service/{}/{}", set.reference, set.service_name);
        let mut card = Card::new(key, "card service".to_owned(), place);
        match &set.service {
            Some(ServiceView { reference, dns_name, cluster_ip, addresses }) => {
                card.object = Some(reference.clone());
                let address = cluster_ip.as_deref().unwrap_or(strings.headless);
                let behind = if addresses.is_empty() { strings.no_address.to_owned() } else { addresses.join("  ") };
                card.label = format!("Service {}, {dns_name}, {}", set.service_name, addresses.join(" "));
                card.line(12.0, 18.0, "small", format!("Service · {address}"));
                card.line(12.0, 36.0, "name", fit(dns_name, place.width - 24.0, MONO));
                card.line_to_end(12.0, 18.0, "small", fit(&behind, place.width - 200.0, SMALL));
            }
            None => {
                card.class.push_str(" card--missing");
                card.label = format!("Service {}, {}", set.service_name, strings.service_missing);
                card.line(12.0, 18.0, "small", format!("Service · {}", set.service_name));
                card.line(12.0, 36.0, "small", strings.service_missing);
            }
        }
        self.scene.cards.push(card);
    }

    fn column(&mut self, set: &SetView, column: &Column, service: Rect, places: &ColumnLayout) {
        let answered = column.address.is_ok();
        self.edge(service, places.dns, !answered);
        self.edge(places.dns, places.pod, !answered);
        self.dns(set, column, places.dns);
        self.pod(set, column, places.pod);
        let mut above = places.pod;
        for (claim, (claim_at, volume_at)) in column.claims.iter().zip(places.claims.iter().zip(&places.volumes)) {
            self.edge(above, *claim_at, column.pod.is_none() || claim.state == State::Absent);
            self.edge(*claim_at, *volume_at, claim.volume.is_none());
            self.claim(column, claim, *claim_at);
            self.volume(claim, *volume_at);
            above = *volume_at;
        }
    }

    /// A line straight down from one card to the next. `lower` says where, since a Service is as wide as its set.
    fn edge(&mut self, upper: Rect, lower: Rect, faint: bool) {
        let x = lower.x + lower.width / 2.0;
        self.scene.edges.push(Edge { from: (x, upper.y + upper.height), to: (x, lower.y), faint });
    }

    fn dns(&mut self, set: &SetView, column: &Column, place: Rect) {
        let (class, answer) = match &column.address {
            Ok(address) => ("card dns", address.as_str()),
            Err(miss) => ("card dns card--missing", self.strings.miss(*miss)),
        };
        let mut card = Card::new(format!("dns/{}", column.dns_name), class.to_owned(), place);
        card.label = format!("Name {}, {answer}", column.dns_name);
        card.title = column.dns_name.clone();
        // What a name has to say is what its pod has to say, also where there is none.
        card.object = Some(pod_of(set, column));
        // The Service's card has the rest of the name.
        let short: Vec<&str> = column.dns_name.splitn(3, '.').take(2).collect();
        card.line(12.0, 17.0, "name", fit(&short.join("."), place.width - 20.0, MONO));
        card.line(12.0, 33.0, "answer", fit(answer, place.width - 20.0, SMALL));
        self.scene.cards.push(card);
    }

    fn pod(&mut self, set: &SetView, column: &Column, place: Rect) {
        let key = format!("pod/{}/{}", set.reference.namespace, column.pod_name);
        let state = column.pod.as_ref().map_or(State::Absent, |pod| pod.state);
        let mut card = Card::new(key, format!("card pod state-{}", state.name()), place);
        if !column.wanted {
            card.class.push_str(" pod--unwanted");
        }
        card.title = column.pod_name.clone();
        card.object = Some(pod_of(set, column));
        card.head(state, &column.pod_name, 40.0);
        match &column.pod {
            Some(pod) => self.pod_facts(pod, &mut card),
            None => {
                card.label = format!("Pod {}, {}", column.pod_name, self.strings.no_pod);
                card.small(40.0, self.strings.no_pod);
            }
        }
        self.scene.cards.push(card);
    }

    fn pod_facts(&mut self, pod: &PodView, card: &mut Card) {
        let ready = format!("{}/{}", pod.ready.0, pod.ready.1);
        let at = [pod.node.as_deref(), pod.address.as_deref()];
        let at = at.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        card.stripe = true;
        if pod.outdated {
            card.class.push_str(" pod--outdated");
        }
        card.label = format!(
            "Pod {}, {}, {ready}, {at}, {} {}",
            pod.reference.name, pod.status, self.strings.revision, pod.revision
        );
        let restarts = if pod.restarts > 0 { format!("↻{}  ", pod.restarts) } else { String::new() };
        card.line_to_end(12.0, 20.0, "small", restarts + &ready);
        card.line(14.0, 39.0, "status", &*pod.status);
        card.small(55.0, &at);
        card.small(70.0, &pod.images.join(", "));
        card.line(14.0, 84.0, "hash", &*pod.revision);
        if let Some(progress) = pod.progress {
            let place = Rect { y: card.place.y + card.place.height - 3.0, height: 3.0, ..card.place };
            self.scene.bars.push(Bar { place, progress, state: pod.state });
        }
    }

    fn claim(&mut self, column: &Column, claim: &ClaimView, place: Rect) {
        let strings = self.strings;
        let facts = [claim.phase.as_str(), &claim.storage, &claim.class];
        let facts = facts.into_iter().filter(|fact| !fact.is_empty()).collect::<Vec<_>>().join(" · ");
        let line = match claim.state {
            State::Absent => strings.claim_missing.to_owned(),
            _ if column.pod.is_none() => fill(strings.claim_kept, &[&column.pod_name]),
            _ => facts.clone(),
        };
        let facts = if column.pod.is_none() && claim.state != State::Absent { facts + ", " } else { String::new() };
        let mut card = storage_card("claim", claim.state, place);
        card.key = format!("claim/{}", claim.reference);
        card.object = Some(claim.reference.clone());
        card.label = format!("Claim {}, {facts}{line}", claim.reference.name);
        card.title = claim.reference.name.clone();
        card.head(claim.state, &claim.reference.name, 8.0);
        card.small(38.0, &line);
        self.scene.cards.push(card);
    }

    fn volume(&mut self, claim: &ClaimView, place: Rect) {
        let mut card = storage_card("volume", claim.volume.as_ref().map_or(State::Absent, |v| v.state), place);
        card.key = format!("volume of {}", claim.reference);
        match &claim.volume {
            Some(VolumeView { reference, state, phase, capacity, reclaim_policy }) => {
                let line = format!("{phase} · {capacity} · {reclaim_policy}");
                card.label = format!("Volume {}, {line}", reference.name);
                card.title = reference.name.clone();
                card.object = Some(reference.clone());
                card.head(*state, &reference.name, 8.0);
                card.small(38.0, &line);
            }
            None => {
                card.label = self.strings.no_volume.to_owned();
                card.head(State::Absent, "PersistentVolume", 8.0);
                card.small(38.0, self.strings.no_volume);
            }
        }
        self.scene.cards.push(card);
    }
}

/// The pod of a column, which need not be there.
fn pod_of(set: &SetView, column: &Column) -> ObjectRef {
    ObjectRef::new(Kind::Pod, &set.reference.namespace, &column.pod_name)
}

fn storage_card(kind: &str, state: State, place: Rect) -> Card {
    Card::new(String::new(), format!("card {kind} state-{}", state.name()), place)
}

fn policy_and_revisions(set: &SetView) -> String {
    let policy = if set.parallel { "Parallel" } else { "OrderedReady" };
    if set.current_revision == set.update_revision {
        format!("{policy} · {}", set.update_revision)
    } else {
        format!("{policy} · {} → {}", set.current_revision, set.update_revision)
    }
}
