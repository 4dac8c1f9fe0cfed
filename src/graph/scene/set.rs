//! A set: its frame, its Services, and its columns.

use super::super::layout::{ColumnLayout, Rect, SetLayout, fit, fits, size};
use super::super::model::{BudgetView, ClaimView, Column, PodView, ServiceView, SetView, State, VolumeView};
use super::{Card, Edge, MONO, Pen, Ring, SMALL, facts};
use crate::api::meta::ObjectRef;
use crate::controllers::statefulset::set::StrategyType;
use crate::dns::Miss;
use crate::i18n::fill;

impl Pen<'_> {
    // Apart, since a first view has none (`tools/split`).
    #[inline(never)]
    pub(super) fn set(&mut self, set: &SetView, number: usize, at: &SetLayout) {
        let name = format!("{}/{}", set.reference.namespace, set.reference.name);
        let ready = fill(self.strings.ready_of, &[&set.ready.to_string(), &set.replicas.to_string()]);
        let mut frame = Card::new(format!("set/{name}"), "set".to_owned(), at.frame);
        frame.label = format!("StatefulSet {name}, {ready}");
        if set.terminating {
            frame.label.push_str(", Terminating");
            frame.class.push_str(" state-terminating");
        }
        frame.object = Some(set.reference.clone());
        frame.line(size::LANE_NAMES, 19.0, "kind", "StatefulSet");
        frame.line(size::LANE_NAMES, 38.0, "title", &*name);
        frame.line_to_end(size::PADDING, 20.0, if set.complete { "ready ready--all" } else { "ready" }, ready);
        let inner = at.frame.width - size::LANE_NAMES - size::PADDING;
        frame.line_to_end(size::PADDING, 38.0, "hash", self.revisions(set));
        frame.line(size::LANE_NAMES, 58.0, "small", fit(&self.policies(set), inner, SMALL));
        for (kind, lane) in at.lanes() {
            frame.line(lane.x - 8.0, lane.y - at.frame.y + lane.height / 2.0, "lane", kind);
        }
        self.scene.cards.push(frame);
        let service = at.services[0];
        self.governing_service(set, service);
        let further = set.services.iter().map(Ok).chain(set.budgets.iter().map(Err));
        for (thing, place) in further.zip(&at.services[1..]) {
            match thing {
                Ok(service) => self.service(service, *place),
                Err(budget) => self.budget(budget, *place),
            }
        }
        if let Some(tiles) = &at.tiles {
            self.tiles(set, number, tiles);
        }
        for places in &at.columns {
            // No line runs across the tiles.
            let below_tiles = Rect { y: places.dns.y - size::LANE_GAP, height: 0.0, ..service };
            let service = if at.tiles.is_some() { below_tiles } else { service };
            self.column(set, &set.columns[places.index], service, places);
        }
        self.partition(set, at);
    }

    /// How the set starts and updates its pods.
    fn policies(&self, set: &SetView) -> String {
        let policy = if set.parallel { "Parallel" } else { "OrderedReady" };
        let strategy = match set.strategy {
            StrategyType::RollingUpdate => "RollingUpdate",
            StrategyType::OnDelete => "OnDelete",
            StrategyType::Recreate => "Recreate",
        };
        let partition = if set.partition > 0 { format!("partition {}", set.partition) } else { String::new() };
        let budget = match set.strategy {
            StrategyType::RollingUpdate => {
                let away = set.unavailable.max(0).to_string();
                fill(self.strings.budget, &[&away, &set.max_unavailable.to_string()])
            }
            _ => String::new(),
        };
        facts(&[policy, strategy, &partition, &budget])
    }

    /// How many pods have which revision.
    fn revisions(&self, set: &SetView) -> String {
        if set.current_revision == set.update_revision {
            return format!("{} {}", self.strings.revision, set.update_revision);
        }
        let pods = set.columns.iter().filter(|column| column.pod.is_some()).count();
        let old = pods.saturating_sub(set.updated.try_into().unwrap_or_default());
        let (old, updated) = (old.to_string(), set.updated.to_string());
        fill(self.strings.rollout, &[&old, &set.current_revision, &updated, &set.update_revision])
    }

    /// The line between the pods that an update leaves alone and those that it replaces.
    fn partition(&mut self, set: &SetView, at: &SetLayout) {
        if set.partition <= 0 || set.strategy != StrategyType::RollingUpdate {
            return;
        }
        let side = |places: &ColumnLayout| set.columns[places.index].ordinal >= set.partition;
        let Some(pair) = at.columns.windows(2).find(|pair| side(&pair[1]) != side(&pair[0])) else {
            return;
        };
        let x = pair[1].pod.x - size::COLUMN_GAP / 2.0;
        let top = pair[1].dns.y - 8.0;
        let place = Rect { x, y: top, width: 0.0, height: at.frame.y + at.frame.height - top - 4.0 };
        let mut card = Card::new(format!("partition/{}", set.reference), "partition".to_owned(), place);
        card.label = fill(self.strings.partition, &[&set.partition.to_string()]);
        card.title = card.label.clone();
        self.scene.cards.push(card);
    }

    fn governing_service(&mut self, set: &SetView, place: Rect) {
        let Some(service) = &set.service else {
            let key = format!("service/{}/{}", set.reference, set.service_name);
            let mut card = Card::new(key, "card service card--missing".to_owned(), place);
            card.label = format!("Service {}, {}", set.service_name, self.strings.service_missing);
            card.line(12.0, 18.0, "small", format!("Service · {}", set.service_name));
            card.line(12.0, 36.0, "small", self.strings.service_missing);
            self.scene.cards.push(card);
            return;
        };
        self.service(service, place);
    }

    fn service(&mut self, service: &ServiceView, place: Rect) {
        let strings = self.strings;
        let ServiceView { reference, dns_name, cluster_ip, addresses, .. } = service;
        let mut card = Card::new(format!("service/{reference}"), "card service".to_owned(), place);
        card.object = Some(reference.clone());
        let address = cluster_ip.as_deref().unwrap_or(strings.headless);
        card.label = format!("Service {}, {dns_name}, {}", reference.name, addresses.join(" "));
        card.line(12.0, 18.0, "small", format!("Service · {address}"));
        card.line(12.0, 36.0, "name", fit(dns_name, place.width - 24.0, MONO));
        let behind = match service.ready {
            0 => strings.no_endpoints.to_owned(),
            count => {
                let more = if count > service.endpoints.len() { " …" } else { "" };
                fill(strings.endpoints, &[&count.to_string()]) + " · " + &service.endpoints.join(" ") + more
            }
        };
        card.line_to_end(12.0, 18.0, "small", fit(&behind, place.width - 200.0, SMALL));
        self.scene.cards.push(card);
    }

    fn budget(&mut self, budget: &BudgetView, place: Rect) {
        let reference = &budget.reference;
        let mut card = Card::new(format!("budget/{reference}"), "card service".to_owned(), place);
        let allowed = fill(self.strings.disruptions, &[&budget.allowed.to_string()]);
        card.object = Some(reference.clone());
        card.label = format!("PodDisruptionBudget {}, {allowed}", reference.name);
        card.line(12.0, 18.0, "small", "PodDisruptionBudget");
        card.line(12.0, 36.0, "name", fit(&reference.name, place.width - 24.0, MONO));
        card.line_to_end(12.0, 18.0, "small", allowed);
        self.scene.cards.push(card);
    }

    fn column(&mut self, set: &SetView, column: &Column, service: Rect, places: &ColumnLayout) {
        let answered = column.address.is_ok();
        let pod = &column.pod_ref;
        let governing = set.service.as_ref().map(|service| service.reference.clone());
        if let Some(governing) = governing {
            self.edge(service, places.dns, !answered, &governing, pod);
        }
        self.edge(places.dns, places.pod, !answered, &set.reference, pod);
        self.dns(column, places.dns);
        let key = format!("pod/{}/{}", pod.namespace, pod.name);
        self.pod(key, pod, column.pod.as_ref(), column.wanted, places.pod);
        let mut above = places.pod;
        for (claim, (claim_at, volume_at)) in column.claims.iter().zip(places.claims.iter().zip(&places.volumes)) {
            self.edge(above, *claim_at, column.pod.is_none() || claim.state == State::Absent, pod, &claim.reference);
            if let Some(volume) = &claim.volume {
                self.edge(*claim_at, *volume_at, false, &claim.reference, &volume.reference);
            }
            self.claim(Some(column), claim, *claim_at);
            self.volume(claim, *volume_at);
            above = *volume_at;
        }
    }

    /// A line straight down from one card to the next. `lower` says where, since a Service is as wide as its set.
    fn edge(&mut self, upper: Rect, lower: Rect, faint: bool, from: &ObjectRef, to: &ObjectRef) {
        let x = lower.x + lower.width / 2.0;
        let ends = (from.clone(), to.clone());
        self.scene.edges.push(Edge { from: (x, upper.y + upper.height), to: (x, lower.y), faint, ends });
    }

    fn dns(&mut self, column: &Column, place: Rect) {
        let (class, answer) = match &column.address {
            Ok(address) => ("card dns", address.as_str()),
            Err(miss) => ("card dns card--missing", self.strings.miss(*miss)),
        };
        let mut card = Card::new(format!("dns/{}", column.dns_name), class.to_owned(), place);
        card.title = column.dns_name.clone();
        // What a name has to say is what its pod has to say, also where there is none.
        card.object = Some(column.pod_ref.clone());
        // The Service's card has the rest of the name.
        let short: Vec<&str> = column.dns_name.splitn(3, '.').take(2).collect();
        card.line(12.0, 17.0, "name", fit(&short.join("."), place.width - 20.0, MONO));
        let former = column.former_address.as_deref().filter(|former| *former != answer).unwrap_or_default();
        // Beside the former address there is room for few words. Where no Service leads to the pod, the name had none.
        let (shown, former) = match &column.address {
            Ok(_) => (answer, former),
            Err(Miss::NotReady) if !former.is_empty() => (self.strings.state_not_ready, former),
            Err(Miss::NoPod) if !former.is_empty() => (self.strings.no_pod, former),
            Err(_) => (answer, ""),
        };
        let former_room = if former.is_empty() { 0.0 } else { former.len() as f64 * 6.6 + 20.0 };
        card.line(12.0, 33.0, "answer", fit(shown, place.width - 20.0 - former_room, SMALL));
        let was = if former.is_empty() { String::new() } else { fill(self.strings.formerly, &[former]) };
        card.line_to_end(12.0, 33.0, "former", former);
        card.label = format!("{} {}, {}", self.strings.dns_word, column.dns_name, [answer, &was].join(" ").trim_end());
        self.scene.cards.push(card);
    }

    /// A pod, or the place of one. `wanted` is whether there shall be one.
    pub(super) fn pod(&mut self, key: String, of: &ObjectRef, pod: Option<&PodView>, wanted: bool, place: Rect) {
        let state = pod.map_or(State::Absent, |pod| pod.state);
        let mut card = Card::new(key, format!("card pod state-{}", state.name()), place);
        if !wanted {
            card.class.push_str(" pod--unwanted");
        }
        card.title = of.name.clone();
        card.object = Some(of.clone());
        card.head(state, &of.name, 40.0);
        match pod {
            Some(pod) => self.pod_facts(pod, &mut card),
            None => {
                card.label = format!("Pod {}, {}", of.name, self.strings.no_pod);
                card.small(40.0, self.strings.no_pod);
                if !wanted {
                    card.small(56.0, self.strings.not_wanted);
                }
            }
        }
        self.scene.cards.push(card);
    }

    fn pod_facts(&mut self, pod: &PodView, card: &mut Card) {
        card.stripe = !pod.revision.is_empty();
        if pod.outdated {
            card.class.push_str(" pod--outdated");
        }
        if let Some(node) = &pod.node {
            let tint = self.tint(node);
            card.class.push_str(&tint);
        }
        card.label = self.pod_label(pod);
        let (restarts, ready) = (restarts(pod), format!("{}/{}", pod.ready.0, pod.ready.1));
        card.line_to_end(12.0, 20.0, "small", restarts + &ready);
        let timer = pod.timer.map_or("", |timer| self.strings.timer(timer.what));
        card.line(14.0, 39.0, "status", &*pod.status);
        card.small(55.0, &place_of(pod));
        if card.place.height >= size::POD {
            card.small(70.0, &pod.images.join(", "));
            card.line(14.0, 84.0, "hash", &*pod.revision);
            let mark = if pod.outdated && timer.is_empty() { self.strings.outdated } else { timer };
            card.line_to_end(12.0, 84.0, "small", mark);
        }
        if let Some(timer) = pod.timer {
            let (x, y) = (card.place.x + 20.0, card.place.y + 15.2);
            self.scene.rings.push(Ring { key: card.key.clone(), x, y, timer, state: pod.state });
        }
    }

    pub(super) fn pod_label(&self, pod: &PodView) -> String {
        let ready = format!("{}/{}", pod.ready.0, pod.ready.1);
        let timer = pod.timer.map_or("", |timer| self.strings.timer(timer.what));
        let revision = if pod.revision.is_empty() {
            String::new()
        } else {
            let mark = if pod.outdated { format!(", {}", self.strings.outdated) } else { String::new() };
            format!(", {} {}{mark}", self.strings.revision, pod.revision)
        };
        let timer = if timer.is_empty() { String::new() } else { format!(", {timer}") };
        format!("Pod {}, {}, {ready}, {}{revision}{timer}", pod.reference.name, pod.status, place_of(pod))
    }

    /// A claim; of an ordinal, where it belongs to one.
    pub(super) fn claim(&mut self, column: Option<&Column>, claim: &ClaimView, place: Rect) {
        let strings = self.strings;
        let known = facts(&[&claim.phase, &claim.storage, &claim.class]);
        let left = column.filter(|column| column.pod.is_none() && claim.state != State::Absent);
        let line = match (claim.state, left) {
            (State::Absent, _) => strings.claim_missing.to_owned(),
            (_, Some(column)) => fill(strings.claim_kept, &[&column.pod_ref.name]),
            _ => known.clone(),
        };
        let known = if left.is_some() { known + ", " } else { String::new() };
        let mut card = storage_card("claim", claim.state, place);
        card.key = format!("claim/{}", claim.reference);
        card.object = Some(claim.reference.clone());
        card.label = format!("{} {}, {known}{line}", strings.claim, claim.reference.name);
        card.title = claim.reference.name.clone();
        card.head(claim.state, &claim.reference.name, 8.0);
        let is_long = !fits(&line, place.width - 24.0, SMALL);
        let shown = left.filter(|_| is_long).map(|column| fill(strings.claim_kept_short, &[&column.pod_ref.name]));
        card.small(38.0, &shown.unwrap_or(line));
        self.scene.cards.push(card);
    }

    fn volume(&mut self, claim: &ClaimView, place: Rect) {
        let mut card = storage_card("volume", claim.volume.as_ref().map_or(State::Absent, |v| v.state), place);
        card.key = format!("volume of {}", claim.reference);
        match &claim.volume {
            Some(VolumeView { reference, state, phase, capacity, reclaim_policy }) => {
                let line = facts(&[phase, capacity, reclaim_policy]);
                card.label = format!("{} {}, {line}", self.strings.volume, reference.name);
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

/// The node and the address.
fn place_of(pod: &PodView) -> String {
    facts(&[pod.node.as_deref().unwrap_or_default(), pod.address.as_deref().unwrap_or_default()])
}

fn restarts(pod: &PodView) -> String {
    if pod.restarts > 0 { format!("↻{}  ", pod.restarts) } else { String::new() }
}

fn storage_card(kind: &str, state: State, place: Rect) -> Card {
    Card::new(String::new(), format!("card {kind} state-{}", state.name()), place)
}
