//! A scenario: what travels in a link or a file, and opens the same for ever. Files, a run, and steps that tell a story.
//!
//! ```yaml
//! statefulscope: 1           # the version
//! title: A first set         # words: a text, or one for each language, {en: …, zh-CN: …}
//! summary: …                 # words
//! tags: [basics]
//! files: {web.yaml: "…"}     # what `-f` finds, and the editor shows
//! open: web.yaml             # the file that is shown first; where none is named, the first by name
//! speed: 1                   # virtual seconds in a second
//! run:                       # a `timeline::Log`: settings, commands with their times, branches, the place
//!   config: {seed: 1}
//! steps:                     # see `step`
//! - say: …
//! ```
//!
//! A field that is absent means what version 1 says, for ever: `defaults.json`, whatever a new cluster begins with by
//! then. A field that is not known is kept. A text of an older version goes through one migration after the other.

pub mod link;
pub mod player;
mod read;
pub mod step;
#[cfg(test)]
mod tests;
pub mod words;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::api::fields::{Fields, as_map};
use crate::api::json;
use crate::api::time::Instant;
use crate::manifest;
use crate::timeline::{Entry, Log, Place};
use read::At;
use step::Step;
use words::Words;

/// The version of the format that is written, and the newest that is read.
pub const VERSION: u64 = 1;

/// The field that says that a text is a scenario, and of which version.
const MARK: &str = "statefulscope";

/// Makes a document of the next version of one.
pub type Migration = fn(&mut Map<String, Value>);

/// The migrations, the one of the oldest version that is read first; the last one leads to [`VERSION`].
const MIGRATIONS: &[Migration] = &[];

/// A scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// What it is called.
    pub title: Words,
    /// What it shows.
    pub summary: Words,
    /// What it is about, in a word each.
    pub tags: Vec<String>,
    /// The manifests as they were written, by the names that `-f` finds them under.
    pub files: BTreeMap<String, String>,
    /// The file that is shown first; where none has this name, the first by name.
    pub open: String,
    /// Virtual seconds in a second.
    pub speed: f64,
    /// The settings, and what was done.
    pub run: Log,
    /// The story.
    pub steps: Vec<Step>,
    /// The text that it was read from, with what is not known of it.
    document: Value,
}

/// Why a text is no scenario that can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is neither JSON nor YAML.
    Syntax {
        /// The reader's sentence.
        message: String,
        /// The line, from 1.
        line: usize,
    },
    /// It is something else.
    NotAScenario,
    /// It was written by a newer page.
    Newer {
        /// Its version.
        version: u64,
    },
    /// A field holds what it cannot.
    Field {
        /// The field: `steps[2].question.right`.
        path: String,
        /// The line, from 1; where it is not known, 0.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
}

/// Reads a scenario, as JSON or YAML.
///
/// # Errors
/// Where it cannot be opened: why, and where.
pub fn load(text: &str) -> Result<Scenario, Trouble> {
    load_by(text, MIGRATIONS)
}

/// Reads a scenario by way of these migrations.
fn load_by(text: &str, migrations: &[Migration]) -> Result<Scenario, Trouble> {
    // What the page has written is JSON, and may be longer than a manifest. Whatever is wrong with it is found below.
    if let Ok(document) = serde_json::from_str(text)
        && let Ok(scenario) = scenario_of(document, migrations)
    {
        return Ok(scenario);
    }
    let read = manifest::read(text);
    if let Some(error) = read.error {
        return Err(Trouble::Syntax { message: error.message, line: error.span.line + 1 });
    }
    let entry = read.documents().next().ok_or(Trouble::NotAScenario)?;
    scenario_of(entry.value.clone(), migrations).map_err(|trouble| match trouble {
        Trouble::Field { path, message, .. } => {
            let line = entry.locate(&path).line + 1;
            Trouble::Field { path, line, message }
        }
        other => other,
    })
}

fn scenario_of(mut document: Value, migrations: &[Migration]) -> Result<Scenario, Trouble> {
    if !document.has(MARK) {
        return Err(Trouble::NotAScenario);
    }
    migrate(&mut document, migrations)?;
    Scenario::of(document)
}

fn migrate(document: &mut Value, migrations: &[Migration]) -> Result<(), Trouble> {
    let oldest = VERSION - migrations.len() as u64;
    let Some(version) = document.field(MARK).as_u64().filter(|version| *version >= oldest) else {
        let message = format!("must be a version from {oldest} to {VERSION}");
        return Err(Trouble::Field { path: MARK.to_owned(), line: 0, message });
    };
    if version > VERSION {
        return Err(Trouble::Newer { version });
    }
    let fields = as_map(document);
    for migrate in &migrations[(version - oldest) as usize..] {
        migrate(fields);
    }
    fields.insert(MARK.to_owned(), VERSION.into());
    Ok(())
}

impl Scenario {
    /// A scenario of a run, without words. `open` is the file that is shown.
    pub fn new(files: BTreeMap<String, String>, open: &str, speed: f64, run: Log) -> Scenario {
        let mut document = Value::Null;
        as_map(&mut document).insert(MARK.to_owned(), VERSION.into());
        let (title, summary, tags, steps) = Default::default();
        let nothing = Log { config: run.config.clone(), ..Log::default() };
        let empty = BTreeMap::new();
        let scenario =
            Scenario { title, summary, tags, files: empty, open: String::new(), speed, run: nothing, steps, document };
        scenario.with(files, open, speed, run)
    }

