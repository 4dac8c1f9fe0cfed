//! The reference of parameters and messages, as Markdown.

use std::fmt::Write;

use serde_json::json;

use super::message::{MARK, SetState, Told, UNDERSTOOD, VERSION};
use super::parameters::{PARAMETERS, Takes};
use crate::api::time::Instant;

/// The tables of parameters and of messages.
pub fn reference() -> String {
    let mut out = String::from("| parameter | takes | what it does |\n|---|---|---|\n");
    for parameter in PARAMETERS {
        let takes = match parameter.takes {
            Takes::Flag => "nothing".to_owned(),
            Takes::Choice(all) => all.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", "),
            Takes::Number(least, most) => format!("{least} to {most}"),
            Takes::Moment => "`90`, `90s`, `1m30s`".to_owned(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "| `{}` | {takes} | {} |", parameter.name, parameter.does);
    }
    out += "\nTo the figure:\n\n| message | what it does |\n|---|---|\n";
    for (example, does) in UNDERSTOOD {
        let _ = writeln!(out, "| `{}` | {does} |", marked(example));
    }
    out += "\nFrom the figure:\n\n| message | when |\n|---|---|\n";
    let revision = || "web-f99c84b4b".to_owned();
    let set = SetState {
        namespace: "default".to_owned(),
        name: "web".to_owned(),
        replicas: 3,
        ready: 2,
        revisions: (revision(), revision()),
    };
    let told = [
        (
            Told::Ready,
            "It can be asked: once. A figure that waits under its picture says so, too; what it is asked for then has its program come.",
        ),
        (Told::Resize(480), "Its content is so high, in pixels."),
        (
            Told::State(Instant(Instant::START.0 + 4500), true, vec![set]),
            "Something has changed; at most ten times a second, once its program has come.",
        ),
        (Told::Error(json!("7"), "…".to_owned()), "What a message with this `id` asked for is not done, and why."),
    ];
    for (message, when) in told {
        let _ = writeln!(out, "| `{}` | {when} |", message.to_json());
    }
    out
}

/// A message with its mark at the front.
fn marked(example: &str) -> String {
    format!("{{\"{MARK}\":{VERSION},{}", example.trim_start_matches('{'))
}
