//! The simple rules, as a table that is interpreted.
//!
//! Most rules of `pkg/apis/core/validation/validation.go` of Kubernetes v1.37.2 (Apache-2.0) say that a field is required, one
//! of some words, within a range or of a format. `rules.txt` lists them in the order in which upstream checks them, in a
//! block for each function; the block's name is the function's without `validate` (`HostPathVolumeSource`,
//! `KeyToPath`). As text they take a tenth of what they take as code.
//!
//! A line is `FIELD OPERATION ARGUMENT`, and lines that are indented deeper belong to the `if` above them. A field is a
//! path below the value that the block is about: `.` for the value itself, `a.b`, `a[]` for each item of a list, `a[.]`
//! for each item when upstream reports the list, `a{}` for each key of a map, and `a>b` where upstream reports another name.
//!
//! | operation | what is refused |
//! |---|---|
//! | `! [detail]` | nothing there: Required |
//! | `req`, `forb`, `inv`, `inv0` | always; `inv` shows a missing value as an empty text, `inv0` as 0 |
//! | `shown V:detail` | always, showing V |
//! | `fmt F`, `fmt! F`, `fmt? F` | a text that is not of the format F; an empty one too; one that is there |
//! | `in A\|B`, `in! A\|B`, `enum A\|B` | another word; also none; none is Required |
//! | `unsupported A\|B` | always, listing the words |
//! | `range LO HI [detail]`, `range0` | a number outside; `range0` takes a missing one as 0 |
//! | `nonneg` | a number below 0 |
//! | `max N` | more than N bytes |
//! | `absent A\|B detail` | one of these fields |
//! | `one NOUN:a=A b=B` | more than one of these fields, or none; the block of the one there is run; one with `>>also` may stand beside others |
//! | `do BLOCK`, `fn NAME` | what the block or the function refuses |
//! | `if a & !b & ?c & d=x & e^x & f#9 & g\|h` | runs what is below: there, not there, not null, equal, begins with, longer than |

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use super::{Errors, checks, format};
use crate::api::fields::Fields;
use crate::api::path::Path;

/// A line of the table.
struct Rule {
    depth: usize,
    /// How many of the lines that follow belong to it.
    below: usize,
    way: Vec<Step>,
    /// The name that upstream reports, where it is another one.
    shown: &'static str,
    operation: &'static str,
    argument: &'static str,
    /// The terms of a condition.
    terms: Vec<&'static str>,
}

/// A step of the way to a field.
struct Step {
    name: &'static str,
    what: Each,
}

/// What of a field is meant.
#[derive(Clone, Copy, PartialEq)]
enum Each {
    Itself,
    Key,
    Item,
    ItemOfReportedList,
}

impl Rule {
    fn read(line: &'static str) -> Rule {
        let text = line.trim_start();
        let mut words = text.splitn(3, ' ');
        let mut word = || words.next().unwrap_or_default();
        let (field, operation, argument) = (word(), word(), word());
        let (mut field, shown) = field.split_once('>').unwrap_or((field, ""));
        let mut way = Vec::new();
        while !matches!(field, "" | ".") {
            let (first, rest) = field.split_once('.').filter(|(first, _)| !first.ends_with('[')).unwrap_or((field, ""));
            let suffixes = [("{}", Each::Key), ("[.]", Each::ItemOfReportedList), ("[]", Each::Item)];
            let suffix = suffixes.iter().find_map(|(suffix, what)| Some((first.strip_suffix(suffix)?, *what)));
            let (name, what) = suffix.unwrap_or((first, Each::Itself));
            way.push(Step { name, what });
            field = rest;
        }
        let terms = if operation == "if" { argument.split(" & ").collect() } else { Vec::new() };
        Rule { depth: line.len() - text.len(), below: 0, way, shown, operation, argument, terms }
    }
}

type Blocks = BTreeMap<&'static str, Vec<Rule>>;

fn blocks() -> &'static Blocks {
    static BLOCKS: OnceLock<Blocks> = OnceLock::new();
    BLOCKS.get_or_init(|| {
        let mut blocks = Blocks::new();
        let mut name = "";
        for line in include_str!("rules.txt").lines() {
            if !line.starts_with(' ') {
                name = line;
                continue;
            }
            blocks.entry(name).or_default().push(Rule::read(line));
        }
        for rules in blocks.values_mut() {
            for at in 0..rules.len() {
                let depth = rules[at].depth;
                rules[at].below = rules[at + 1..].iter().take_while(|next| next.depth > depth).count();
            }
        }
        blocks
    })
}

