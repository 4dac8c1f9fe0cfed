//! The texts.

use std::fmt::Write as _;

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
pub fn bombs() -> Vec<(&'static str, String)> {
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
