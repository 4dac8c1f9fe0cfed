use super::link::{DEFLATED, Fragment, LinkTrouble, decode, encode};
use super::*;
use crate::api::time::Millis;
use crate::command::Command;
use crate::timeline::Timeline;

#[test]
fn a_text_says_what_it_is_and_where_it_is_wrong() {
    let field = |path: &str, line: usize, message: &str| {
        Err(Trouble::Field { path: path.to_owned(), line, message: message.to_owned() })
    };
    let read = |text: &str| load(text).map(|_| ());
    assert_eq!(read("statefulscope: 1\n"), Ok(()));
    assert_eq!(read("{\"statefulscope\": 1}"), Ok(()));
    assert_eq!(read(""), Err(Trouble::NotAScenario));
    assert_eq!(read("kind: Pod\n"), Err(Trouble::NotAScenario));
    assert!(matches!(read("a: [\n"), Err(Trouble::Syntax { .. })));
    assert_eq!(read("statefulscope: 2\n"), Err(Trouble::Newer { version: 2 }));
    for version in ["one", "0", "-1"] {
        let text = format!("statefulscope: {version}\n");
        assert_eq!(read(&text), field("statefulscope", 1, "must be a version from 1 to 1"));
    }
    let wrong = |text: &str| read(&format!("statefulscope: 1\n{text}"));
    assert_eq!(wrong("title: 3\n"), field("title", 2, "must be a text, or a text for each language"));
    assert_eq!(wrong("tags: a\n"), field("tags", 2, "must be a list"));
    assert_eq!(wrong("files:\n  web.yaml: 1\n"), field("files[web.yaml]", 3, "must be a text"));
    assert_eq!(wrong("speed: 0\n"), field("speed", 2, "must be a number above 0"));
    assert_eq!(
        wrong("steps:\n- say: a\n- say: b\n  question: {ask: c, answers: [d], right: 1}\n"),
        field("steps[1].question.right", 5, "must be the number of an answer, from 0")
    );
    let message = "must be rest, a number of seconds, or a pod and what it is";
    assert_eq!(wrong("steps:\n- wait: sleep\n"), field("steps[0].wait", 3, message));
    assert!(matches!(
        wrong("run:\n  commands:\n  - {at: 0, command: {frobnicate: {}}}\n"),
        Err(Trouble::Field { path, line: 4, message })
            if path == "run.commands[0]" && message.starts_with("unknown variant `frobnicate`")
    ));
    assert!(matches!(
        wrong("run: {config: {seed: x}}\n"),
        Err(Trouble::Field { path, line: 2, message }) if path == "run" && message.starts_with("invalid type: string")
    ));
    assert!(matches!(wrong("run: []\n"), Err(Trouble::Field { path, .. }) if path == "run"));
}

#[test]
fn what_is_absent_means_what_version_1_says() {
    let scenario = load("statefulscope: 1\nrun: {config: {seed: 7}, compare: {config: {nodes: []}}}\n").unwrap();
    assert_eq!((scenario.speed, scenario.run.config.seed), (1.0, 7));
    // As long as a new cluster still begins so.
    let config = crate::cluster::config::Config::default();
    assert_eq!(scenario.run.config.nodes, config.nodes);
    assert_eq!(scenario.run.config.feature_gates, config.feature_gates);
    let compare = scenario.run.compare.unwrap().config;
    assert_eq!((compare.nodes.len(), compare.seed), (0, 1));
    assert_eq!(compare.storage_classes, config.storage_classes);
}

#[test]
fn an_older_version_goes_through_every_migration() {
    // Version 0, which never was: the title was called a name, and the speed was in percent.
    let rename: Migration = |fields| {
        if let Some(name) = fields.remove("name") {
            fields.insert("title".to_owned(), name);
        }
    };
    let old = "statefulscope: 0\nname: Old\nunknown: 1\n";
    assert!(matches!(load(old), Err(Trouble::Field { .. })));
    let scenario = load_by(old, &[rename]).unwrap();
    assert_eq!(scenario.title.in_language("en"), "Old");
    assert_eq!(scenario.to_json().matches("\"statefulscope\":1").count(), 1);
    // One of the present version goes through none.
    assert!(load_by("statefulscope: 1\nname: New\n", &[rename]).unwrap().title.is_empty());
    assert_eq!(load_by("statefulscope: 2\n", &[rename]), Err(Trouble::Newer { version: 2 }));
}

