//! The picture as shapes and words: what the page draws and what an export writes. It knows no page.

mod beside;
mod set;
mod tiles;

pub use tiles::{tile, tile_key};

use super::layout::{Layout, Rect, fit};
use super::model::{Graph, State, Timer};
use crate::api::meta::ObjectRef;
use crate::i18n::Strings;

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
    pub rings: Vec<Ring>,
    /// Where the cards stand.
    pub layout: Layout,
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
    /// The tiles on it.
    pub strip: Option<Strip>,
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

/// A row of tiles: few shapes, however many there are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strip {
    /// The set in the graph, its column that is the first in the row, and how many follow.
    pub set: usize,
    /// See `set`.
    pub first: usize,
    /// See `set`.
    pub count: usize,
    /// Shapes, each with the classes that it is drawn by and its path.
    pub shapes: Vec<(String, String)>,
    /// Signs: the classes, the base line, the place of each, and all of them in one text.
    pub signs: Vec<(String, f64, String, String)>,
}

/// A line between two cards.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Where it begins and ends.
    pub from: (f64, f64),
    /// See `from`.
    pub to: (f64, f64),
    /// Whether what it stands for is not there.
    pub faint: bool,
    /// The objects that it connects.
    pub ends: (ObjectRef, ObjectRef),
}

/// The progress of something that takes time, around the glyph of a card.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    /// Whose it is: the card's key.
    pub key: String,
    /// Its middle.
    pub x: f64,
    /// See `x`.
    pub y: f64,
    /// From when until when.
    pub timer: Timer,
    /// Whose state colours it.
    pub state: State,
}

/// Draws a graph.
pub fn draw(graph: &Graph, layout: Layout, strings: &Strings) -> Scene {
    let nodes = graph.nodes.iter().map(|node| node.name.as_str()).collect();
    let scene = Scene { width: layout.width, height: layout.height, ..Scene::default() };
    let mut pen = Pen { strings, nodes, scene };
    for (number, (set, at)) in graph.sets.iter().zip(&layout.sets).enumerate() {
        pen.set(set, number, at);
    }
    if !layout.beside.1.is_empty() {
        pen.beside(graph, &layout.beside);
    }
    pen.scene.layout = layout;
    pen.scene
}

struct Pen<'a> {
    strings: &'a Strings,
    /// The nodes, in the order that gives each its tint.
    nodes: Vec<&'a str>,
    scene: Scene,
}

impl Pen<'_> {
    /// The class of a node's tint, with a blank before it.
    fn tint(&self, node: &str) -> String {
        let number = self.nodes.iter().position(|known| *known == node).unwrap_or_default();
        format!(" {}", tint(number))
    }
}

/// The class of the tint of the node with this number; there are few tints, which repeat.
pub fn tint(number: usize) -> String {
    format!("tint-{}", number % 6)
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
        self.line(20.0, 20.0, "glyph", state.glyph());
        self.line(38.0, 20.0, "name", fit(name, self.place.width - 38.0 - room, MONO));
    }

    fn small(&mut self, y: f64, text: &str) {
        let text = fit(text, self.place.width - 24.0, SMALL);
        self.line(14.0, y, "small", text);
    }
}

/// Facts beside one another, without those that are not known.
fn facts(of: &[&str]) -> String {
    let known: Vec<&str> = of.iter().copied().filter(|fact| !fact.is_empty()).collect();
    known.join(" · ")
}
