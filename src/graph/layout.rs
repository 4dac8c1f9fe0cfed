//! Where things stand: fixed lanes, a column an ordinal. Nothing moves because something else came or went.

use super::model::{Graph, SetView};
use crate::api::meta::ObjectRef;

/// Lengths in the picture's own units, which are pixels at its natural size.
pub mod size {
    /// A card's width.
    pub const CARD: f64 = 176.0;
    /// The space between columns.
    pub const COLUMN_GAP: f64 = 16.0;
    /// The space around a set's content.
    pub const PADDING: f64 = 20.0;
    /// The space at the left, in which the lanes are named.
    pub const LANE_NAMES: f64 = 32.0;
    /// The height of a set's title.
    pub const TITLE: f64 = 68.0;
    /// The height of a Service's card.
    pub const SERVICE: f64 = 46.0;
    /// The space between Services.
    pub const SERVICE_GAP: f64 = 8.0;
    /// The height of a DNS name's card.
    pub const DNS: f64 = 42.0;
    /// The height of a pod's card.
    pub const POD: f64 = 92.0;
    /// The height of a claim's or volume's card.
    pub const STORAGE: f64 = 48.0;
    /// The space between lanes, in which edges run.
    pub const LANE_GAP: f64 = 16.0;
    /// The space between sets.
    pub const SET_GAP: f64 = 28.0;
    /// The fewest columns that a set is drawn with, so that its title has room.
    pub const MIN_COLUMNS: usize = 3;
    /// The most columns that are all drawn in full; a set with more has tiles.
    pub const MOST_COLUMNS: usize = 24;
    /// How many columns of such a set are drawn in full.
    pub const LENS: usize = 4;
    /// The most tiles that have room for their ordinals.
    pub const MOST_NUMBERED: usize = 240;
    /// The height of the title above what is in no set.
    pub const BESIDE_TITLE: f64 = 42.0;
    /// The height of a card of something that is in no set.
    pub const BESIDE: f64 = 62.0;
    /// The most such cards that are drawn; the table has them all.
    pub const MOST_BESIDE: usize = 40;
}

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// The left edge.
    pub x: f64,
    /// The upper edge.
    pub y: f64,
    /// The width.
    pub width: f64,
    /// The height.
    pub height: f64,
}

/// Where everything stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// The whole picture.
    pub width: f64,
    /// See `width`.
    pub height: f64,
    /// One for each set.
    pub sets: Vec<SetLayout>,
    /// What is in no set: the frame, and the cards in it.
    pub beside: (Rect, Vec<Rect>),
}

/// Where a set stands, and what is in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SetLayout {
    /// The set's frame.
    pub frame: Rect,
    /// Its Services, its own first, then the budgets.
    pub services: Vec<Rect>,
    /// Its columns, or a few of them where there are many.
    pub columns: Vec<ColumnLayout>,
    /// All its pods as tiles, where there are many.
    pub tiles: Option<Tiles>,
}

/// The pods of a large set, as tiles in rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tiles {
    /// Where the first one stands.
    pub first: Rect,
    /// From one to the next, across and down.
    pub pitch: (f64, f64),
    /// How many there are in a row.
    pub per_row: usize,
    /// Whether a tile has room for its ordinal.
    pub numbered: bool,
}

impl Tiles {
    /// Where a tile stands.
    pub fn place(&self, index: usize) -> Rect {
        let (row, column) = (index / self.per_row, index % self.per_row);
        Rect {
            x: self.first.x + column as f64 * self.pitch.0,
            y: self.first.y + row as f64 * self.pitch.1,
            ..self.first
        }
    }
}

impl SetLayout {
    /// The lanes: what kind of thing stands in each, and its place at the left.
    pub fn lanes(&self) -> Vec<(&'static str, Rect)> {
        // Of those with the most claims the first, since the names stand at its left.
        let Some(widest) = self.columns.iter().rev().max_by_key(|column| column.claims.len()) else {
            return Vec::new();
        };
        let storage = widest.claims.iter().zip(&widest.volumes);
        let storage = storage.flat_map(|(claim, volume)| [("PVC", *claim), ("PV", *volume)]);
        [("DNS", widest.dns), ("Pod", widest.pod)].into_iter().chain(storage).collect()
    }
}

