//! Texts that are made to hurt: each is refused, or read, in no time, and nothing panics.

use std::fmt::Write as _;
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

const HEAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

/// Ten lines, each ten times the one before.
fn laughs(first: &str, item: &dyn Fn(usize) -> String, levels: usize) -> String {
    let mut text = format!("{HEAD}x0: &x0 {first}\n");
    for level in 1..=levels {
        let _ = writeln!(text, "x{level}: &x{level} {}", item(level - 1));
    }
    text
}

fn list_of(count: usize) -> impl Fn(usize) -> String {
    move |level| format!("[{}]", vec![format!("*x{level}"); count].join(", "))
}

fn map_of(count: usize) -> impl Fn(usize) -> String {
    move |level| {
        let pairs: Vec<String> = (0..count).map(|i| format!("k{i}: *x{level}")).collect();
        format!("{{{}}}", pairs.join(", "))
    }
}

fn indented(levels: usize, key: &str) -> String {
    let mut text = HEAD.to_owned();
    for level in 0..levels {
        let _ = writeln!(text, "{}{key}", " ".repeat(level));
    }
    text
}

/// Each with its name.
fn bombs() -> Vec<(&'static str, String)> {
    let repeat = |text: &str, count: usize| text.repeat(count);
    let big = 4 << 20;
    vec![
        ("laughs in lists", laughs("lol", &list_of(10), 12)),
        ("laughs in maps", laughs("lol", &map_of(10), 12)),
        ("laughs by two", laughs("lol", &list_of(2), 64)),
        ("laughs by a hundred", laughs("lol", &list_of(100), 5)),
        ("laughs of a long text", laughs(&repeat("a", 10_000), &list_of(30), 8)),
        ("laughs of merges", laughs("{a: b}", &|level| format!("{{<<: *x{level}, l: [*x{level}, *x{level}]}}"), 60)),
        (
            "laughs of merge lists",
            laughs("{a: b}", &|l| format!("{{<<: [*x{l}, *x{l}], m: {{<<: *x{l}, n: *x{l}}}}}"), 60),
        ),
        ("an alias in itself", format!("{HEAD}x: &x [*x]\n")),
        ("an alias in its map", format!("{HEAD}x: &x {{y: {{z: *x}}}}\n")),
        ("an alias in its merge", format!("{HEAD}x: &x {{<<: *x}}\n")),
        ("aliases in a circle", format!("{HEAD}a: &a [*b]\nb: &b [*a]\n")),
        ("an alias as its key", format!("{HEAD}x: &x {{? *x : 1}}\n")),
        (
            "many aliases of a big list",
            format!("{HEAD}a: &a [{}]\nb: [{}]\n", repeat("1,", 20_000), repeat("*a,", 1_000)),
        ),
        ("many aliases of a big map", {
            let pairs: String = (0..5_000).map(|i| format!("k{i}: 1,")).collect();
            format!("{HEAD}a: &a {{{pairs}}}\nb: [{}]\n", repeat("*a,", 1_000))
        }),
        ("deep lists", format!("{HEAD}a: {}\n", repeat("[", 100_000))),
        ("deep closed lists", format!("{HEAD}a: {}{}\n", repeat("[", 10_000), repeat("]", 10_000))),
        ("deep maps", format!("{HEAD}a: {}\n", repeat("{a: ", 50_000))),
        ("deep mixed", format!("{HEAD}a: {}\n", repeat("[{a: ", 30_000))),
        ("deep by indentation", indented(1_500, "a:")),
        ("deep by dashes", format!("{HEAD}a:\n  {}x\n", repeat("- ", 50_000))),
        ("deep by question marks", format!("{HEAD}{}x\n", repeat("? ", 20_000))),
        ("deep JSON lists", format!("{{\"a\": {}", repeat("[", 100_000))),
        ("deep closed JSON lists", format!("{{\"a\": {}{}}}", repeat("[", 100_000), repeat("]", 100_000))),
        ("deep JSON objects", repeat("{\"a\":", 100_000)),
        ("a text too long", format!("{HEAD}data: {{a: {}}}\n", repeat("a", big))),
        ("a comment too long", format!("# {}\n{HEAD}", repeat("a", big))),
        ("blanks too many", format!("{}{HEAD}", repeat(" ", big))),
        ("lines too many", format!("{}a: [", repeat("\n", big))),
        ("a JSON text too long", format!("{{\"a\": \"{}\"}}", repeat("a", big))),
        ("values too many", format!("{HEAD}a: [{}]\n", repeat("1,", 600_000))),
        ("values too many in maps", format!("{HEAD}a: [{}]\n", repeat("{a: b},", 300_000))),
        ("values too many in JSON", format!("{{\"a\": [{}1]}}", repeat("1,", 600_000))),
        ("documents too many", repeat("a: b\n---\n", 2_000)),
        ("JSON documents too many", repeat("{\"a\": 1}\n", 2_000)),
        ("items without a kind", format!("apiVersion: v1\nkind: List\nitems: [{}]\n", repeat("{},", 1_000))),
        ("a key that is a list", format!("{HEAD}? [{}]\n: 1\n", repeat("a,", 10_000))),
        ("keys that are the same", format!("{HEAD}{}", repeat("b: 1\n", 20_000))),
        ("a quote without an end", format!("{HEAD}a: \"{}\n", repeat("\\x41", 200_000))),
        ("bytes that are no characters", format!("{HEAD}a: {}\n", repeat("\u{1}", 1_000))),
        ("a tag before a comma", format!("{HEAD}a: [!!str, !a,b, {{c: !x,}}]\n")),
        ("tags within tags", format!("{HEAD}a: {} x\n", repeat("!<tag:x> ", 10_000))),
    ]
}

fn cluster() -> Cluster {
    Cluster::new(Config::default())
}

fn refused(answer: &Answer) -> bool {
    answer.output.iter().any(|line| line.is_error && !line.text.starts_with("Warning: "))
}

#[test]
fn every_bomb_is_refused_at_once_with_a_reason_and_a_place() {
    let bombs = bombs();
    assert!(bombs.len() >= 40, "{}", bombs.len());
    let mut failures = Vec::new();
    for (name, text) in &bombs {
        let mut cluster = cluster();
        let start = Instant::now();
        let answer = manifests::create(&mut cluster, text, "bomb.yaml", true);
        let took = start.elapsed();
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
    include_str!("conformance/manifests/create/ok-base.yaml"),
    include_str!("conformance/manifests/create/affinity-ok.yaml"),
    include_str!("conformance/manifests/create/probe-ok.yaml"),
    include_str!("conformance/manifests/create/raw-list-kind.yaml"),
    include_str!("conformance/manifests/create/raw-json.yaml"),
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
        let mut cluster = base.clone();
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
        if let Err(refusal) = cluster.patch(Actor::User, &set, ty, &body) {
            assert!(!refusal.status.message.is_empty() || !refusal.status.causes.is_empty(), "{body}");
        }
        assert!(cluster.store().find(&set).is_some(), "{body}");
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