/// Holds a value to the rules of a block.
pub(super) fn run(block: &str, value: &Value, path: &Path<'_>, errors: &mut Errors) {
    let rules = blocks().get(block).map_or(&[][..], Vec::as_slice);
    run_rules(rules, value, path, errors);
}

/// Holds each item of a list to the rules of a block.
pub(super) fn run_each(block: &str, items: &[Value], path: &Path<'_>, errors: &mut Errors) {
    for (i, item) in items.iter().enumerate() {
        run(block, item, &path.index(i), errors);
    }
}

fn run_rules(rules: &'static [Rule], value: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut at = 0;
    while let Some(rule) = rules.get(at) {
        if rule.operation == "if" {
            if rule.terms.iter().all(|term| holds(term, value)) {
                run_rules(&rules[at + 1..at + 1 + rule.below], value, path, errors);
            }
        } else {
            walk(&rule.way, rule.shown, value, path, &mut |value, path| apply(rule, value, path, errors));
        }
        at += 1 + rule.below;
    }
}

/// Goes down to a field, and calls `then` with what is there (null where nothing is) and its place.
fn walk(way: &[Step], shown: &str, value: &Value, path: &Path<'_>, then: &mut dyn FnMut(&Value, &Path<'_>)) {
    let Some((step, rest)) = way.split_first() else {
        return then(value, path);
    };
    let child = value.field(step.name);
    let place = path.field(if rest.is_empty() && !shown.is_empty() { shown } else { step.name });
    match step.what {
        Each::Key => {
            for key in child.as_object().into_iter().flat_map(|entries| entries.keys()) {
                walk(rest, shown, &Value::from(key.as_str()), &place.key(key), then);
            }
        }
        Each::ItemOfReportedList => {
            child.as_array().into_iter().flatten().for_each(|item| walk(rest, shown, item, &place, then));
        }
        Each::Item => {
            for (i, item) in child.as_array().into_iter().flatten().enumerate() {
                walk(rest, shown, item, &place.index(i), then);
            }
        }
        // Where another name is reported, it stands in place of the whole way there.
        Each::Itself if !shown.is_empty() && !rest.is_empty() => {
            walk(rest, "", child, path, &mut |value, _| then(value, &path.field(shown)));
        }
        Each::Itself => walk(rest, shown, child, &place, then),
    }
}

fn apply(rule: &'static Rule, value: &Value, path: &Path<'_>, errors: &mut Errors) {
    let argument = rule.argument;
    let text = value.as_str().unwrap_or_default();
    match rule.operation {
        "!" if is_empty(value) => errors.required(path, argument),
        "req" => errors.required(path, argument),
        "forb" => errors.forbidden(path, argument),
        "inv" => errors.invalid(path, or(value, "".into()), argument),
        "inv0" => errors.invalid(path, or(value, 0.into()), argument),
        "shown" => {
            let (shown, detail) = argument.split_once(':').unwrap_or_default();
            errors.invalid(path, shown.into(), detail);
        }
        "fmt" if text.is_empty() => {}
        "fmt?" if value.is_null() => {}
        "fmt" | "fmt!" | "fmt?" => errors.malformed(path, text, format::by_name(argument, text)),
        "in" if value.is_null() => {}
        "enum" if text.is_empty() => errors.required(path, ""),
        "in" | "in!" | "enum" if !argument.split('|').any(|word| word == text) => {
            unsupported(text, argument, path, errors);
        }
        "unsupported" => unsupported(text, argument, path, errors),
        "range" if value.is_null() => {}
        "range" | "range0" => range(value, argument, path, errors),
        "nonneg" => errors.nonnegative(path, value),
        "max" => {
            let limit = argument.parse().unwrap_or_default();
            if text.len() > limit {
                errors.too_long(path, limit);
            }
        }
        "absent" => {
            let (names, detail) = argument.split_once(' ').unwrap_or_default();
            for name in names.split('|').filter(|name| !is_empty(value.field(name))) {
                errors.forbidden(&path.field(name), detail);
            }
        }
        "one" => one(argument, value, path, errors),
        "do" if !value.is_null() => run(argument, value, path, errors),
        "fn" => checks::by_name(argument)(value, path, errors),
        _ => {}
    }
}

fn or(value: &Value, instead: Value) -> Value {
    if value.is_null() { instead } else { value.clone() }
}

fn unsupported(text: &str, words: &str, path: &Path<'_>, errors: &mut Errors) {
    let words: Vec<&str> = words.split('|').collect();
    errors.not_supported(path, &text.into(), &words);
}

