//! The parameters of the page's address, after `?`. They say how the page is presented, never what is in it.

use crate::api::time::Instant;

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Takes {
    /// It is there or not; `0` and `false` mean that it is not.
    Flag,
    /// One of these; the first where it is absent or none of them.
    Choice(&'static [&'static str]),
    /// A number between two, which one that is outside becomes.
    Number(f64, f64),
    /// A moment: `90`, `90s`, `1m30s`.
    Moment,
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What it does.
    pub does: &'static str,
}

const fn parameter(name: &'static str, takes: Takes, does: &'static str) -> Parameter {
    Parameter { name, takes, does }
}

/// Read before the program has come (`ui/poster.js`).
const EMBED: Parameter = parameter(
    "embed",
    Takes::Flag,
    "The page is a figure: the picture first, the manifest and the terminal when they are opened, nothing stored.",
);
const VIEW: Parameter =
    parameter("view", Takes::Choice(&["graph", "split", "table", "terminal"]), "What is seen at first.");
const THEME: Parameter = parameter("theme", Takes::Choice(&["auto", "light", "dark"]), "The colours.");
const LANG: Parameter =
    parameter("lang", Takes::Choice(&["auto", "en", "zh-CN"]), "The language; `auto` is that of the browser.");
const READONLY: Parameter =
    parameter("readonly", Takes::Flag, "The reader can look and go through time, but change nothing.");
const CONTROLS: Parameter = parameter(
    "controls",
    Takes::Choice(&["full", "min", "none"]),
    "`min` leaves the clock, `none` only the picture and the link to the full page.",
);
const AUTOPLAY: Parameter = parameter(
    "autoplay",
    Takes::Flag,
    "A figure plays at once, and a story tells itself, unless the reader wants no movement. The page itself always plays.",
);
const SPEED: Parameter = parameter("speed", Takes::Number(0.1, 1000.0), "Virtual seconds in a second.");
const AT: Parameter = parameter("at", Takes::Moment, "The moment that is shown at first.");
/// Of the figure before it has a program (`ui/poster.js`).
const WAIT: Parameter = parameter(
    "wait",
    Takes::Flag,
    "In a figure that is told what to show by message: a manifest is text until somebody wants to see it play.",
);
const LOOP: Parameter = parameter("loop", Takes::Flag, "It begins again from there when nothing more happens.");

/// All parameters. Names that are not among them are ignored.
pub const PARAMETERS: [&Parameter; 11] =
    [&EMBED, &VIEW, &THEME, &LANG, &READONLY, &CONTROLS, &AUTOPLAY, &WAIT, &SPEED, &AT, &LOOP];

/// What the address asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
}

impl Parameters {
    /// Reads a query, with or without its `?`. Nothing in it is an error: what is not understood is as if it were absent.
    pub fn read(query: &str) -> Parameters {
        let pairs = query.trim_start_matches('?').split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Parameters { pairs: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect() }
    }

    fn value(&self, parameter: &Parameter) -> Option<&str> {
        self.pairs.iter().find(|(name, _)| name == parameter.name).map(|(_, value)| value.as_str())
    }

    fn flag(&self, parameter: &Parameter) -> bool {
        self.value(parameter).is_some_and(|value| !matches!(value, "0" | "false"))
    }

    fn choice(&self, parameter: &Parameter) -> &'static str {
        let Takes::Choice(all) = parameter.takes else {
            return "";
        };
        let asked = self.value(parameter).and_then(|value| all.iter().find(|one| **one == value));
        asked.or(all.first()).copied().unwrap_or_default()
    }

    /// What is seen at first: `graph`, `split`, `table` or `terminal`.
    pub fn view(&self) -> &'static str {
        self.choice(&VIEW)
    }

    /// `auto`, `light` or `dark`.
    pub fn theme(&self) -> &'static str {
        self.choice(&THEME)
    }

    /// `auto`, or the tag of a language.
    pub fn lang(&self) -> &'static str {
        self.choice(&LANG)
    }

    /// Whether nothing can be changed.
    pub fn readonly(&self) -> bool {
        self.flag(&READONLY)
    }

    /// `full`, `min` or `none`.
    pub fn controls(&self) -> &'static str {
        self.choice(&CONTROLS)
    }

    /// Whether a figure plays at once.
    pub fn autoplay(&self) -> bool {
        self.flag(&AUTOPLAY)
    }

    /// Virtual seconds in a second, where the address says.
    pub fn speed(&self) -> Option<f64> {
        let Takes::Number(least, most) = SPEED.takes else {
            return None;
        };
        let speed = self.value(&SPEED)?.parse::<f64>().ok().filter(|speed| speed.is_finite())?;
        Some(speed.clamp(least, most))
    }

    /// The moment that is shown at first, where the address says.
    pub fn at(&self) -> Option<Instant> {
        moment(self.value(&AT)?)
    }

    /// Whether it begins again.
    pub fn is_loop(&self) -> bool {
        self.flag(&LOOP)
    }
}

/// Reads `90`, `90s` or `1m30s` as a moment of the cluster. At most ten days.
fn moment(text: &str) -> Option<Instant> {
    const MOST_S: f64 = 864_000.0;
    let (minutes, seconds) = text.split_once('m').unwrap_or(("0", text));
    let seconds = if seconds.is_empty() { "0" } else { seconds.trim_end_matches('s') };
    let total = minutes.parse::<u32>().ok()? as f64 * 60.0 + seconds.parse::<f64>().ok()?;
    total.is_finite().then(|| Instant(Instant::START.0 + (total.clamp(0.0, MOST_S) * 1000.0) as i64))
}
