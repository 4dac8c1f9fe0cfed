//! Scenarios: every story is played to its end and does what it says, and what was saved long ago opens as it did then.
//!
//! A step of a story may have an `expect`, which only this test reads:
//!
//! ```yaml
//! expect:
//!   prints: |             # lines that the terminals have got since the step began, in this order; other lines may lie
//!     pod/web-0 created   # between. A line stands for every one that begins with its words
//!   see:                  # lines that are typed into a copy of the cluster when the step is over, and all that they print
//!     kubectl get pods: |
//!       web-0 1/1
//!   why: {Pod web-0: NodeLost}    # objects, in a namespace if not in `default`, and a reason for them to be as they are
//! ```
//!
//! `STORIES_SHOW=name` prints what happens at each step of a story, to write one.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use statefulscope::api::fields::Fields;
use statefulscope::api::kind::Kind;
use statefulscope::api::meta::ObjectRef;
use statefulscope::api::time::Millis;
use statefulscope::command::Command;
use statefulscope::controllers::reason::Reason;
use statefulscope::explain::explain;
use statefulscope::i18n::Language;
use statefulscope::manifest;
use statefulscope::scenario::link::{Fragment, decode, encode};
use statefulscope::scenario::player::Player;
use statefulscope::scenario::step::Step;
use statefulscope::scenario::words::Words;
use statefulscope::scenario::{Scenario, load};
use statefulscope::terminal::Style;
use statefulscope::timeline::Timeline;
use statefulscope::workbench::{TERMINALS, Workbench};

const STORIES: &str = "scenarios/stories";
const GOLDEN: &str = "tests/scenarios/golden";

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn open(path: &Path) -> (String, Scenario) {
    let text = fs::read_to_string(path).unwrap();
    let scenario = load(&text).unwrap_or_else(|trouble| panic!("{}: {trouble:?}", path.display()));
    (text, scenario)
}

/// The lines of a text, each as its words.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let rows = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| !row.is_empty()).collect()
}

/// Whether a row begins with the words that are expected; the last one may be cut.
fn begins(row: &[&str], expected: &[&str]) -> bool {
    let Some((last, words)) = expected.split_last() else { return true };
    row.starts_with(words) && row.get(words.len()).is_some_and(|word| word.starts_with(last))
}

/// What all terminals have got since some of their pieces.
fn printed(bench: &Workbench, since: &[u64]) -> String {
    let mut out = String::new();
    for (number, terminal) in bench.terminals().iter().enumerate() {
        let skip = since.get(number).copied().unwrap_or_default().saturating_sub(terminal.dropped());
        let pieces = terminal.pieces().skip(skip as usize);
        let shown = pieces.filter(|piece| matches!(piece.style, Style::Output | Style::Error));
        shown.for_each(|piece| out.push_str(&piece.text));
    }
    out
}

fn counts(bench: &Workbench) -> Vec<u64> {
    bench.terminals().iter().map(|terminal| terminal.dropped() + terminal.pieces().len() as u64).collect()
}

/// What a line prints, typed into a terminal of its own.
fn see(timeline: &Timeline, line: &str) -> String {
    let mut bench = timeline.bench().clone();
    let since = counts(&bench);
    bench.execute(&Command::Run { terminal: TERMINALS - 1, line: line.to_owned() });
    let limit = bench.cluster().now() + Millis::from_secs(10);
    while bench.terminals()[TERMINALS - 1].is_busy() && bench.next_due().is_some_and(|due| due < limit) {
        bench.run_next();
    }
    printed(&bench, &since)
}

