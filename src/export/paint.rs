//! The style sheet's part in a picture that stands alone: which colours and lines a card has, and how words are set.

use std::sync::LazyLock;

/// Where every colour of the page is written.
const TOKENS: &str = include_str!("../../style/tokens.css");

const SANS: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'PingFang SC', sans-serif";
const MONO: &str = "ui-monospace, 'SF Mono', 'Cascadia Code', Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/// Which colours a picture has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    /// The light ones.
    Light,
    /// The dark ones.
    Dark,
    /// Those of the page that it is drawn in, and its fonts, by their names in the style sheet.
    OfPage,
}

/// The colours, and whether nodes have tints.
#[derive(Clone, Copy)]
pub struct Paint {
    pub colors: Colors,
    pub tints: bool,
}

/// A colour: its name, how the page calls it, and what it is, light and dark.
struct Named {
    name: &'static str,
    of_page: String,
    light: &'static str,
    dark: &'static str,
}

/// A frame: its colours, and the dashes of its line.
pub struct Frame {
    pub fill: String,
    pub stroke: String,
    pub width: f64,
    pub dash: &'static str,
}

impl Paint {
    /// A colour by its name in the style sheet.
    pub fn color(self, name: &str) -> &'static str {
        static ALL: LazyLock<Vec<Named>> = LazyLock::new(|| TOKENS.lines().filter_map(named).collect());
        let found = ALL.iter().find(|known| known.name == name);
        found.map_or("#808080", |color| match self.colors {
            Colors::Light => color.light,
            Colors::Dark => color.dark,
            Colors::OfPage => &color.of_page,
        })
    }

    /// The fonts: for sentences, and for names.
    pub fn fonts(self) -> [&'static str; 2] {
        if self.colors == Colors::OfPage { ["var(--sans)", "var(--mono)"] } else { [SANS, MONO] }
    }

    /// The colour of a state that the classes of a card name.
    pub fn state(self, class: &str) -> &'static str {
        match word(class, "state-") {
            Some(state) => self.color(&["state-", state].concat()),
            None => self.color("text"),
        }
    }

    /// A colour laid thinly over the cards' own; `share` is in percent.
    pub fn over_card(self, color: &str, share: u32) -> String {
        let below = self.color("surface-raised");
        if self.colors == Colors::OfPage {
            return format!("color-mix(in srgb, {color} {share}%, {below})");
        }
        let channel = |text: &str, at: usize| text.get(at..at + 2).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let mut out = String::from("#");
        for at in [1, 3, 5] {
            let (top, below) = (channel(color, at).unwrap_or(128), channel(below, at).unwrap_or(128));
            out.push_str(&format!("{:02x}", (top * share + below * (100 - share) + 50) / 100));
        }
        out
    }

    /// The tint of the node that the classes name, where tints are shown.
    fn tint(self, class: &str) -> Option<&'static str> {
        let tint = word(class, "tint-").filter(|_| self.tints)?;
        Some(self.color(&["tint-", tint].concat()))
    }

    /// The frame of a card with these classes; nothing where it has none.
    pub fn frame(self, class: &str) -> Option<Frame> {
        let has = |name: &str| class.split(' ').any(|word| word == name);
        if has("strip") {
            return None;
        }
        let state = self.state(class);
        let mut frame = Frame {
            fill: self.color("surface-raised").to_owned(),
            stroke: self.color("line-strong").to_owned(),
            width: 1.0,
            dash: "",
        };
        if has("set") {
            (frame.fill, frame.stroke) = (self.color("surface-sunken").to_owned(), self.color("line").to_owned());
        }
        if has("service") || has("dns") {
            frame.stroke = self.color("line").to_owned();
        }
        if has("set--beside") {
            frame.dash = "6 6";
        }
        if has("card--missing") {
            (frame.fill, frame.dash) = ("none".to_owned(), "2 4");
        }
        if has("pod") {
            frame.stroke = state.to_owned();
        }
        match (word(class, "state-"), has("pod")) {
            (Some("absent"), _) => (frame.fill, frame.dash) = ("none".to_owned(), "1 4"),
            (Some("pending"), _) => frame.dash = "6 4",
            (Some("ready"), true) => frame.width = 2.0,
            (Some("terminating"), _) => (frame.stroke, frame.dash) = (state.to_owned(), "8 4"),
            (Some("failed"), true) => (frame.width, frame.dash) = (3.0, "14 2"),
            (Some("unknown"), _) => frame.dash = "2 2",
            _ => {}
        }
        if let Some(tint) = self.tint(class).filter(|_| has("pod")) {
            frame.fill = self.over_card(tint, 22);
        }
        if has("card--differs") {
            frame.width = 3.0;
        }
        Some(frame)
    }

    /// How words of a class are set on a card with these classes: colour, font, size, weight, and the rest.
    pub fn words(self, class: &str, card: &str) -> Words {
        let (text, quiet) = (self.color("text"), self.color("text-quiet"));
        let [sans, mono] = self.fonts();
        let (ready, state) = (self.color("state-ready"), self.state(card));
        let missing = card.contains("card--missing");
        let of = |color, font, size, weight, more| Words { color, font, size, weight, more };
        match class {
            "title" => of(text, mono, 15.0, 650, ""),
            "ready" => of(text, sans, 14.0, 650, ""),
            "ready ready--all" => of(ready, sans, 14.0, 650, ""),
            "hash" => of(quiet, mono, 10.5, 400, ""),
            "lane" => of(quiet, sans, 11.0, 600, "text-anchor=\"middle\""),
            "name" => of(text, mono, 12.5, 600, ""),
            "status" => of(state, sans, 13.0, 650, ""),
            "glyph" => of(state, sans, 14.0, 400, "text-anchor=\"middle\""),
            "former" => of(quiet, mono, 11.0, 400, "text-decoration=\"line-through\""),
            "answer" if missing => of(quiet, sans, 11.5, 400, ""),
            "answer" => of(ready, mono, 11.5, 600, ""),
            "differs" => of(self.color("accent-strong"), mono, 19.0, 800, ""),
            "tile__number" => of(text, mono, 11.0, 600, "text-anchor=\"middle\""),
            "tile__first" => of(quiet, mono, 10.5, 400, "text-anchor=\"end\""),
            class if class.starts_with("tile__glyph") => {
                of(self.state(class), sans, 12.0, 400, "text-anchor=\"middle\"")
            }
            _ => of(quiet, sans, 11.5, 400, ""),
        }
    }

    /// How a shape among the tiles is drawn; nothing where it is not.
    pub fn tile(self, class: &str) -> Option<Frame> {
        let state = self.state(class);
        let kind = class.split(' ').next().unwrap_or_default();
        let plain = |fill: &str| Frame { fill: fill.to_owned(), stroke: "none".to_owned(), width: 0.0, dash: "" };
        match kind {
            "tile__node" => self.tint(class).map(plain),
            "tile__old" => Some(plain(self.color("text"))),
            "tile__claim" => Some(plain(state)),
            _ => {
                let name = word(class, "state-").unwrap_or_default();
                let fill = match name {
                    "absent" => "none".to_owned(),
                    "ready" => self.over_card(state, 24),
                    _ => self.over_card(state, 18),
                };
                let dash = match name {
                    "absent" => "1 3",
                    "pending" | "terminating" | "unknown" => "4 3",
                    _ => "",
                };
                let width = if name == "failed" { 2.5 } else { 1.0 };
                Some(Frame { fill, stroke: state.to_owned(), width, dash })
            }
        }
    }
}

/// How words are set.
pub struct Words {
    pub color: &'static str,
    pub font: &'static str,
    pub size: f64,
    pub weight: u32,
    pub more: &'static str,
}

/// What follows a prefix in one of the classes.
fn word<'a>(class: &'a str, prefix: &str) -> Option<&'a str> {
    class.split(' ').find_map(|word| word.strip_prefix(prefix))
}

/// `--name: light-dark(#light, #dark);`
fn named(line: &'static str) -> Option<Named> {
    let (name, value) = line.trim().strip_prefix("--")?.split_once(": light-dark(")?;
    let (light, dark) = value.strip_suffix(");")?.split_once(", ")?;
    let is_plain = |color: &str| color.starts_with('#') && color.len() == 7;
    (is_plain(light) && is_plain(dark)).then(|| Named { name, of_page: format!("var(--{name})"), light, dark })
}
