//! The seams between the parts: the compiler keeps some of them (the engine builds without the feature `ui`), these
//! tests the others.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The lines of code outside comments, with their place.
fn code(path: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(number, line)| (format!("{}:{}", path.display(), number + 1), line.to_owned()))
        .collect()
}

fn offences(paths: &[PathBuf], words: &[&str]) -> Vec<String> {
    let has_word = |line: &str, word: &str| {
        line.match_indices(word).any(|(at, _)| {
            let is_name = |c: char| c.is_alphanumeric() || c == '_';
            let before = line[..at].chars().next_back();
            let after = line[at + word.len()..].chars().next();
            !before.is_some_and(is_name) && !after.is_some_and(is_name)
        })
    };
    let lines = paths.iter().flat_map(|path| code(path));
    lines
        .filter(|(_, line)| words.iter().any(|word| has_word(line, word)))
        .map(|(place, line)| format!("{place}: {}", line.trim()))
        .collect()
}

fn outside_the_page() -> Vec<PathBuf> {
    let all = sources(Path::new("src"));
    all.into_iter().filter(|path| !path.starts_with("src/ui") && path != Path::new("src/main.rs")).collect()
}

#[test]
fn only_the_page_names_the_web() {
    let words = ["leptos", "wasm_bindgen", "web_sys", "js_sys", "gloo_timers", "console_error_panic_hook", "tachys"];
    assert_eq!(offences(&outside_the_page(), &words), Vec::<String>::new());
    // The page does name them, so the test can find them.
    assert!(!offences(&sources(Path::new("src/ui")), &words).is_empty());
}

#[test]
fn nothing_outside_the_page_reads_a_clock_or_chance_or_the_order_of_a_hash() {
    let words = [
        "SystemTime",
        "HashMap",
        "HashSet",
        "RandomState",
        "getrandom",
        "std::time",
        "std::thread",
        "std::env",
        "std::fs",
        "std::net",
        "std::process",
        "unsafe",
    ];
    let mut found = offences(&outside_the_page(), &words);
    // The crate as a whole forbids unsafe code, which names it.
    found.retain(|line| !line.contains("#![forbid(unsafe_code)]") && !line.contains("#![deny(unsafe_code)]"));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn the_layers_know_only_what_is_below_them() {
    // What a module must not name, since it stands below it.
    let seams: [(&str, &[&str]); 8] = [
        ("src/api", &["manifest", "cluster", "controllers", "command", "timeline", "kubectl", "graph", "i18n", "dns"]),
        ("src/manifest", &["cluster", "controllers", "command", "timeline", "kubectl", "graph", "i18n", "dns"]),
        ("src/cluster", &["command", "timeline", "kubectl", "graph", "i18n", "dns"]),
        ("src/controllers", &["command", "timeline", "kubectl", "graph", "i18n", "dns"]),
        ("src/kubectl", &["timeline", "graph", "i18n", "explain"]),
        ("src/shell", &["timeline", "workbench", "terminal", "graph", "i18n", "explain"]),
        ("src/scenario", &["graph", "i18n", "explain"]),
        ("src/programs", &["timeline", "workbench", "terminal", "graph", "i18n", "explain"]),
    ];
    for (folder, above) in seams {
        let words: Vec<String> = above.iter().map(|module| format!("crate::{module}")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_eq!(offences(&sources(Path::new(folder)), &words), Vec::<String>::new());
    }
}
