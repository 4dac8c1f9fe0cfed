//! The pods of a large set as tiles: one shape for all tiles of a row that look alike.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use super::super::layout::{Layout, Rect, Tiles};
use super::super::model::{Column, Graph, SetView, State};
use super::{Card, Pen, Scene, Strip};
use crate::i18n::Strings;

impl Pen<'_> {
    pub(super) fn tiles(&mut self, set: &SetView, number: usize, tiles: &Tiles) {
        for first in (0..set.columns.len()).step_by(tiles.per_row) {
            let row = &set.columns[first..set.columns.len().min(first + tiles.per_row)];
            self.strip(set, number, tiles, first, row);
        }
    }

    fn strip(&mut self, set: &SetView, number: usize, tiles: &Tiles, first: usize, row: &[Arc<Column>]) {
        let at = tiles.place(first);
        let place = Rect { width: row.len() as f64 * tiles.pitch.0, height: tiles.pitch.1, ..at };
        let mut card = Card::new(format!("strip/{}/{first}", set.reference), "strip".to_owned(), place);
        let mut strip = Strip { set: number, first, count: row.len(), ..Strip::default() };
        let mut boxes: BTreeMap<String, String> = BTreeMap::new();
        let mut signs: BTreeMap<State, (String, String)> = BTreeMap::new();
        let mut counts: BTreeMap<State, usize> = BTreeMap::new();
        let middle = at.width / 2.0;
        for (i, column) in row.iter().enumerate() {
            let x = i as f64 * tiles.pitch.0;
            let state = state_of(column);
            *counts.entry(state).or_default() += 1;
            let path = boxes.entry(format!("1 tile state-{}", state.name())).or_default();
            // Writing into a text cannot fail.
            let _ = write!(path, "M{x:.1} 0h{:.1}v{}h-{:.1}z", at.width, at.height, at.width);
            if column.pod.as_ref().is_some_and(|pod| pod.outdated) {
                let path = boxes.entry("2 tile__old".to_owned()).or_default();
                let _ = write!(path, "M{x:.1} 0h7l-7 7z");
            }
            if let Some(node) = column.pod.as_ref().and_then(|pod| pod.node.as_ref()) {
                let path = boxes.entry(format!("0 tile__node{}", self.tint(node))).or_default();
                let _ = write!(
                    path,
                    "M{:.1} -1.5h{:.1}v{}h-{:.1}z",
                    x - 1.5,
                    at.width + 3.0,
                    at.height + 3.0,
                    at.width + 3.0
                );
            }
            for claim in column.claims.iter().take(1).filter(|claim| claim.state != State::Absent) {
                let path = boxes.entry(format!("3 tile__claim state-{}", claim.state.name())).or_default();
                let _ = write!(
                    path,
                    "M{:.1} {}h{:.1}v2.5h-{:.1}z",
                    x + 3.0,
                    at.height - 4.0,
                    at.width - 6.0,
                    at.width - 6.0
                );
            }
            let (places, text) = signs.entry(state).or_default();
            let _ = write!(places, "{:.1} ", x + middle);
            text.push_str(state.glyph());
        }
        // The first character of the classes says what is drawn below what.
        strip.shapes = boxes.into_iter().map(|(class, path)| (class[2..].to_owned(), path)).collect();
        let base = if tiles.numbered { 17.0 } else { at.height / 2.0 + 3.0 };
        let sign = |(state, (places, text)): (State, (String, String))| {
            (format!("tile__glyph state-{}", state.name()), base, places, text)
        };
        strip.signs = signs.into_iter().map(sign).collect();
        card.strip = Some(strip);
        if tiles.numbered {
            for (i, column) in row.iter().enumerate() {
                card.line(i as f64 * tiles.pitch.0 + middle, 31.0, "tile__number", column.ordinal.to_string());
            }
        } else {
            card.line(-6.0, base, "tile__first", row[0].ordinal.to_string());
        }
        let told = counts.iter().map(|(state, count)| format!("{count} {}", self.strings.state(*state)));
        let (from, to) = (&row[0].pod_ref.name, &row[row.len() - 1].pod_ref.name);
        card.label = format!("{from} – {to}: {}", told.collect::<Vec<_>>().join(", "));
        self.scene.cards.push(card);
    }
}

fn state_of(column: &Column) -> State {
    column.pod.as_ref().map_or(State::Absent, |pod| pod.state)
}

/// The key of a tile: of the set in the graph, and of its column.
pub fn tile_key(set: usize, index: usize) -> String {
    format!("tile/{set}/{index}")
}

/// The tile that a key names, as a card to point at.
pub fn tile(graph: &Graph, layout: &Layout, key: &str, strings: &Strings) -> Option<Card> {
    let (set, index) = key.strip_prefix("tile/")?.split_once('/')?;
    let (set, index): (usize, usize) = (set.parse().ok()?, index.parse().ok()?);
    let place = layout.sets.get(set)?.tiles.as_ref()?.place(index);
    let column = graph.sets.get(set)?.columns.get(index)?;
    let mut card = Card::new(key.to_owned(), "card tile-focus".to_owned(), place);
    card.object = Some(column.pod_ref.clone());
    card.title = column.pod_ref.name.clone();
    card.label = match &column.pod {
        Some(pod) => Pen { strings, nodes: Vec::new(), scene: Scene::default() }.pod_label(pod),
        None => format!("Pod {}, {}", column.pod_ref.name, strings.no_pod),
    };
    Some(card)
}
