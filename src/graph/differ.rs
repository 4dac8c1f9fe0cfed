//! What differs between two pictures: of two clusters that were given the same commands.

use super::scene::{Card, Line, Scene};
use crate::i18n::Strings;

/// The classes that tell how an object fares; the others tell where it runs and how it is drawn.
fn tells(class: &str) -> bool {
    class.starts_with("state-") || class.starts_with("pod--") || class == "card--missing"
}

/// How an object fares, as far as two clusters are compared: its state, revision, and counts. Names of volumes and
/// addresses are not, since they say nothing.
fn looks(card: &Card) -> impl Iterator<Item = &str> {
    let told = |line: &&Line| line.class.split(' ').any(|class| matches!(class, "status" | "hash" | "ready"));
    let lines = card.lines.iter().filter(told).map(|line| line.text.as_str());
    card.class.split(' ').filter(|class| tells(class)).chain(lines)
}

/// Marks in both of two pictures what fares otherwise in the other one, or is not there. Marks are not compared.
pub fn mark_both(first: &mut Scene, beside: &mut Scene, strings: &Strings) {
    mark(first, beside, strings);
    mark(beside, first, strings);
}

/// Marks what fares otherwise in another picture, or is not there.
fn mark(scene: &mut Scene, other: &Scene, strings: &Strings) {
    for card in scene.cards.iter_mut().filter(|card| card.object.is_some() || tells_of_absence(card)) {
        let twin = other.cards.iter().find(|twin| twin.key == card.key);
        if twin.is_some_and(|twin| looks(twin).eq(looks(card))) {
            continue;
        }
        card.class.push_str(" card--differs");
        card.label = format!("{}, {}", card.label, if twin.is_some() { strings.differs } else { strings.only_here });
        let x = card.place.width + 3.0;
        card.lines.push(Line { x, y: 6.0, class: "differs", ends: true, text: "≠".to_owned() });
    }
}

/// Whether a card stands for a pod that is not there.
fn tells_of_absence(card: &Card) -> bool {
    card.class.split(' ').any(|class| class == "state-absent")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;

    fn scene(cards: &[(&str, &str, &str)]) -> Scene {
        let card = |(key, state, revision): &(&str, &str, &str)| Card {
            key: (*key).to_owned(),
            class: format!("card pod state-{state} tint-{revision}"),
            label: format!("Pod {key}"),
            object: Some(crate::api::meta::ObjectRef::new(crate::api::kind::Kind::Pod, "", *key)),
            lines: vec![
                Line { x: 0.0, y: 0.0, class: "hash", ends: false, text: (*revision).to_owned() },
                Line { x: 0.0, y: 0.0, class: "small", ends: false, text: format!("10.244.0.{}", cards.len()) },
            ],
            ..Card::default()
        };
        Scene { cards: cards.iter().map(card).collect(), ..Scene::default() }
    }

    #[test]
    fn states_revisions_and_presence_are_compared_and_nothing_else() {
        let mut one = scene(&[("web-0", "ready", "a"), ("web-1", "ready", "a"), ("web-2", "ready", "a")]);
        let two = scene(&[("web-0", "ready", "a"), ("web-1", "pending", "a")]);
        let strings = Language::English.strings();
        mark(&mut one, &two, strings);
        let labels: Vec<&str> = one.cards.iter().map(|card| card.label.as_str()).collect();
        let differs = format!("Pod web-1, {}", strings.differs);
        let only_here = format!("Pod web-2, {}", strings.only_here);
        assert_eq!(labels, ["Pod web-0", &differs, &only_here]);
        assert!(!one.cards[0].class.contains("differs") && one.cards[1].class.ends_with("card--differs"));
        assert_eq!(one.cards[1].lines.last().map(|line| line.text.as_str()), Some("≠"), "not by colour alone");
    }
}
