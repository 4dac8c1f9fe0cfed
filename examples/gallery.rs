//! Writes what the page's gallery shows, into a file that it loads when somebody opens it: every story with a small picture
//! of its most telling moment, `picture` in its text: after so many steps. Into a second file it writes the stories as
//! they are once they are told, for `tools/finish`.
//! `cargo run --no-default-features --example gallery -- target/page/gallery.json target/page/told.json`

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use statefulscope::api::fields::{Fields, as_map};
use statefulscope::api::json;
use statefulscope::api::time::Millis;
use statefulscope::graph::miniature::{self, Miniature};
use statefulscope::graph::{build, layout, scene};
use statefulscope::i18n::Language;
use statefulscope::manifest;
use statefulscope::scenario::player::Player;
use statefulscope::scenario::{Scenario, load};
use statefulscope::timeline::Timeline;

const STORIES: &str = "scenarios/stories";

/// The run of a story after so many steps.
fn told(scenario: &Scenario, steps: usize) -> Timeline {
    let (mut player, mut timeline) = Player::open(scenario);
    for _ in 0..steps {
        player.next(&mut timeline);
        while !player.advance(&mut timeline, Millis::from_secs(100)) {}
    }
    timeline
}

/// The picture of a story after so many steps.
fn picture(scenario: &Scenario, steps: usize) -> Miniature {
    let graph = build::build(told(scenario, steps).cluster());
    miniature::draw(&scene::draw(&graph, layout::place(&graph, None), Language::English.strings()))
}

/// What the page needs of a story, without what only tests and this program read; and the story once it is told, as a
/// scenario without steps.
fn story(path: &Path) -> Result<(Value, String), String> {
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
    let shown = json!({
        "name": name,
        "title": document.field("title"),
        "summary": document.field("summary"),
        "tags": document.field("tags"),
        "picture": picture(&scenario, steps).to_value(),
        "story": json::to_string(&document),
    });
    Ok((shown, done))
}

/// Where a story stands: the tutorials first, then by its name.
fn rank(story: &Value) -> (bool, String) {
    let is_tutorial = story.list("tags").iter().any(|tag| tag == "tutorial");
    (!is_tutorial, story.field("title").text("en").to_owned())
}

/// Both files.
fn gallery() -> Result<[String; 2], String> {
    let entries = fs::read_dir(STORIES).map_err(|error| format!("{STORIES}: {error}"))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    let stories = paths.iter().map(|path| story(path)).collect::<Result<Vec<(Value, String)>, String>>()?;
    let (mut shown, done): (Vec<Value>, Vec<String>) = stories.into_iter().unzip();
    shown.sort_by_key(rank);
    Ok([json!({ "stories": shown }), json!(done)].map(|value| json::to_string(&value)))
}

fn write(target: &str, text: &str) -> Result<(), String> {
    let folder = Path::new(target).parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).and_then(|()| fs::write(target, text)).map_err(|error| format!("{target}: {error}"))
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [shown, done] = &arguments[..] else {
        eprintln!("usage: gallery SHOWN TOLD");
        std::process::exit(2);
    };
    let written = gallery().and_then(|texts| write(shown, &texts[0]).and_then(|()| write(done, &texts[1])));
    if let Err(error) = written {
        eprintln!("gallery: {error}");
        std::process::exit(1);
    }
}
