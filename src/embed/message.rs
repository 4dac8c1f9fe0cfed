//! The messages between a figure and the page that it is in: objects `{statefulscope: 1, type: …}`.

use serde_json::{Map, Value, json};

use crate::api::fields::Fields;
use crate::api::time::Instant;

/// The version of the protocol, in the field [`MARK`] of every message.
pub const VERSION: u64 = 1;

/// The field that says that a message is one of ours.
pub const MARK: &str = "statefulscope";

/// The longest line that can be run, and the longest text that can be loaded, in bytes.
const LONGEST_LINE: usize = 4096;
const LONGEST_TEXT: usize = 3 * 1024 * 1024;

/// A message of each type that is understood, with what it does.
pub const UNDERSTOOD: [(&str, &str); 6] = [
    (r#"{"type":"setConfig","theme":"dark","lang":"zh-CN"}"#, "Changes the colours or the language, or both."),
    (r#"{"type":"play"}"#, "Lets time pass."),
    (r#"{"type":"pause"}"#, "Lets it stand still."),
    (r#"{"type":"seek","time":45}"#, "Goes to a moment that is known, in seconds since the cluster began."),
    (r#"{"type":"run","line":"kubectl scale sts web --replicas=5"}"#, "Types a line into a terminal."),
    (
        r##"{"type":"load","link":"#x=basics"}"##,
        "Opens what a link holds, or, with `manifest` in the place of `link`, begins anew with a text and applies it.",
    ),
];

/// What the page that embeds this one asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Other colours or another language: `auto`, `light` or `dark`; `auto` or a tag.
    SetConfig {
        /// The colours.
        theme: Option<String>,
        /// The language.
        lang: Option<String>,
    },
    /// Time passes.
    Play,
    /// Time stands still.
    Pause,
    /// To a moment.
    Seek(Instant),
    /// A line for a terminal.
    Run(String),
    /// What a link's fragment holds.
    LoadLink(String),
    /// A manifest that is applied to a new cluster.
    LoadManifest(String),
}

/// Why a message is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not for us, and not answered.
    NotOurs,
    /// It is answered with a message `error`.
    Wrong(String),
}

/// Reads a message, with the id under which an error is answered.
///
/// # Errors
/// Where it is none that is understood.
pub fn read(message: &Value) -> (Value, Result<Message, Refusal>) {
    let id = match message.field("id") {
        id @ (Value::String(_) | Value::Number(_)) => id.clone(),
        _ => Value::Null,
    };
    (id, read_fields(message))
}

fn read_fields(message: &Value) -> Result<Message, Refusal> {
    if !message.has(MARK) {
        return Err(Refusal::NotOurs);
    }
    if message.field(MARK).as_u64() != Some(VERSION) {
        return Err(wrong(&format!("{MARK}: only version {VERSION} is understood")));
    }
    let text = |name: &str, longest: usize| match message.field(name).as_str() {
        Some(text) if text.len() <= longest => Ok(text.to_owned()),
        Some(_) => Err(wrong(&format!("{name}: more than {longest} bytes"))),
        None => Err(wrong(&format!("{name}: a string is expected"))),
    };
    match message.text("type") {
        "setConfig" => {
            let theme = choice(message, "theme", &["auto", "light", "dark"])?;
            Ok(Message::SetConfig { theme, lang: choice(message, "lang", &["auto", "en", "zh-CN"])? })
        }
        "play" => Ok(Message::Play),
        "pause" => Ok(Message::Pause),
        "seek" => match message.field("time").as_f64().filter(|time| (0.0..=1e9).contains(time)) {
            Some(seconds) => Ok(Message::Seek(Instant(Instant::START.0 + (seconds * 1000.0) as i64))),
            None => Err(wrong("time: seconds since the cluster began are expected")),
        },
        "run" => {
            let line = text("line", LONGEST_LINE)?;
            if line.chars().any(char::is_control) {
                return Err(wrong("line: one line without control characters is expected"));
            }
            Ok(Message::Run(line))
        }
        "load" if message.has("manifest") => Ok(Message::LoadManifest(text("manifest", LONGEST_TEXT)?)),
        "load" => Ok(Message::LoadLink(text("link", LONGEST_TEXT)?)),
        other => Err(wrong(&format!("type: {other:?} is none of setConfig, play, pause, seek, run, load"))),
    }
}

fn choice(message: &Value, name: &str, all: &[&str]) -> Result<Option<String>, Refusal> {
    match message.field(name) {
        Value::Null => Ok(None),
        Value::String(text) if all.contains(&text.as_str()) => Ok(Some(text.clone())),
        _ => Err(wrong(&format!("{name}: one of {} is expected", all.join(", ")))),
    }
}

fn wrong(text: &str) -> Refusal {
    Refusal::Wrong(text.to_owned())
}

/// A set, as a message `state` tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetState {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How many pods it wants.
    pub replicas: i64,
    /// How many are Ready.
    pub ready: i64,
    /// The names of its current and update revision.
    pub revisions: (String, String),
}

/// What a figure tells the page that it is in.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// It can be asked.
    Ready,
    /// It wants to be so high, in pixels.
    Resize(u32),
    /// The moment, whether time passes, and the sets.
    State(Instant, bool, Vec<SetState>),
    /// What was asked for under this id is not done.
    Error(Value, String),
}

impl Told {
    /// The message.
    pub fn to_json(&self) -> Value {
        let mut fields = Map::new();
        fields.insert(MARK.to_owned(), json!(VERSION));
        let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        match self {
            Told::Ready => drop(put("type", json!("ready"))),
            Told::Resize(height) => {
                put("type", json!("resize"));
                put("height", json!(height));
            }
            Told::State(now, playing, sets) => {
                put("type", json!("state"));
                put("time", json!((now.0 - Instant::START.0) as f64 / 1000.0));
                put("playing", json!(playing));
                put("sets", sets.iter().map(set_json).collect());
            }
            Told::Error(id, message) => {
                put("type", json!("error"));
                put("id", id.clone());
                put("message", json!(message));
            }
        }
        Value::Object(fields)
    }
}

fn set_json(set: &SetState) -> Value {
    json!({
        "namespace": set.namespace,
        "name": set.name,
        "replicas": set.replicas,
        "readyReplicas": set.ready,
        "currentRevision": set.revisions.0,
        "updateRevision": set.revisions.1,
    })
}