    /// The scenario with other files and another run, and what else is in it. Where more was done, its story is over.
    pub fn with(mut self, files: BTreeMap<String, String>, open: &str, speed: f64, mut run: Log) -> Scenario {
        run.shorten();
        let fields = as_map(&mut self.document);
        let whole = (speed.fract() == 0.0).then_some(speed as i64);
        fields.insert("speed".to_owned(), whole.map_or(speed.into(), Value::from));
        let is_first = files.keys().next().is_some_and(|first| first == open);
        fields.insert("open".to_owned(), if is_first { "" } else { open }.into());
        let texts = files.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str())));
        fields.insert("files".to_owned(), Value::Object(texts.collect()));
        if run.commands != self.run.commands || run.forks.len() != self.run.forks.len() {
            fields.remove("steps");
            self.steps.clear();
        }
        Scenario { files, open: open.to_owned(), speed, run, ..self }
    }

    /// Whether the same was written and done in another one, whatever is looked at.
    pub fn is_same_work(&self, other: &Scenario) -> bool {
        let of = |log: &Log| {
            let mut log = Log { until: Instant::default(), branch: 0, place: Place::default(), ..log.clone() };
            log.forks.iter_mut().for_each(|fork| fork.until = Instant::default());
            log
        };
        self.files == other.files && of(&self.run) == of(&other.run)
    }

    /// The scenario of a document of the present version.
    fn of(document: Value) -> Result<Scenario, Trouble> {
        let whole = with_defaults(&document);
        let at = At::root(&whole);
        let tags = at.field("tags").list()?;
        let files = at.field("files").entries()?;
        Ok(Scenario {
            title: at.field("title").words()?,
            summary: at.field("summary").words()?,
            tags: tags.iter().map(|tag| tag.text().map(str::to_owned)).collect::<Result<_, _>>()?,
            files: files
                .iter()
                .map(|(name, text)| Ok(((*name).to_owned(), text.text()?.to_owned())))
                .collect::<Result<_, _>>()?,
            open: at.field("open").text()?.to_owned(),
            speed: at.field("speed").number()?,
            run: run(&at.field("run"))?,
            steps: at.field("steps").list()?.iter().map(Step::read).collect::<Result<_, _>>()?,
            document,
        })
    }

    /// The scenario as JSON, with what was not known of it, and its run as it is now. What version 1 says anyway is left
    /// out: a link is short.
    pub fn to_json(&self) -> String {
        let mut document = self.document.clone();
        let now = value_of(&self.run);
        let slot = as_map(&mut document).entry("run").or_insert(Value::Null);
        let known = run(&At::root(&with_defaults(&self.document)).field("run")).map(|run| value_of(&run));
        *slot = keep_unknown(slot, &known.unwrap_or_default(), now);
        leave_out(&mut document, &defaults());
        json::to_string(&document)
    }
}

/// What version 1 says of fields that are absent.
fn defaults() -> Value {
    serde_json::from_str(include_str!("defaults.json")).unwrap_or_default()
}

/// A document with what version 1 says of fields that are absent.
fn with_defaults(document: &Value) -> Value {
    let defaults = defaults();
    let mut whole = document.clone();
    fill_in(&mut whole, &defaults);
    let compare = whole.get_mut("run").and_then(|run| run.get_mut("compare"));
    if let Some(Value::Object(compare)) = compare {
        let config = compare.entry("config").or_insert_with(|| Value::Object(Map::new()));
        fill_in(config, defaults.field("run").field("config"));
    }
    whole
}

/// Adds the fields of `defaults` that an object does not have, at every depth.
fn fill_in(value: &mut Value, defaults: &Value) {
    let (Value::Object(fields), Value::Object(defaults)) = (value, defaults) else { return };
    for (name, default) in defaults {
        match fields.get_mut(name) {
            Some(value) => fill_in(value, default),
            None => {
                fields.insert(name.clone(), default.clone());
            }
        }
    }
}

/// Removes the fields that say what the defaults say, at every depth: [`fill_in`] adds them again.
fn leave_out(value: &mut Value, defaults: &Value) {
    let (Value::Object(fields), Value::Object(defaults)) = (value, defaults) else { return };
    for (name, default) in defaults {
        let Some(value) = fields.get_mut(name) else { continue };
        leave_out(value, default);
        if value == default || (default.is_object() && value.as_object().is_some_and(Map::is_empty)) {
            fields.remove(name);
        }
    }
}

/// A log as it is written.
fn value_of(run: &Log) -> Value {
    let text = serde_json::to_string(run).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// The run, and where it is none, where that is.
fn run(at: &At<'_>) -> Result<Log, Trouble> {
    serde_json::from_str(&json::to_string(at.value)).map_err(|error| {
        for command in at.field("commands").list().unwrap_or_default() {
            if let Err(error) = serde_json::from_str::<Entry>(&json::to_string(command.value)) {
                return command.wrong(&sentence(&error));
            }
        }
        at.wrong(&sentence(&error))
    })
}

/// A sentence of serde, without the place in a text that nobody has written.
fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(sentence, _)| sentence).to_owned()
}

/// A new value in the place of an old one, with what stood there that nobody knew. `known` is what was known of the old.
fn keep_unknown(old: &Value, known: &Value, new: Value) -> Value {
    match (old, known, new) {
        (Value::Object(old), Value::Object(known), Value::Object(mut new)) => {
            for (name, value) in old {
                match (known.get(name), new.get_mut(name)) {
                    (None, None) => {
                        new.insert(name.clone(), value.clone());
                    }
                    (Some(known), Some(slot)) => *slot = keep_unknown(value, known, slot.take()),
                    _ => {}
                }
            }
            Value::Object(new)
        }
        (Value::Array(old), Value::Array(known), Value::Array(mut new)) => {
            // An item is the same one as long as nothing that was known of it has changed.
            for ((old, known), slot) in old.iter().zip(known).zip(&mut new) {
                if known == slot {
                    *slot = keep_unknown(old, known, slot.take());
                }
            }
            Value::Array(new)
        }
        (_, _, new) => new,
    }
}
