//! What would happen to what is in a picture.

use super::scene::{Line, Scene};
use crate::forecast::{ChangeKind, Fate, Forecast};
use crate::i18n::{Strings, fill};

/// Marks what would not stay as it is, with its number in the order in which that begins, and what would be refused.
pub fn mark(scene: &mut Scene, forecast: &Forecast, strings: &Strings) {
    for card in &mut scene.cards {
        let Some(object) = &card.object else { continue };
        // A name stands for its pod, which has a card of its own.
        if card.class.split(' ').any(|class| class == "dns") {
            continue;
        }
        let refused =
            forecast.changes.iter().any(|change| change.kind == ChangeKind::Refused && change.object == *object);
        let (class, sign, word) = match forecast.fate_of(object) {
            _ if refused => ("refused", "✕".to_owned(), strings.fate_refused.to_owned()),
            Some((number, fate)) => {
                let (class, sign, word) = match fate {
                    Fate::Created => ("created", "+", strings.fate_created),
                    Fate::Replaced => ("replaced", "↻", strings.fate_replaced),
                    Fate::Deleted => ("deleted", "−", strings.fate_deleted),
                };
                match number.map(|number| number.to_string()) {
                    Some(number) => {
                        let word = format!("{word}, {}", fill(strings.fate_number, &[&number]));
                        (class, format!("{number} {sign}"), word)
                    }
                    None => (class, sign.to_owned(), word.to_owned()),
                }
            }
            None => continue,
        };
        card.class.push_str(" card--fate fate-");
        card.class.push_str(class);
        card.label = format!("{}, {word}", card.label);
        card.lines.push(Line { x: 4.0, y: -4.0, class: "fate", ends: false, text: sign });
    }
}
