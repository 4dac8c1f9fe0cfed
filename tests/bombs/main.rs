//! Texts that are made to hurt: each is refused, or read, in no time, and nothing panics.

mod list;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use statefulscope::api::quantity::Quantity;
use statefulscope::cluster::actor::Actor;
use statefulscope::cluster::config::Config;
use statefulscope::cluster::{Cluster, PatchType};
use statefulscope::command::Answer;
use statefulscope::kubectl::{apply, manifests};
use statefulscope::manifest;

/// How long a refusal may take. A build without optimisation gets more, and so does a busy machine.
const LIMIT: Duration = if cfg!(debug_assertions) { Duration::from_secs(20) } else { Duration::from_millis(100) };

fn cluster() -> Cluster {
    Cluster::new(Config::default())
}

fn refused(answer: &Answer) -> bool {
    answer.output.iter().any(|line| line.is_error && !line.text.starts_with("Warning: "))
}

#[test]
fn every_bomb_is_refused_at_once_with_a_reason_and_a_place() {
    let bombs = list::bombs();
    assert!(bombs.len() >= 40, "{}", bombs.len());
    let mut failures = Vec::new();
    for (name, text) in &bombs {
        let (answer, took) = timed(LIMIT, || manifests::create(&mut cluster(), text, "bomb.yaml", true));
        let placed = answer.diagnostics.iter().any(|d| d.span.is_some() && !d.message.is_empty());
        if took > LIMIT || !refused(&answer) || !placed {
            failures.push(format!("{name}: {took:?}, refused {}, placed {placed}", refused(&answer)));
        }
        if std::env::var("BOMB_TIMES").is_ok() {
            println!("{name}: {took:?}");
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_largest_number_of_replicas_is_accepted() {
    let text = SEEDS[0].replace("replicas: 2", "replicas: 2147483647");
    let answer = manifests::create(&mut cluster(), &text, "huge.yaml", true);
    assert!(text.contains("2147483647") && !refused(&answer), "{answer:?}");
}

/// A sequence of numbers that is the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit.max(1)
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// What a piece of work gives, and how long it takes. One that takes too long is done again, and its best time counts:
/// a machine with other work stops it in between.
fn timed<T>(limit: Duration, mut work: impl FnMut() -> T) -> (T, Duration) {
    let mut once = || {
        let start = Instant::now();
        let made = work();
        (made, start.elapsed())
    };
    let mut best = once();
    for _ in 0..10 {
        if best.1 <= limit {
            break;
        }
        let again = once();
        if again.1 < best.1 {
            best = again;
        }
    }
    best
}

/// Fails where an input takes longer than any may.
fn in_time(input: &dyn std::fmt::Debug, work: impl FnMut()) {
    let limit = if cfg!(debug_assertions) { Duration::from_secs(20) } else { Duration::from_millis(250) };
    let ((), took) = timed(limit, work);
    assert!(took <= limit, "{took:?} for {input:?}");
}

/// How many inputs are tried: few, or as many as `FUZZ` says.
fn rounds(few: usize) -> usize {
    std::env::var("FUZZ").ok().and_then(|text| text.parse().ok()).unwrap_or(few)
}

const SCRAPS: [&str; 44] = [
    "\n",
    " ",
    "  ",
    "\t",
    "- ",
    ": ",
    "? ",
    "---\n",
    "...\n",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\"",
    "'",
    "#",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!!binary ",
    "|",
    ">",
    "%",
    "@",
    "`",
    "null",
    "~",
    "yes",
    "0x1F",
    "0o7",
    "1e400",
    ".inf",
    ".nan",
    "-1",
    "99999999999999999999",
    "2001-01-01",
    "\u{feff}",
    "\u{0}",
    "é",
    "\u{1f600}",
    "\r\n",
    "9223372036854775807",
];

/// Texts to begin with.
const SEEDS: [&str; 5] = [
    include_str!("../conformance/manifests/create/ok-base.yaml"),
    include_str!("../conformance/manifests/create/affinity-ok.yaml"),
    include_str!("../conformance/manifests/create/probe-ok.yaml"),
    include_str!("../conformance/manifests/create/raw-list-kind.yaml"),
    include_str!("../conformance/manifests/create/raw-json.yaml"),
];

fn changed(seed: &str, numbers: &mut Numbers) -> String {
    let mut chars: Vec<char> = seed.chars().collect();
    for _ in 0..=numbers.below(6) {
        let at = numbers.below(chars.len());
        match numbers.below(4) {
            0 => drop(chars.drain(at..chars.len().min(at + 1 + numbers.below(12)))),
            1 => {
                let end = chars.len().min(at + numbers.below(40));
                let part: Vec<char> = chars[at..end].to_vec();
                let to = numbers.below(chars.len());
                chars.splice(to..to, part);
            }
            _ => drop(chars.splice(at..at, numbers.pick(&SCRAPS).chars())),
        }
        if chars.is_empty() {
            chars.push('a');
        }
    }
    chars.into_iter().collect()
}

#[test]
fn changed_texts_are_read_without_harm() {
    let mut numbers = Numbers(1);
    let base = cluster();
    for round in 0..rounds(300) {
        let seed = *numbers.pick(&SEEDS);
        let text = changed(seed, &mut numbers);
        in_time(&text, || {
            let read = manifest::read(&text);
            if let Some(error) = read.error {
                assert!(!error.message.is_empty(), "{text:?}");
            }
            // Judging costs a hundred times as much as reading.
            if round % 10 == 0 {
                let mut cluster = base.clone();
                let answer = apply::apply(&mut cluster, &text, "x.yaml");
                assert!(!answer.output.is_empty() || text.is_empty(), "{text:?}");
            }
        });
    }
}

/// Any JSON, made of what patches are made of.
fn any(numbers: &mut Numbers, depth: usize) -> Value {
    const KEYS: [&str; 20] = [
        "metadata",
        "spec",
        "name",
        "labels",
        "annotations",
        "template",
        "containers",
        "replicas",
        "image",
        "env",
        "ports",
        "containerPort",
        "volumeClaimTemplates",
        "$patch",
        "$retainKeys",
        "$setElementOrder/containers",
        "$deleteFromPrimitiveList/finalizers",
        "finalizers",
        "updateStrategy",
        "type",
    ];
    const TEXTS: [&str; 8] = ["web", "nginx", "delete", "replace", "merge", "", "1Gi", "RollingUpdate"];
    match numbers.below(if depth > 5 { 4 } else { 8 }) {
        0 => Value::Null,
        1 => json!(numbers.below(2) == 0),
        2 => json!(numbers.below(1000) as i64 - 500),
        3 => json!(numbers.pick(&TEXTS)),
        4 => (0..numbers.below(4)).map(|_| any(numbers, depth + 1)).collect(),
        _ => {
            let mut fields = serde_json::Map::new();
            for _ in 0..numbers.below(4) {
                let key = (*numbers.pick(&KEYS)).to_owned();
                fields.insert(key, any(numbers, depth + 1));
            }
            Value::Object(fields)
        }
    }
}

#[test]
fn any_patch_is_applied_or_refused() {
    const OPERATIONS: [&str; 7] = ["add", "remove", "replace", "move", "copy", "test", "nothing"];
    const PATHS: [&str; 9] = [
        "",
        "/",
        "/spec",
        "/spec/replicas",
        "/spec/template/spec/containers/0/image",
        "/spec/template/spec/containers/-",
        "/metadata/labels/a~1b",
        "/spec/template/spec/containers/99",
        "/a/b/c",
    ];
    let mut numbers = Numbers(2);
    let mut base = cluster();
    apply::apply(&mut base, SEEDS[0], "base.yaml");
    let set = base.store().list(statefulscope::api::kind::Kind::StatefulSet).next().expect("a set").object_ref();
    for _ in 0..rounds(300) {
        let (ty, body) = match numbers.below(3) {
            0 => (PatchType::Strategic, any(&mut numbers, 0)),
            1 => (PatchType::Merge, any(&mut numbers, 0)),
            _ => {
                let operation = |numbers: &mut Numbers| {
                    let (op, path, from) = (*numbers.pick(&OPERATIONS), *numbers.pick(&PATHS), *numbers.pick(&PATHS));
                    json!({"op": op, "path": path, "from": from, "value": any(numbers, 3)})
                };
                (PatchType::Json, (0..numbers.below(4)).map(|_| operation(&mut numbers)).collect())
            }
        };
        in_time(&body, || {
            let mut cluster = base.clone();
            if let Err(refusal) = cluster.patch(Actor::User, &set, ty, &body) {
                assert!(!refusal.status.message.is_empty() || !refusal.status.causes.is_empty(), "{body}");
            }
            assert!(cluster.store().find(&set).is_some(), "{body}");
        });
    }
}

#[test]
fn any_text_is_a_quantity_or_none() {
    const PARTS: [&str; 24] = [
        "0",
        "1",
        "9",
        "00",
        "123456789",
        "999999999999999999",
        ".",
        "-",
        "+",
        "e",
        "E",
        "e9",
        "E-9",
        "m",
        "u",
        "n",
        "k",
        "M",
        "G",
        "Ki",
        "Mi",
        "Gi",
        "Ei",
        " ",
    ];
    let mut numbers = Numbers(3);
    for _ in 0..rounds(20_000) {
        let text: String = (0..=numbers.below(5)).map(|_| *numbers.pick(&PARTS)).collect();
        if let Ok(quantity) = Quantity::parse(&text) {
            let canonical = quantity.canonical();
            let again = Quantity::parse(&canonical).unwrap_or_else(|_| panic!("{text:?} is {canonical:?}"));
            assert_eq!(again.canonical(), canonical, "{text:?}");
        }
    }
}
