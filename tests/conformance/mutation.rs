//! Who tests the tests: copies of the data with one value changed must be reported, each of them.

use std::path::Path;

use serde_json::Value;

use crate::report::Report;
use crate::{Case, KINDS, Kind};

/// How many copies are tried: a file may be changed more than once.
const TRIES: usize = 1000;
/// How many copies of a kind are changed.
const COPIES: usize = 20;

/// Changes one expected value in each of [`COPIES`] copies of every kind, and checks that exactly these are reported.
pub fn every_change_is_found(folder: &Path) -> bool {
    let mut clean = true;
    for kind in KINDS.iter().filter(|kind| folder.join(kind.name).is_dir()) {
        let paths = (kind.files)(&folder.join(kind.name));
        let (mut changed, mut missed) = (0, Vec::new());
        // Files that expect nothing that can be changed are passed over: others stand in for them.
        for (seed, path) in spread(&paths).cycle().take(TRIES).enumerate() {
            if changed == COPIES {
                break;
            }
            let case = Case::read(path);
            if let Some((text, place)) = (kind.change)(&case, seed) {
                changed += 1;
                missed.extend(miss(kind, case, text, &place));
            }
        }
        println!("{}: {changed} changed copies, {} found", kind.name, changed - missed.len());
        missed.iter().for_each(|miss| println!("{miss}"));
        clean &= missed.is_empty() && changed == COPIES;
    }
    clean
}

/// Runs a changed copy, and says what was reported where that is not exactly the change.
fn miss(kind: &Kind, original: Case, text: String, place: &str) -> Option<String> {
    let mut report = Report::new(kind.name, kind.unit);
    (kind.run)(&Case { text, ..original }, &mut report);
    let found = report.differences.len() == 1 && report.differences[0].starts_with(place);
    (!found).then(|| format!("a change was not found as it should be: {place}: {:#?}", report.differences))
}

/// All items, [`COPIES`] of them that lie evenly apart first.
fn spread<T>(items: &[T]) -> impl Iterator<Item = &T> + Clone {
    let stride = items.len().div_ceil(COPIES).max(1);
    (0..stride).flat_map(move |first| items.iter().skip(first).step_by(stride))
}

/// Changes one of the values below a JSON value, and says whether there was any; the number chooses which.
pub fn change_value(value: &mut Value, number: usize) -> bool {
    let leaves = count_leaves(value);
    leaves > 0 && change_leaf(value, &mut (number % leaves))
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
