//! A small picture of a scene: shapes and signs, and of words only the pods' names. Many of them stand side by side, and
//! travel as data.

use serde_json::Value;

use super::layout::Rect;
use super::scene::{Card, Scene};
use crate::api::fields::Fields;

/// A small picture. Its parts have the classes of what they are of, which give them their colours.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Miniature {
    /// The whole picture.
    pub width: f64,
    /// See `width`.
    pub height: f64,
    /// Outlines, each with its classes.
    pub shapes: Vec<(String, String)>,
    /// Words and glyphs.
    pub signs: Vec<Sign>,
}

/// A word or a glyph; it stands around the middle of its place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sign {
    /// The classes.
    pub class: String,
    /// Where the middle of its base line is.
    pub x: f64,
    /// See `x`.
    pub y: f64,
    /// What is written.
    pub text: String,
}

/// The longest name that has room beside the glyph of a pod.
const LONGEST_NAME: usize = 6;

/// The small picture of a scene.
pub fn draw(scene: &Scene) -> Miniature {
    let mut out = Miniature { width: scene.width, height: scene.height, ..Miniature::default() };
    for edge in &scene.edges {
        let path = format!("M{} {}V{}", edge.from.0, edge.from.1, edge.to.1);
        out.shape(if edge.faint { "mini__edge mini__edge--faint" } else { "mini__edge" }, &path);
    }
    // A set stands below its edges, and these below everything else.
    let frames = |card: &&Card| has(card, "set");
    for card in scene.cards.iter().filter(frames) {
        out.shapes.insert(0, (card.class.clone(), outline(card.place)));
    }
    for card in scene.cards.iter().filter(|card| has(card, "card") || has(card, "partition")) {
        out.shape(&card.class, &outline(card.place));
        out.signs(card);
    }
    out
}

fn has(card: &Card, class: &str) -> bool {
    card.class.split(' ').any(|known| known == class)
}

/// A rectangle with round corners; a line where it has no width.
fn outline(place: Rect) -> String {
    let Rect { x, y, width, height } = place;
    let (across, down) = (width - 16.0, height - 16.0);
    if across < 0.0 || down < 0.0 {
        return format!("M{x} {y}v{height}");
    }
    format!("M{} {y}h{across}q8 0 8 8v{down}q0 8-8 8h-{across}q-8 0-8-8v-{down}q0-8 8-8z", x + 8.0)
}

impl Miniature {
    /// Adds to the outline of what looks the same.
    fn shape(&mut self, class: &str, path: &str) {
        match self.shapes.iter_mut().find(|(known, _)| known == class) {
            Some((_, known)) => known.push_str(path),
            None => self.shapes.push((class.to_owned(), path.to_owned())),
        }
    }

    /// What is written on a card: a pod's glyph and name, and the glyph of what is stored.
    fn signs(&mut self, card: &Card) {
        let Some(glyph) = card.lines.iter().find(|line| line.class == "glyph") else { return };
        let state = card.class.split(' ').find(|class| class.starts_with("state-")).unwrap_or_default();
        let Rect { x, y, width, height } = card.place;
        let (middle, is_pod) = (y + height / 2.0, has(card, "pod"));
        let mut sign = |class: &str, x: f64, y: f64, text: &str| {
            self.signs.push(Sign { class: format!("{class} {state}"), x, y, text: text.to_owned() });
        };
        if !is_pod {
            sign("mini__glyph", x + width / 2.0, middle + 11.0, &glyph.text);
            return;
        }
        let name = &card.title;
        let ordinal = name.rsplit_once('-').map_or(name.as_str(), |(_, ordinal)| ordinal);
        sign("mini__glyph mini__glyph--pod", x + 30.0, middle + 16.0, &glyph.text);
        let name = if name.chars().count() > LONGEST_NAME { ordinal } else { name };
        sign("mini__name", x + (width + 52.0) / 2.0, middle + 13.0, name);
    }

    /// The picture as data.
    pub fn to_value(&self) -> Value {
        let shapes = self.shapes.iter().map(|(class, path)| Value::from(vec![class.as_str(), path.as_str()]));
        let signs = self.signs.iter().map(|Sign { class, x, y, text }| {
            Value::Array(vec![class.as_str().into(), (*x).into(), (*y).into(), text.as_str().into()])
        });
        serde_json::json!({
            "width": self.width,
            "height": self.height,
            "shapes": shapes.collect::<Vec<_>>(),
            "signs": signs.collect::<Vec<_>>(),
        })
    }

    /// The picture that data are of.
    pub fn of_value(value: &Value) -> Miniature {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |value: Option<&Value>| value.and_then(Value::as_f64).unwrap_or_default();
        let mut out = Miniature {
            width: number(Some(value.field("width"))),
            height: number(Some(value.field("height"))),
            ..Miniature::default()
        };
        for shape in value.list("shapes") {
            out.shapes.push((text(shape.get(0)), text(shape.get(1))));
        }
        for sign in value.list("signs") {
            let (x, y) = (number(sign.get(1)), number(sign.get(2)));
            out.signs.push(Sign { class: text(sign.get(0)), x, y, text: text(sign.get(3)) });
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::time::Millis;
    use crate::cluster::config::Config;
    use crate::command::Command;
    use crate::graph::{build, layout, scene};
    use crate::i18n::Language;
    use crate::timeline::Timeline;

    #[test]
    fn a_set_is_small_and_told_by_glyphs_and_classes() {
        let mut timeline = Timeline::new(Config::default());
        timeline.dispatch(Command::Apply { manifest: include_str!("../../scenarios/web.yaml").to_owned() });
        timeline.advance(Millis(2500));
        let graph = build::build(timeline.cluster());
        let scene = scene::draw(&graph, layout::place(&graph, None), Language::English.strings());
        let small = draw(&scene);
        let pods = small.shapes.iter().filter(|(class, _)| class.split(' ').any(|class| class == "pod"));
        let outlines: usize = pods.map(|(_, path)| path.matches('M').count()).sum();
        assert_eq!(outlines, 2);
        let names: Vec<&str> =
            small.signs.iter().filter(|s| s.class.starts_with("mini__name")).map(|s| &*s.text).collect();
        assert_eq!(names, ["web-0", "web-1"]);
        assert!(small.shapes[0].0.starts_with("set"), "what lies at the bottom is drawn first");
        assert_eq!(Miniature::of_value(&small.to_value()), small);
    }
}