#[test]
fn a_cluster_begins_with_no_more_than_can_be_begun_at_once() {
    let of = |nodes: usize| {
        let nodes = vec![r#"{"name":"n","zone":"z"}"#; nodes].join(",");
        load(&format!(r#"{{"statefulscope":1,"run":{{"config":{{"nodes":[{nodes}]}}}}}}"#))
    };
    assert_eq!(of(500).unwrap().run.config.nodes.len(), 500);
    let Err(Trouble::Field { path, message, .. }) = of(501) else { panic!("501 nodes") };
    assert_eq!((path.as_str(), message.contains("501 nodes")), ("run", true));
}

#[test]
fn what_is_not_known_is_kept() {
    let text = r#"{"statefulscope":1,"title":{"en":"A","zh-CN":"B"},"later":{"x":[1]},"run":{"hue":3,
        "config":{"seed":2,"moon":true},"commands":[
            {"at":0,"mood":"calm","command":{"setLatency":{"latency":5}}},
            {"at":0,"mood":"wild","command":{"setLatency":{"latency":6}}}]}}"#;
    let mut scenario = load(text).unwrap();
    assert_eq!((scenario.title.in_language("zh-CN"), scenario.title.in_language("fr")), ("B", "A"));
    assert_eq!(load(&scenario.to_json()).unwrap().run, scenario.run);
    scenario.run.commands[1].command = Command::SetLatency { latency: Millis(7) };
    scenario.run.config.seed = 3;
    let written: Value = serde_json::from_str(&scenario.to_json()).unwrap();
    assert_eq!(written.pointer("/later/x/0"), Some(&1.into()));
    assert_eq!(written.pointer("/run/hue"), Some(&3.into()));
    assert_eq!(written.pointer("/run/config/moon"), Some(&true.into()));
    assert_eq!(written.pointer("/run/config/seed"), Some(&3.into()));
    assert_eq!(written.pointer("/run/commands/0/mood"), Some(&"calm".into()));
    // What was done is another thing now.
    assert_eq!(written.pointer("/run/commands/1/mood"), None);
    assert_eq!(load(&scenario.to_json()).unwrap().run, scenario.run);
}

#[test]
fn a_scenario_of_a_run_is_read_back() {
    let mut timeline = Timeline::new(crate::cluster::config::Config::default());
    timeline.dispatch(Command::CreateNamespace { name: "shop".to_owned() });
    timeline.advance(Millis(500));
    let files = BTreeMap::from([("web.yaml".to_owned(), "kind: \"Pod\"\n".to_owned())]);
    let scenario = Scenario::new(files.clone(), "web.yaml", 2.0, timeline.saved());
    let read = load(&scenario.to_json()).unwrap();
    assert_eq!((&read.files, &read.run, read.speed), (&files, &scenario.run, 2.0));
    assert_eq!(Timeline::open(read.run).cluster().hash(), timeline.cluster().hash());
}

#[test]
fn what_version_1_says_anyway_is_not_written() {
    let files = || BTreeMap::from([("a.yaml".to_owned(), String::new()), ("b.yaml".to_owned(), String::new())]);
    let write = |open: &str, speed: f64, seed: u64| {
        let mut log = Log { config: load("statefulscope: 1\n").unwrap().run.config, ..Log::default() };
        log.config.seed = seed;
        Scenario::new(files(), open, speed, log).to_json()
    };
    assert_eq!(write("a.yaml", 1.0, 1), r#"{"files":{"a.yaml":"","b.yaml":""},"statefulscope":1}"#);
    let other = write("b.yaml", 0.5, 2);
    let fields = r#""open":"b.yaml","run":{"config":{"seed":2}},"speed":0.5,"statefulscope":1}"#;
    assert!(other.ends_with(fields), "{other}");
    let read = load(&other).unwrap();
    assert_eq!((read.open.as_str(), read.speed, read.run.config.nodes.len()), ("b.yaml", 0.5, 3));
}

#[test]
fn a_file_may_be_larger_than_a_manifest() {
    let large = "# 3 MB\n".repeat(450_000);
    let files = BTreeMap::from([("web.yaml".to_owned(), large.clone())]);
    let read = load(&Scenario::new(files, "web.yaml", 1.0, Log::default()).to_json()).unwrap();
    assert_eq!(read.files["web.yaml"], large);
}

#[test]
fn a_link_says_whether_it_was_cut_off_or_damaged() {
    let bytes: Vec<u8> = (0..200u8).map(|byte| byte.wrapping_mul(37)).collect();
    let link = encode(&bytes).unwrap();
    assert!(link.starts_with("#s=1.273."), "{link}");
    assert_eq!(decode(&link), Some(Ok(Fragment::Scenario(bytes.clone()))));
    assert_eq!(decode(&format!("{link}.)")), Some(Ok(Fragment::Scenario(bytes.clone()))));
    assert_eq!(decode(&link[..link.len() - 73]), Some(Err(LinkTrouble::CutOff { of: 200, length: 273 })));
    // One letter wrong, wherever it is behind the length.
    for at in 9..link.len() {
        let letter = if link.as_bytes()[at] == b'A' { "B" } else { "A" };
        let changed = format!("{}{letter}{}", &link[..at], &link[at + 1..]);
        assert_eq!(decode(&changed), Some(Err(LinkTrouble::Damaged)), "{at}");
    }
    assert_eq!(decode("#s=2.273.AAAA"), Some(Err(LinkTrouble::Newer)));
    for text in ["#s=", "#s=1", "#s=1.", "#s=1.x.AA", "#s=1.0.", "#s=1.3.AAA", "#s=1.2.ää", "#s=1.1.ä", "#s=.1.a"] {
        assert_eq!(decode(text), Some(Err(LinkTrouble::Damaged)), "{text}");
    }
    assert_eq!(decode("#s=1.999999.AAAA"), Some(Err(LinkTrouble::TooLarge)));
    assert!(encode(&vec![0; DEFLATED]).is_some_and(|link| decode(&link).is_some_and(|read| read.is_ok())));
    assert_eq!(encode(&vec![0; DEFLATED + 1]), None);
}

#[test]
fn a_built_in_scenario_is_named_and_nothing_else() {
    assert_eq!(decode("#x=stuck-rollout"), Some(Ok(Fragment::BuiltIn("stuck-rollout".to_owned()))));
    for name in ["", "../secret", "https://example.com/", "A", "a%2fb", &"a".repeat(65)] {
        assert_eq!(decode(&format!("#x={name}")), Some(Err(LinkTrouble::Damaged)), "{name}");
    }
    assert_eq!(decode("#graph"), None);
    assert_eq!(decode(""), None);
}

#[test]
fn what_follows_from_the_rest_of_a_run_is_not_written() {
    let mut timeline = Timeline::new(crate::cluster::config::Config::default());
    timeline.advance(Millis(500));
    let write = |timeline: &Timeline| Scenario::new(BTreeMap::new(), "", 1.0, timeline.saved()).to_json();
    assert_eq!(write(&timeline), r#"{"statefulscope":1}"#);
    timeline.dispatch(Command::Apply { manifest: include_str!("../../scenarios/web.yaml").to_owned() });
    timeline.advance(Millis::from_secs(3));
    assert!(!write(&timeline).contains("until"));
    let again = Timeline::open(load(&write(&timeline)).unwrap().run);
    assert_eq!((again.place(), again.cluster().hash()), (timeline.place(), timeline.cluster().hash()));
    // What lies ahead of the place that is looked at is still known.
    timeline.seek(crate::timeline::Place::end_of(timeline.place().at + Millis(-1000)));
    let again = Timeline::open(load(&write(&timeline)).unwrap().run);
    assert_eq!((again.head().at, again.place()), (timeline.head().at, timeline.place()));
}