/// The name of a reason: `NodeLost`, or that of what a set waits for.
fn reason_name(reason: &Reason) -> String {
    let text = match reason {
        Reason::StatefulSet(wait) => format!("{wait:?}"),
        reason => format!("{reason:?}"),
    };
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

fn reasons(timeline: &Timeline, object: &str) -> Vec<String> {
    let (kind, name) = object.split_once(' ').unwrap_or_else(|| panic!("no object: {object}"));
    let kind = Kind::ALL.iter().find(|known| known.name() == kind).unwrap_or_else(|| panic!("no kind: {kind}"));
    let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
    let namespace = if kind.resource().namespaced { namespace } else { "" };
    let found = explain(timeline.cluster(), &ObjectRef::new(*kind, namespace, name));
    found.iter().filter(|finding| finding.depth == 0).map(|finding| reason_name(&finding.reason)).collect()
}

/// What a step says and does not keep.
fn complaints(expect: &serde_json::Value, timeline: &Timeline, since: &[u64]) -> Vec<String> {
    let mut out = Vec::new();
    let text = printed(timeline.bench(), since);
    let mut lines = rows(&text).into_iter();
    for expected in rows(expect.text("prints")) {
        if !lines.any(|row| begins(&row, &expected)) {
            out.push(format!("does not print, or not in this order: {}\n{text}", expected.join(" ")));
            break;
        }
    }
    for (line, expected) in expect.entries("see") {
        let text = see(timeline, line);
        let (got, wanted) = (rows(&text), rows(expected.as_str().unwrap_or_default()));
        let same = got.len() == wanted.len() && got.iter().zip(&wanted).all(|(row, wanted)| begins(row, wanted));
        if !same {
            out.push(format!("{line} prints\n{text}"));
        }
    }
    for (object, reason) in expect.entries("why") {
        let found = reasons(timeline, object);
        if !found.iter().any(|found| Some(found.as_str()) == reason.as_str()) {
            out.push(format!("{object} is as it is because of {found:?}, not of {reason}"));
        }
    }
    out
}

fn show(timeline: &Timeline, step: &Step, number: usize, since: &[u64]) {
    println!("=== {number}: {}", step.say.in_language("en"));
    println!("{}", printed(timeline.bench(), since));
    println!("--- {} ms", timeline.cluster().now().0);
    println!("{}", see(timeline, "kubectl get sts,pods,pvc -A"));
    for kind in [Kind::StatefulSet, Kind::Pod, Kind::PersistentVolumeClaim] {
        for object in timeline.cluster().store().list(kind) {
            let reference = object.object_ref();
            for finding in explain(timeline.cluster(), &reference).iter().filter(|finding| finding.depth == 0) {
                println!("{reference}: {:?} of {}", finding.reason, finding.object);
            }
        }
    }
}

#[test]
fn every_story_does_what_it_says() {
    let shown = std::env::var("STORIES_SHOW").ok();
    let mut complained = Vec::new();
    let paths = files(STORIES, "yaml");
    assert!(paths.len() >= 17, "{} stories", paths.len());
    for path in paths {
        let story = name(&path);
        if shown.as_ref().is_some_and(|shown| !story.contains(shown.as_str())) {
            continue;
        }
        let (text, scenario) = open(&path);
        let document = &manifest::read(&text).documents.remove(0).value;
        let (mut player, mut timeline) = Player::open(&scenario);
        let mut hashes = vec![timeline.cluster().hash()];
        for (number, step) in scenario.steps.iter().enumerate() {
            let since = counts(timeline.bench());
            player.next(&mut timeline);
            // Once at one go, once as a page does that draws on the way.
            while !player.advance(&mut timeline, Millis(if number % 2 == 0 { 100_000 } else { 333 })) {}
            hashes.push(timeline.cluster().hash());
            if shown.is_some() {
                show(&timeline, step, number + 1, &since);
            }
            let expect = document.list("steps")[number].field("expect");
            let mut found = complaints(expect, &timeline, &since);
            if player.is_late() {
                found.push("waits for what does not come".to_owned());
            }
            if expect.is_null() {
                found.push("claims nothing".to_owned());
            }
            complained.extend(found.iter().map(|what| format!("{story}, step {}: {what}", number + 1)));
        }
        // Going back is going back in time, and what was done is done again.
        for hash in hashes.iter().rev().skip(1) {
            player.back(&mut timeline);
            assert_eq!(timeline.cluster().hash(), *hash, "{story}, back to step {}", player.at());
        }
        for hash in &hashes[1..] {
            player.next(&mut timeline);
            while !player.advance(&mut timeline, Millis(20_000)) {}
            assert_eq!(timeline.cluster().hash(), *hash, "{story}, again step {}", player.at());
        }
        assert_eq!(timeline.log().branches(), 1, "{story}");
    }
    assert!(complained.is_empty(), "{}", complained.join("\n"));
}

#[test]
fn a_story_goes_on_elsewhere_where_somebody_did_something_else() {
    let (_, scenario) = open(&Path::new(STORIES).join("stuck-rollout.yaml"));
    let (mut player, mut timeline) = Player::open(&scenario);
    for _ in 0..2 {
        player.next(&mut timeline);
        player.next(&mut timeline);
    }
    assert_eq!((player.at(), player.is_busy()), (2, false));
    player.back(&mut timeline);
    timeline.dispatch(Command::Run { terminal: 1, line: "kubectl scale sts web --replicas=2".to_owned() });
    player.next(&mut timeline);
    player.next(&mut timeline);
    assert_eq!((player.at(), timeline.log().branches()), (2, 2));
    // Going back leads to the branch that the step before it was done on.
    player.back(&mut timeline);
    assert_eq!((player.at(), timeline.log().branch), (1, 0));
    // Somebody goes back in time while a step is done: it is left, and the next one begins from there.
    player.next(&mut timeline);
    player.advance(&mut timeline, Millis(500));
    assert!(player.is_busy());
    let before = timeline.given()[0];
    timeline.seek(before);
    assert!(player.advance(&mut timeline, Millis(500)));
    assert_eq!((player.at(), player.is_busy(), timeline.place()), (2, false, before));
}

#[test]
fn every_story_speaks_both_languages_and_asks_something() {
    let both = |story: &str, words: &Words| {
        let (english, chinese) = (words.in_language("en"), words.in_language("zh-CN"));
        assert!(!english.is_empty() && !chinese.is_empty(), "{story}: {english} {chinese}");
        let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        // An answer may be a name or a command, which is the same in both.
        assert!(!is_chinese(english), "{story}: {english}");
        assert!(is_chinese(chinese) || english == chinese, "{story}: {chinese}");
    };
    for path in files(STORIES, "yaml") {
        let (story, (_, scenario)) = (name(&path), open(&path));
        assert!(scenario.steps.iter().any(|step| step.question.is_some()), "{story}");
        assert!(!scenario.tags.is_empty() && !scenario.files.is_empty(), "{story}");
        both(&story, &scenario.title);
        both(&story, &scenario.summary);
        for tag in &scenario.tags {
            // Kubernetes' own words stay as they are.
            let is_name = tag.starts_with(char::is_uppercase) || ["dns", "kubectl"].contains(&tag.as_str());
            assert_eq!(Language::Chinese.strings().tag(tag) == tag, is_name, "{story}: {tag}");
        }
        for step in &scenario.steps {
            both(&story, &step.say);
            if let Some(question) = &step.question {
                assert!(question.answers.len() > 1, "{story}");
                both(&story, &question.ask);
                both(&story, &question.why);
                question.answers.iter().for_each(|answer| both(&story, answer));
            }
        }
        assert!(matches!(decode(&format!("#x={story}")), Some(Ok(Fragment::BuiltIn(found))) if found == story));
    }
}

/// What a saved scenario has to lead to for ever: what kubectl shows. Where the cluster itself was wrong,
/// `GOLDEN_WRITE=1 cargo test --no-default-features --test scenarios` writes down what it shows now.
#[test]
fn what_was_saved_opens_as_it_did_then() {
    let golden = files(GOLDEN, "json");
    assert!(golden.len() >= 3);
    for file in golden {
        let scenario = open(&file).1;
        let again = load(&scenario.to_json()).unwrap();
        assert_eq!((&again.title, &again.files, &again.run), (&scenario.title, &scenario.files, &scenario.run));
        let timeline = Timeline::open(scenario.run);
        let shown = see(&timeline, "kubectl get nodes,namespaces,sc,svc,deploy,sts,pods,pvc,pv -A -o wide");
        let text = format!("{} ms\n{shown}", timeline.place().at.0);
        let kept = file.with_extension("txt");
        if std::env::var_os("GOLDEN_WRITE").is_some() {
            fs::write(&kept, &text).unwrap();
        }
        assert_eq!(text, fs::read_to_string(&kept).unwrap(), "{}", file.display());
    }
}

#[test]
fn a_link_holds_a_scenario_and_old_links_still_do() {
    let deflate = |text: &str| {
        let mut out = Vec::new();
        let level = flate2::Compression::best();
        flate2::read::DeflateEncoder::new(text.as_bytes(), level).read_to_end(&mut out).unwrap();
        out
    };
    let inflate = |bytes: &[u8]| {
        let mut out = String::new();
        flate2::read::DeflateDecoder::new(bytes).read_to_string(&mut out).unwrap();
        out
    };
    let read = |link: &str| match decode(link) {
        Some(Ok(Fragment::Scenario(bytes))) => load(&inflate(&bytes)).unwrap(),
        other => panic!("{other:?}"),
    };
    for path in files(GOLDEN, "json") {
        let text = fs::read_to_string(&path).unwrap();
        let link = encode(&deflate(&text)).unwrap();
        assert_eq!(read(&link), load(&text).unwrap());
        // As it was made once.
        let kept = path.with_extension("link");
        if std::env::var_os("GOLDEN_WRITE").is_some() && !kept.exists() {
            fs::write(&kept, format!("{link}\n")).unwrap();
        }
        let old = fs::read_to_string(kept).unwrap();
        assert_eq!(read(old.trim()), load(&text).unwrap());
    }
}