/// Where the things of an ordinal stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnLayout {
    /// Which of the set's columns it is.
    pub index: usize,
    /// The DNS name.
    pub dns: Rect,
    /// The pod.
    pub pod: Rect,
    /// The claims.
    pub claims: Vec<Rect>,
    /// The volumes, below their claims.
    pub volumes: Vec<Rect>,
}

/// Places everything. Of a large set those columns are drawn in full that are near the object that is looked at.
pub fn place(graph: &Graph, looked_at: Option<&ObjectRef>) -> Layout {
    let mut layout = Layout::default();
    let mut y = 0.0;
    for set in &graph.sets {
        let placed = place_set(set, looked_at, y);
        y = placed.frame.y + placed.frame.height + size::SET_GAP;
        layout.width = layout.width.max(placed.frame.width);
        layout.height = placed.frame.y + placed.frame.height;
        layout.sets.push(placed);
    }
    let beside = graph.services.len() + graph.pods.len() + graph.claims.len() + graph.ghosts.len() + graph.others.len();
    let beside = beside.min(size::MOST_BESIDE);
    if beside > 0 {
        layout.beside = place_beside(beside, y);
        let frame = layout.beside.0;
        layout.width = layout.width.max(frame.width);
        layout.height = frame.y + frame.height;
    }
    layout
}

/// How wide so many columns are.
fn columns_width(columns: usize) -> f64 {
    columns as f64 * (size::CARD + size::COLUMN_GAP) - size::COLUMN_GAP
}

fn place_beside(count: usize, top: f64) -> (Rect, Vec<Rect>) {
    let (width, left) = (columns_width(size::LENS), size::LANE_NAMES);
    let first = Rect { x: left, y: top + size::BESIDE_TITLE, width: size::CARD, height: size::BESIDE };
    let pitch = (size::CARD + size::COLUMN_GAP, size::BESIDE + size::COLUMN_GAP);
    let grid = Tiles { first, pitch, per_row: size::LENS, numbered: false };
    let cards: Vec<Rect> = (0..count).map(|index| grid.place(index)).collect();
    let bottom = cards.last().map_or(top, |last| last.y + last.height + size::PADDING);
    (Rect { x: 0.0, y: top, width: left + width + size::PADDING, height: bottom - top }, cards)
}

/// The columns of a set that are drawn in full: all of a small set; of a large one those that a page of columns has
/// with the object that is looked at.
fn drawn_columns(set: &SetView, looked_at: Option<&ObjectRef>) -> std::ops::Range<usize> {
    let count = set.columns.len();
    if count <= size::MOST_COLUMNS {
        return 0..count;
    }
    let at = looked_at.and_then(|object| set.columns.iter().position(|column| column.has(object))).unwrap_or_default();
    let first = (at / size::LENS * size::LENS).min(count - size::LENS);
    first..first + size::LENS
}

fn place_tiles(count: usize, top: f64) -> (Tiles, f64) {
    let numbered = count <= size::MOST_NUMBERED;
    let (per_row, height) = if numbered { (20, 46.0) } else { (30, 25.0) };
    let pitch = ((columns_width(size::LENS) + 4.0) / per_row as f64, height);
    let first = Rect { x: size::LANE_NAMES, y: top, width: pitch.0 - 4.0, height: pitch.1 - 4.0 };
    (Tiles { first, pitch, per_row, numbered }, count.div_ceil(per_row) as f64 * height)
}

