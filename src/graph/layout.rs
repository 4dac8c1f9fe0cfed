//! Where things stand: fixed lanes, a column an ordinal. Nothing moves because something else came or went.

use super::model::{Graph, SetView};

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
    pub const TITLE: f64 = 50.0;
    /// The height of a Service's card.
    pub const SERVICE: f64 = 46.0;
    /// The height of a DNS name's card.
    pub const DNS: f64 = 42.0;
    /// The height of a pod's card.
    pub const POD: f64 = 92.0;
    /// The height of a claim's or volume's card.
    pub const STORAGE: f64 = 48.0;
    /// The space between lanes, in which edges run.
    pub const LANE_GAP: f64 = 18.0;
    /// The space between sets.
    pub const SET_GAP: f64 = 28.0;
    /// The fewest columns that a set is drawn with, so that its title has room.
    pub const MIN_COLUMNS: usize = 3;
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
}

/// Where a set stands, and what is in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SetLayout {
    /// The set's frame.
    pub frame: Rect,
    /// Its Service.
    pub service: Rect,
    /// Its columns.
    pub columns: Vec<ColumnLayout>,
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
    /// The DNS name.
    pub dns: Rect,
    /// The pod.
    pub pod: Rect,
    /// The claims.
    pub claims: Vec<Rect>,
    /// The volumes, below their claims.
    pub volumes: Vec<Rect>,
}

/// Places everything.
pub fn place(graph: &Graph) -> Layout {
    let mut layout = Layout::default();
    let mut y = 0.0;
    for set in &graph.sets {
        let placed = place_set(set, y);
        y = placed.frame.y + placed.frame.height + size::SET_GAP;
        layout.width = layout.width.max(placed.frame.width);
        layout.height = placed.frame.y + placed.frame.height;
        layout.sets.push(placed);
    }
    layout
}

fn place_set(set: &SetView, top: f64) -> SetLayout {
    let columns = set.columns.len().max(size::MIN_COLUMNS) as f64;
    let inner = columns * size::CARD + (columns - 1.0) * size::COLUMN_GAP;
    let left = size::LANE_NAMES;
    let service = Rect { x: left, y: top + size::TITLE, width: inner, height: size::SERVICE };
    let lane = |y: f64, height: f64, x: f64| Rect { x, y, width: size::CARD, height };
    let dns_y = service.y + service.height + size::LANE_GAP;
    let pod_y = dns_y + size::DNS + size::LANE_GAP;
    let storage_y = pod_y + size::POD + size::LANE_GAP;
    let mut bottom = storage_y - size::LANE_GAP;
    let mut placed = Vec::with_capacity(set.columns.len());
    for (i, column) in set.columns.iter().enumerate() {
        let x = left + i as f64 * (size::CARD + size::COLUMN_GAP);
        let mut out = ColumnLayout {
            dns: lane(dns_y, size::DNS, x),
            pod: lane(pod_y, size::POD, x),
            claims: Vec::new(),
            volumes: Vec::new(),
        };
        let mut y = storage_y;
        for _ in &column.claims {
            out.claims.push(lane(y, size::STORAGE, x));
            y += size::STORAGE + size::LANE_GAP;
            out.volumes.push(lane(y, size::STORAGE, x));
            y += size::STORAGE + size::LANE_GAP;
        }
        bottom = bottom.max(y - size::LANE_GAP);
        placed.push(out);
    }
    let frame = Rect { x: 0.0, y: top, width: left + inner + size::PADDING, height: bottom + size::PADDING - top };
    SetLayout { frame, service, columns: placed }
}

/// Shortens a text to what fits into a width, keeping its beginning and its end, which tell names apart.
pub fn fit(text: &str, width: f64, char_width: f64) -> String {
    let room = (width / char_width).floor() as usize;
    let length = text.chars().count();
    if length <= room || room < 5 {
        return text.to_owned();
    }
    let tail = (room - 1) / 3;
    let head = room - 1 - tail;
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(fit("web-0", 100.0, 7.0), "web-0");
        assert_eq!(fit("pvc-879e2e22-56fe-4f0c-8b2e-02445e4be0f5", 140.0, 7.0), "pvc-879e2e22-…4be0f5");
    }

    #[test]
    fn lanes_are_named_at_the_left() {
        let column = |x: f64| {
            let at = Rect { x, ..Rect::default() };
            ColumnLayout { dns: at, pod: at, claims: vec![at], volumes: vec![at] }
        };
        let set = SetLayout { columns: vec![column(32.0), column(224.0)], ..SetLayout::default() };
        assert_eq!(set.lanes().iter().map(|(_, at)| at.x).collect::<Vec<_>>(), [32.0; 4]);
    }
}
