//! Who tests the tests: copies of the data with one value changed must be reported, each of them.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::report::Report;
use crate::{files, walks};

/// How many copies of a kind are changed.
const COPIES: usize = 20;

/// Changes one expected value in each of [`COPIES`] copies of every kind, and checks that exactly these are reported.
pub fn every_change_is_found(folder: &Path) -> bool {
    let mut missed = Vec::new();
    let mut changed = 0;
    for (seed, file) in spread(&files(&folder.join("walks"), &["jsonl", "gz"])).into_iter().enumerate() {
        let text = walks::read(file);
        let Some((line, mutated)) = change_a_walk(&text, seed) else {
            continue;
        };
        changed += 1;
        let mut report =
            Report { kind: "walks", files: 1, counted: ("syncs", 0), differences: Vec::new(), spent: None };
        walks::run_lines("copy", &mutated, &mut report, &mut (Duration::ZERO, 0));
        let found = report.differences.len() == 1 && report.differences[0].starts_with(&format!("copy:{line}\n"));
        if !found {
            missed.push(format!("{}:{line}: {:?}", file.display(), report.differences));
        }
    }
    println!("changed copies: {changed}, found {}", changed - missed.len());
    for miss in &missed {
        println!("not found as it should be: {miss}");
    }
    missed.is_empty() && changed == COPIES
}

/// [`COPIES`] of the items, evenly spread.
fn spread<T>(items: &[T]) -> Vec<&T> {
    (0..COPIES).filter_map(|i| items.get(i * items.len() / COPIES)).collect()
}

/// Changes one value below `expect` of one sync, and says in which line.
fn change_a_walk(text: &str, seed: usize) -> Option<(usize, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let syncs: Vec<usize> = (0..lines.len()).filter(|i| lines[*i].starts_with("{\"event\":\"sync\"")).collect();
    let at = syncs[(seed * 7 + 3) % syncs.len()];
    let mut event: Value = serde_json::from_str(lines[at]).ok()?;
    let leaves = count_leaves(&event["expect"]);
    let mut target = (seed * 13 + 5) % leaves.max(1);
    change_leaf(&mut event["expect"], &mut target);
    let mut lines: Vec<String> = lines.into_iter().map(str::to_owned).collect();
    lines[at] = event.to_string();
    Some((at + 1, lines.join("\n")))
}

fn count_leaves(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.values().map(count_leaves).sum(),
        Value::Array(items) => items.iter().map(count_leaves).sum(),
        _ => 1,
    }
}

/// Changes the leaf with this number.
fn change_leaf(value: &mut Value, target: &mut usize) -> bool {
    match value {
        Value::Object(fields) => fields.values_mut().any(|value| change_leaf(value, target)),
        Value::Array(items) => items.iter_mut().any(|value| change_leaf(value, target)),
        leaf if *target == 0 => {
            *leaf = match &*leaf {
                Value::Bool(flag) => Value::Bool(!flag),
                Value::Number(number) => Value::from(number.as_i64().unwrap_or_default() + 1),
                Value::String(text) => Value::from(format!("{text}x")),
                _ => Value::from("changed"),
            };
            true
        }
        _ => {
            *target -= 1;
            false
        }
    }
}
