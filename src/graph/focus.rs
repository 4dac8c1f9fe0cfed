//! Going through the picture with arrow keys: from card to card along a lane, and from lane to lane.

use super::layout::{Rect, size};
use super::scene::{Scene, tile_key};

/// Where to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the ordinal before.
    Left,
    /// To the ordinal after.
    Right,
    /// To the lane above.
    Up,
    /// To the lane below.
    Down,
    /// To the first of the lane.
    First,
    /// To the last of the lane.
    Last,
}

/// What can be gone to: the keys of cards and tiles, each with its place, in reading order.
pub fn stops(scene: &Scene) -> Vec<(String, Rect)> {
    let mut stops = Vec::with_capacity(scene.cards.len());
    for card in &scene.cards {
        if let Some(strip) = &card.strip
            && let Some(tiles) = scene.layout.sets.get(strip.set).and_then(|set| set.tiles)
        {
            let row = strip.first..strip.first + strip.count;
            stops.extend(row.map(|index| (tile_key(strip.set, index), tiles.place(index))));
        } else if card.object.is_some() {
            // A frame is gone to by its title, since its cards stand inside it.
            let is_frame = card.class.starts_with("set");
            let place = if is_frame { Rect { height: size::TITLE - 20.0, ..card.place } } else { card.place };
            stops.push((card.key.clone(), place));
        }
    }
    stops
}

/// The key of what lies in a direction of what a key names.
pub fn go<'a>(stops: &'a [(String, Rect)], from: &str, direction: Direction) -> Option<&'a str> {
    let here = stops.iter().find(|(key, _)| key == from)?.1;
    let middle = |place: &Rect| (place.x + place.width / 2.0, place.y + place.height / 2.0);
    let (x, y) = middle(&here);
    let in_lane = |place: &Rect| place.y < y && y < place.y + place.height;
    // How far a place lies in the direction; nothing where it does not.
    let distance = |place: &Rect| {
        let (to_x, to_y) = middle(place);
        let along = match direction {
            Direction::Left if in_lane(place) => x - to_x,
            Direction::Right if in_lane(place) => to_x - x,
            Direction::Up => here.y - (place.y + place.height) + 0.5,
            Direction::Down => place.y - (here.y + here.height) + 0.5,
            Direction::First if in_lane(place) && to_x < x => to_x + 1.0,
            Direction::Last if in_lane(place) && to_x > x => 1.0 / to_x,
            _ => return None,
        };
        // Of those of a lane the one that is straight above or below; a wide one is straight above all that it spans.
        let aside = (place.x - x).max(x - (place.x + place.width)).max(0.0);
        let vertical = matches!(direction, Direction::Up | Direction::Down);
        (along > 0.0).then_some((along, if vertical { aside } else { (to_y - y).abs() }))
    };
    let found = stops.iter().filter(|(key, _)| key != from).filter_map(|(key, place)| Some((distance(place)?, key)));
    found.min_by(|(a, _), (b, _)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))).map(|(_, key)| key.as_str())
}

/// The key of the stop that is nearest to a place: where the focus goes when what had it is gone.
pub fn nearest(stops: &[(String, Rect)], to: Rect) -> Option<&str> {
    let distance = |place: &Rect| (place.x - to.x).abs() + (place.y - to.y).abs() * 4.0;
    stops.iter().min_by(|a, b| distance(&a.1).total_cmp(&distance(&b.1))).map(|(key, _)| key.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame, a wide Service, and two lanes of three.
    fn stops() -> Vec<(String, Rect)> {
        let rect = |x: f64, y: f64, width: f64| Rect { x, y, width, height: 40.0 };
        let mut out = vec![("set".to_owned(), rect(0.0, 0.0, 600.0)), ("service".to_owned(), rect(32.0, 60.0, 560.0))];
        for (lane, y) in [("dns", 120.0), ("pod", 180.0)] {
            out.extend((0..3).map(|i| (format!("{lane}{i}"), rect(32.0 + f64::from(i) * 190.0, y, 176.0))));
        }
        out
    }

    #[test]
    fn arrows_go_along_lanes_and_from_lane_to_lane() {
        use Direction::{Down, First, Last, Left, Right, Up};
        let stops = stops();
        let go = |from, direction| go(&stops, from, direction).unwrap_or("-");
        assert_eq!((go("pod0", Right), go("pod1", Right), go("pod2", Right)), ("pod1", "pod2", "-"));
        assert_eq!((go("pod2", Left), go("pod2", First), go("pod0", Last)), ("pod1", "pod0", "pod2"));
        assert_eq!((go("pod0", First), go("pod2", Last)), ("-", "-"));
        assert_eq!((go("pod2", Up), go("dns2", Up), go("service", Up), go("set", Up)), ("dns2", "service", "set", "-"));
        assert_eq!(
            (go("set", Down), go("service", Down), go("dns1", Down), go("pod1", Down)),
            ("service", "dns1", "pod1", "-")
        );
    }

    #[test]
    fn the_focus_goes_to_what_is_nearest_when_its_card_is_gone() {
        let stops = stops();
        let gone = Rect { x: 32.0 + 3.0 * 190.0, y: 180.0, width: 176.0, height: 40.0 };
        assert_eq!(nearest(&stops, gone), Some("pod2"));
    }
}