fn place_set(set: &SetView, looked_at: Option<&ObjectRef>, top: f64) -> SetLayout {
    let drawn = drawn_columns(set, looked_at);
    let inner = columns_width(drawn.len().max(size::MIN_COLUMNS));
    let left = size::LANE_NAMES;
    let lane = |y: f64, height: f64, x: f64| Rect { x, y, width: size::CARD, height };
    let mut y = top + size::TITLE;
    let mut services = Vec::new();
    for _ in 0..1 + set.services.len() + set.budgets.len() {
        services.push(Rect { x: left, y, width: inner, height: size::SERVICE });
        y += size::SERVICE + size::SERVICE_GAP;
    }
    y += size::LANE_GAP - size::SERVICE_GAP;
    let mut tiles = None;
    if drawn.len() < set.columns.len() {
        let (placed, height) = place_tiles(set.columns.len(), y);
        tiles = Some(placed);
        y += height + size::LANE_GAP;
    }
    let (dns_y, pod_y) = (y, y + size::DNS + size::LANE_GAP);
    let storage_y = pod_y + size::POD + size::LANE_GAP;
    let mut bottom = storage_y - size::LANE_GAP;
    let mut placed = Vec::with_capacity(drawn.len());
    for (i, index) in drawn.enumerate() {
        let x = left + i as f64 * (size::CARD + size::COLUMN_GAP);
        let mut out = ColumnLayout {
            index,
            dns: lane(dns_y, size::DNS, x),
            pod: lane(pod_y, size::POD, x),
            claims: Vec::new(),
            volumes: Vec::new(),
        };
        let mut y = storage_y;
        for _ in &set.columns[index].claims {
            out.claims.push(lane(y, size::STORAGE, x));
            y += size::STORAGE + size::LANE_GAP;
            out.volumes.push(lane(y, size::STORAGE, x));
            y += size::STORAGE + size::LANE_GAP;
        }
        bottom = bottom.max(y - size::LANE_GAP);
        placed.push(out);
    }
    let frame = Rect { x: 0.0, y: top, width: left + inner + size::PADDING, height: bottom + size::PADDING - top };
    SetLayout { frame, services, columns: placed, tiles }
}

/// How wide a character is: those of Chinese are as wide as two others.
fn units(character: char) -> usize {
    if character >= '\u{2e80}' { 2 } else { 1 }
}

/// Whether a text fits into a width.
pub fn fits(text: &str, width: f64, char_width: f64) -> bool {
    text.chars().map(units).sum::<usize>() <= (width / char_width).floor() as usize
}

/// Shortens a text to what fits into a width, keeping its beginning and its end, which tell names apart.
pub fn fit(text: &str, width: f64, char_width: f64) -> String {
    let room = (width / char_width).floor() as usize;
    if fits(text, width, char_width) || room < 5 {
        return text.to_owned();
    }
    let tail = (room - 1) / 3;
    let within = |limit: usize| {
        let mut used = 0;
        move |character: &char| {
            used += units(*character);
            used <= limit
        }
    };
    let start: String = text.chars().take_while(within(room - 1 - tail)).collect();
    let end: Vec<char> = text.chars().rev().take_while(within(tail)).collect();
    format!("{start}…{}", end.iter().rev().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(fit("web-0", 100.0, 7.0), "web-0");
        assert_eq!(fit("没有这个 Service", 98.0, 7.0), "没有这个 …vice");
        assert_eq!(fit("没有这个 Service", 112.0, 7.0), "没有这个 Service");
        assert_eq!(fit("pvc-879e2e22-56fe-4f0c-8b2e-02445e4be0f5", 140.0, 7.0), "pvc-879e2e22-…4be0f5");
    }

    #[test]
    fn lanes_are_named_at_the_left() {
        let column = |x: f64| {
            let at = Rect { x, ..Rect::default() };
            ColumnLayout { index: 0, dns: at, pod: at, claims: vec![at], volumes: vec![at] }
        };
        let set = SetLayout { columns: vec![column(32.0), column(224.0)], ..SetLayout::default() };
        assert_eq!(set.lanes().iter().map(|(_, at)| at.x).collect::<Vec<_>>(), [32.0; 4]);
    }
}
