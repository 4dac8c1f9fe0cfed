//! Writes what the page knows of its stories into a folder. `picture` in a story's text names its most telling moment:
//! after so many steps.
//!
//! - `gallery.json`: every story with a small picture of that moment. The page loads it when somebody opens the gallery.
//! - `posters/`: for every story what a figure of it shows before the program has come, with a picture of that moment.
//! - `poster-words.json` and `told.json`: what else posters say, and the stories as they are once they are told, for
//!   `tools/finish`.
//!
//! `cargo run --no-default-features --example gallery -- target/page`

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use statefulscope::api::fields::{Fields, as_map};
use statefulscope::api::json;
use statefulscope::api::time::Millis;
use statefulscope::export::svg::{Colors, View, svg};
use statefulscope::graph::miniature::{self, Miniature};
use statefulscope::graph::model::Graph;
use statefulscope::graph::{build, layout, scene};
use statefulscope::i18n::Language;
use statefulscope::i18n::poster::words;
use statefulscope::manifest;
use statefulscope::scenario::player::Player;
use statefulscope::scenario::{Scenario, load};
use statefulscope::timeline::Timeline;

const STORIES: &str = "scenarios/stories";
const LANGUAGES: [Language; 2] = [Language::English, Language::Chinese];

/// The run of a story after so many steps.
fn told(scenario: &Scenario, steps: usize) -> Timeline {
    let (mut player, mut timeline) = Player::open(scenario);
    for _ in 0..steps {
        player.next(&mut timeline);
        while !player.advance(&mut timeline, Millis::from_secs(100)) {}
    }
    timeline
}

/// The small picture of a cluster.
fn miniature(graph: &Graph) -> Miniature {
    miniature::draw(&scene::draw(graph, layout::place(graph, None), Language::English.strings()))
}

/// The picture of a cluster, in every language.
fn pictures(graph: &Graph) -> Value {
    let view = View { graph, beside: None, tints: false, colors: Colors::OfPage, caption: "" };
    LANGUAGES.into_iter().map(|language| (language.tag(), svg(&view, language.strings()))).collect()
}

/// What is written of a story.
struct Written {
    /// What it is called in links.
    name: String,
    /// What the gallery needs, without what only tests and this program read.
    piece: Value,
    /// What a figure shows of it at first.
    poster: Value,
    /// The story once it is told, as a scenario without steps.
    told: String,
}

fn story(path: &Path) -> Result<Written, String> {
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let text = fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let scenario = load(&text).map_err(|trouble| format!("{name}: {trouble:?}"))?;
    let mut document = manifest::read(&text).documents.remove(0).value;
    let steps = document.int("picture").and_then(|steps| usize::try_from(steps).ok()).unwrap_or(scenario.steps.len());
    let fields = as_map(&mut document);
    fields.remove("picture");
    for step in fields.get_mut("steps").and_then(Value::as_array_mut).into_iter().flatten() {
        as_map(step).remove("expect");
    }
    let run = told(&scenario, scenario.steps.len()).saved();
    let done = Scenario::new(scenario.files.clone(), &scenario.open, 1.0, run).to_json();
    let graph = build::build(told(&scenario, steps).cluster());
    let (title, summary) = (document.field("title"), document.field("summary"));
    let poster = json!({ "title": title, "summary": summary, "picture": pictures(&graph) });
    let piece = json!({
        "name": name,
        "title": title,
        "summary": summary,
        "tags": document.field("tags"),
        "picture": miniature(&graph).to_value(),
        "story": json::to_string(&document),
    });
    Ok(Written { name, piece, poster, told: done })
}

/// Where a story stands: the tutorials first, then by its name.
fn rank(story: &Value) -> (bool, String) {
    let is_tutorial = story.list("tags").iter().any(|tag| tag == "tutorial");
    (!is_tutorial, story.field("title").text("en").to_owned())
}

/// The files, each with its name in the folder.
fn files() -> Result<Vec<(String, Value)>, String> {
    let entries = fs::read_dir(STORIES).map_err(|error| format!("{STORIES}: {error}"))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    let stories = paths.iter().map(|path| story(path)).collect::<Result<Vec<Written>, String>>()?;
    let mut pieces: Vec<&Value> = stories.iter().map(|story| &story.piece).collect();
    pieces.sort_by_key(|piece| rank(piece));
    let told: Vec<&str> = stories.iter().map(|story| story.told.as_str()).collect();
    let words: Value =
        LANGUAGES.into_iter().map(|language| (language.tag(), json!(BTreeMap::from(words(language))))).collect();
    let posters = stories.iter().map(|story| (format!("posters/{}.json", story.name), story.poster.clone()));
    let mut files: Vec<(String, Value)> = posters.collect();
    files.push(("gallery.json".to_owned(), json!({ "stories": pieces })));
    files.push(("told.json".to_owned(), json!(told)));
    files.push(("poster-words.json".to_owned(), words));
    Ok(files)
}

fn write(folder: &Path) -> Result<(), String> {
    let posters = folder.join("posters");
    // No poster is left of a story that is no more.
    if posters.exists() {
        fs::remove_dir_all(&posters).map_err(|error| format!("{}: {error}", posters.display()))?;
    }
    fs::create_dir_all(&posters).map_err(|error| format!("{}: {error}", posters.display()))?;
    files()?.iter().try_for_each(|(name, value)| {
        fs::write(folder.join(name), json::to_string(value)).map_err(|error| format!("{name}: {error}"))
    })
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder] = &arguments[..] else {
        eprintln!("usage: gallery FOLDER");
        std::process::exit(2);
    };
    if let Err(error) = write(Path::new(folder)) {
        eprintln!("gallery: {error}");
        std::process::exit(1);
    }
}