fn range(value: &Value, argument: &str, path: &Path<'_>, errors: &mut Errors) {
    let mut words = argument.splitn(3, ' ');
    let mut bound = || words.next().and_then(|word| word.parse::<i64>().ok()).unwrap_or_default();
    let (low, high) = (bound(), bound());
    let number = value.as_i64().unwrap_or_default();
    if !(low..=high).contains(&number) {
        let detail = words.next().map_or_else(|| format::inclusive_range(low, high), str::to_owned);
        errors.invalid(path, number.into(), &detail);
    }
}

/// Of several fields exactly one may be there.
fn one(argument: &'static str, value: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (noun, entries) = argument.split_once(':').unwrap_or_default();
    let mut count = 0;
    for entry in entries.split(' ') {
        let end = entry.bytes().position(|byte| matches!(byte, b'=' | b'>')).unwrap_or(entry.len());
        let (name, child) = (&entry[..end], value.field(&entry[..end]));
        if child.is_null() {
            continue;
        }
        let (entry, forbidden) = entry.split_once(">>").unwrap_or((entry, ""));
        let (entry, reported) = entry.split_once('>').unwrap_or((entry, ""));
        let block = entry.split_once('=').map_or("", |(_, block)| block);
        count += 1;
        if count > 1 && forbidden != "also" {
            let name = if forbidden.is_empty() { name } else { forbidden };
            errors.forbidden(&path.field(name), &format!("may not specify more than 1 {noun}"));
        } else {
            run(block, child, &path.field(if reported.is_empty() { name } else { reported }), errors);
        }
    }
    if count == 0 {
        errors.required(path, &format!("must specify a {noun}"));
    }
}

/// Whether a term of a condition holds; alternatives stand between bars.
fn holds(term: &str, value: &Value) -> bool {
    term.split('|').any(|term| match term.strip_prefix('!') {
        Some(term) => !holds_one(term, value),
        None => holds_one(term, value),
    })
}

fn holds_one(term: &str, value: &Value) -> bool {
    let (present, term) = term.strip_prefix('?').map_or((false, term), |term| (true, term));
    let end = term.find(['=', '^', '#']).unwrap_or(term.len());
    let (field, test) = term.split_at(end);
    let found = field.split('.').fold(value, |value, name| value.field(name));
    match test.chars().next() {
        Some('=') => match found {
            Value::Number(number) => number.to_string() == test[1..],
            found => found.as_str().unwrap_or_default() == &test[1..],
        },
        Some('^') => found.as_str().unwrap_or_default().starts_with(&test[1..]),
        Some(_) => found.as_str().unwrap_or_default().len() > test[1..].parse().unwrap_or_default(),
        None if present => !found.is_null(),
        None => !is_empty(found),
    }
}

/// Whether Go would see nothing: no value, an empty text, list or map, false, or 0.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_block_operation_function_and_format_that_the_table_names_is_there() {
        let known = "! req forb inv inv0 shown fmt fmt! fmt? in in! enum unsupported range range0 nonneg max absent one do fn if";
        for (name, rules) in blocks() {
            for rule in rules {
                assert!(known.split(' ').any(|word| word == rule.operation), "{name}: {}", rule.operation);
                match rule.operation {
                    "do" => assert!(blocks().contains_key(rule.argument), "{name}: {}", rule.argument),
                    "fn" => assert!(checks::is_known(rule.argument), "{name}: {}", rule.argument),
                    "fmt" | "fmt!" | "fmt?" => assert!(format::is_known(rule.argument), "{name}: {}", rule.argument),
                    _ => {}
                }
            }
        }
    }

    #[track_caller]
    fn check(block: &str, value: Value, expected: &[&str]) {
        let mut errors = Errors::default();
        run(block, &value, &Path::ROOT.field("x"), &mut errors);
        let texts: Vec<String> = errors.list.iter().map(ToString::to_string).collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn rules_are_applied_in_their_order_and_report_their_place() {
        check(
            "KeyToPath",
            json!({"path": "/a/..", "mode": 512}),
            &[
                "x.key: Required value",
                "x.path: Invalid value: \"/a/..\": must be a relative path",
                "x.path: Invalid value: \"/a/..\": must not contain '..'",
                "x.mode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive",
            ],
        );
        check("VolumeSource", json!({}), &["x: Required value: must specify a volume type"]);
        check(
            "VolumeSource",
            json!({"emptyDir": {}, "cephfs": {"monitors": []}}),
            &["x.cephFS: Forbidden: may not specify more than 1 volume type"],
        );
        check(
            "PodAffinityTerm",
            json!({"topologyKey": "zone", "namespaces": ["A b"]}),
            &[&format!("x.namespace: Invalid value: \"A b\": {}", format::by_name("label", "A b")[0])],
        );
    }
}
