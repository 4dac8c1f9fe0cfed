//! What is in no set: Services and pods that are simulated, and what is only there.

use super::super::layout::{Rect, fit};
use super::super::model::{Graph, ServiceView};
use super::{Card, MONO, Pen, facts};
use crate::api::meta::ObjectRef;
use crate::i18n::fill;

impl Pen<'_> {
    // Apart, since a first view has nothing of it (`tools/split`).
    #[inline(never)]
    pub(super) fn beside(&mut self, graph: &Graph, (frame, places): &(Rect, Vec<Rect>)) {
        let mut card = Card::new("beside".to_owned(), "set set--beside".to_owned(), *frame);
        card.label = self.strings.beside.to_owned();
        card.line(places[0].x - frame.x, 26.0, "kind", self.strings.beside);
        self.scene.cards.push(card);
        let mut places = places.iter().copied();
        for (service, place) in graph.services.iter().zip(places.by_ref()) {
            self.loose_service(service, place);
        }
        for (pod, place) in graph.pods.iter().zip(places.by_ref()) {
            let key = format!("pod/{}/{}", pod.reference.namespace, pod.reference.name);
            self.pod(key, &pod.reference, Some(pod), true, place);
        }
        for (claim, place) in graph.claims.iter().zip(places.by_ref()) {
            self.claim(None, claim, place);
        }
        for ((object, of), place) in graph.ghosts.iter().zip(places.by_ref()) {
            self.ghost(object, of, place);
        }
        for (object, place) in graph.others.iter().zip(places) {
            self.not_simulated(object, place);
        }
    }

    fn loose_service(&mut self, service: &ServiceView, place: Rect) {
        let ServiceView { reference, dns_name, cluster_ip, ready, .. } = service;
        let mut card = Card::new(format!("service/{reference}"), "card service".to_owned(), place);
        card.object = Some(reference.clone());
        let behind = match *ready {
            0 => self.strings.no_endpoints.to_owned(),
            count => fill(self.strings.endpoints, &[&count.to_string()]),
        };
        card.label = format!("Service {}, {dns_name}, {behind}", reference.name);
        card.title = dns_name.clone();
        card.small(18.0, &facts(&["Service", cluster_ip.as_deref().unwrap_or(self.strings.headless)]));
        card.line(14.0, 36.0, "name", fit(&reference.name, place.width - 24.0, MONO));
        card.small(52.0, &behind);
        self.scene.cards.push(card);
    }

    fn ghost(&mut self, object: &ObjectRef, of: &ObjectRef, place: Rect) {
        let mut card = Card::new(format!("ghost/{object}"), "card card--missing other".to_owned(), place);
        let kind = object.kind.name();
        let why = fill(self.strings.ghost_of, &[&of.to_string()]);
        let missing = self.strings.not_there;
        card.label = format!("{kind} {}, {missing}, {why}", object.name);
        card.title = card.label.clone();
        card.object = Some(object.clone());
        card.small(18.0, &facts(&[kind, missing]));
        card.line(14.0, 36.0, "name", fit(&object.name, place.width - 24.0, MONO));
        card.small(52.0, &why);
        self.scene.cards.push(card);
    }

    fn not_simulated(&mut self, object: &ObjectRef, place: Rect) {
        let mut card = Card::new(format!("other/{object}"), "card card--missing other".to_owned(), place);
        let kind = object.kind.name();
        card.label = format!("{kind} {}, {}", object.name, self.strings.not_simulated);
        card.title = card.label.clone();
        card.object = Some(object.clone());
        card.small(18.0, kind);
        card.line(14.0, 36.0, "name", fit(&object.name, place.width - 24.0, MONO));
        card.small(52.0, self.strings.not_simulated);
        self.scene.cards.push(card);
    }
}
