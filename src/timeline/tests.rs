use super::*;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;

const WEB: &str = include_str!("../../scenarios/web.yaml");

fn scale(replicas: i64) -> Command {
    Command::Scale { object: ObjectRef::new(Kind::StatefulSet, "julin", "web"), replicas }
}

fn pods(timeline: &Timeline) -> usize {
    timeline.cluster().store().list_in(Kind::Pod, "julin").count()
}

/// A set that has started, was scaled to 4 at 30 s, and is seen until 60 s.
fn scaled() -> Timeline {
    let mut timeline = Timeline::new(Config::default());
    timeline.dispatch(Command::Apply { manifest: WEB.to_owned() });
    timeline.advance(Millis::from_secs(30));
    timeline.dispatch(scale(4));
    timeline.advance(Millis::from_secs(30));
    timeline
}

/// The state, and what leads to it.
fn state(timeline: &Timeline) -> (Place, u64, usize) {
    (timeline.place(), timeline.cluster().hash(), timeline.done())
}

#[test]
fn every_event_can_be_gone_back_to_and_forward_again() {
    let mut timeline = Timeline::new(Config::default());
    timeline.dispatch(Command::Apply { manifest: WEB.to_owned() });
    let mut states = vec![state(&timeline)];
    while states.len() < 400 && timeline.step() {
        states.push(state(&timeline));
    }
    let marks = timeline.marks().len();
    for expected in states.iter().rev().chain(&states) {
        timeline.seek(expected.0);
        assert_eq!(state(&timeline), *expected);
    }
    assert_eq!(timeline.marks().len(), marks);
}

#[test]
fn playing_on_from_the_past_follows_the_known_future() {
    let mut timeline = scaled();
    let end = state(&timeline);
    let marks = timeline.marks().to_vec();
    timeline.seek(Place::end_of(timeline.place().at + Millis::from_secs(-45)));
    assert_eq!(timeline.done(), 1);
    assert_eq!(timeline.marks(), marks, "the future stays known");
    assert!(timeline.steps().len() < marks.len());
    assert!(timeline.advance(Millis::from_secs(45)));
    assert_eq!(state(&timeline), end);
    assert_eq!((timeline.marks(), timeline.log().branches()), (&marks[..], 1));
}

#[test]
fn acting_in_the_past_forks_and_the_old_future_stays() {
    let mut timeline = scaled();
    let end = state(&timeline);
    timeline.seek(Place::end_of(timeline.place().at + Millis::from_secs(-45)));
    timeline.dispatch(scale(1));
    timeline.advance(Millis::from_secs(45));
    assert_eq!((pods(&timeline), timeline.log().branch, timeline.log().branches()), (1, 1, 2));
    assert_eq!(timeline.log().rebuild(timeline.place().at).cluster().hash(), timeline.cluster().hash());
    let forked = state(&timeline);
    timeline.enter(0);
    assert_eq!((state(&timeline), pods(&timeline)), (end, 4));
    timeline.enter(1);
    assert_eq!(state(&timeline), forked);
    // What is done at the end of a branch goes on with it.
    timeline.dispatch(scale(3));
    assert_eq!(timeline.log().branches(), 2);
}

#[test]
fn looking_around_in_the_past_changes_nothing() {
    let mut timeline = scaled();
    let saved = timeline.saved();
    let place = timeline.place();
    timeline.seek(Place::end_of(Instant::START + Millis::from_secs(20)));
    timeline.step();
    timeline.seek(place);
    assert_eq!(timeline.saved(), saved);
}

#[test]
fn what_was_undone_does_not_happen_and_can_be_done_again() {
    let mut timeline = scaled();
    let end = state(&timeline);
    assert!(timeline.undo());
    assert_eq!((timeline.done(), pods(&timeline), timeline.log().branches()), (1, 2, 1));
    assert!(timeline.redo());
    assert_eq!(timeline.done(), 2);
    assert!(timeline.undo());
    timeline.advance(Millis::from_secs(30));
    assert_eq!((pods(&timeline), timeline.log().branches()), (2, 2));
    assert!(timeline.redo(), "after time has passed, too");
    assert_eq!((timeline.done(), timeline.log().branch, timeline.log().branches()), (2, 0, 1));
    timeline.advance(Millis::from_secs(30));
    assert_eq!(state(&timeline), end);
    assert!(!timeline.redo());
}

#[test]
fn undoing_again_leaves_more_out_and_makes_no_more_branches() {
    let mut timeline = scaled();
    assert!(timeline.undo());
    timeline.advance(Millis::from_secs(1));
    assert!(timeline.undo());
    timeline.advance(Millis::from_secs(1));
    assert_eq!((timeline.done(), timeline.log().branches()), (0, 2));
    assert!(timeline.cluster().store().list(Kind::StatefulSet).next().is_none());
    assert!(!timeline.undo());
}

#[test]
fn idle_time_is_no_future_that_a_branch_would_be_worth() {
    let mut timeline = Timeline::new(Config::default());
    timeline.advance(Millis::from_secs(600));
    timeline.seek(Place::end_of(Instant::START + Millis::from_secs(20)));
    timeline.dispatch(Command::Apply { manifest: WEB.to_owned() });
    assert_eq!((timeline.log().branches(), timeline.log().commands[0].at), (1, Instant::START + Millis::from_secs(20)));
}

#[test]
fn a_saved_run_opens_at_its_place_and_on_its_branch() {
    let mut timeline = scaled();
    timeline.seek(timeline.marks()[60].place);
    timeline.dispatch(scale(3));
    timeline.advance(Millis::from_secs(20));
    timeline.seek(timeline.marks()[90].place);
    let saved = timeline.saved();
    let json = serde_json::to_string(&saved).expect("a log is data");
    let mut opened = Timeline::open(serde_json::from_str(&json).expect("and reads back"));
    assert_eq!(opened.saved(), saved);
    assert_eq!((state(&opened), opened.marks()), (state(&timeline), timeline.marks()));
    timeline.enter(0);
    opened.enter(0);
    assert_eq!((state(&opened), opened.marks()), (state(&timeline), timeline.marks()));
}

#[test]
fn a_log_that_cannot_be_is_put_right() {
    let json = r#"{"config": {}, "commands": [], "branch": 9, "place": {"at": 9},
        "forks": [{"of": 7, "after": 5, "commands": []}, {"of": 1, "after": 0, "commands": []}]}"#;
    let timeline = Timeline::open(serde_json::from_str(json).expect("a log"));
    assert_eq!((timeline.log().branch, timeline.log().forks[0].of, timeline.log().forks[0].after), (2, 0, 0));
    assert_eq!(timeline.place(), Timeline::new(Config::default()).place());
}

#[test]
fn terminals_travel_too() {
    let mut timeline = scaled();
    let line = |line: &str| Command::Run { terminal: 0, line: line.to_owned() };
    let text = |timeline: &Timeline| {
        let pieces = timeline.bench().terminals()[0].pieces();
        pieces.map(|piece| piece.text.to_string()).collect::<String>()
    };
    timeline.dispatch(line("kubectl delete pod web-0 -n julin"));
    timeline.advance(Millis::from_secs(60));
    let printed = text(&timeline);
    assert!(printed.contains("pod \"web-0\" deleted"));
    timeline.undo();
    assert_eq!(text(&timeline), "");
    timeline.dispatch(line("kubectl get pods"));
    assert!(text(&timeline).contains("No resources found"));
    timeline.enter(0);
    assert_eq!(text(&timeline), printed, "what was typed in a future that was left is there again");
}

#[test]
fn two_clusters_follow_one_clock_and_the_same_commands() {
    let mut timeline = scaled();
    let end = state(&timeline);
    let parallel = WEB.replace("  replicas: 2", "  replicas: 2\n  podManagementPolicy: Parallel");
    let compare = Compare { config: Config::default(), manifest: Some(parallel.clone()), file: None };
    timeline.set_compare(Some(compare));
    assert_eq!((timeline.place().at, timeline.cluster().hash()), (end.0.at, end.1), "the first is as it was");
    let mut alone = Timeline::new(Config::default());
    alone.dispatch(Command::Apply { manifest: parallel });
    alone.advance(Millis::from_secs(30));
    alone.dispatch(scale(4));
    alone.advance(Millis::from_secs(30));
    assert_eq!(timeline.other().map(Cluster::hash), Some(alone.cluster().hash()));
    // Each event of either can be stepped to, and the two stay together.
    timeline.seek(Place::end_of(Instant::START + Millis::from_secs(2)));
    let mut sides = [0, 0];
    while timeline.step() && timeline.place().at < end.0.at {
        sides[timeline.steps().last().map_or(0, |mark| mark.side)] += 1;
    }
    assert!(sides[0] > 20 && sides[1] > 20, "{sides:?}");
    timeline.set_compare(None);
    assert!(timeline.other().is_none());
}

#[test]
fn the_other_manifest_is_found_under_the_name_of_its_file_too() {
    let mut timeline = Timeline::new(Config::default());
    let other = Some(WEB.replace("replicas: 2", "replicas: 1"));
    let compare = Compare { config: Config::default(), manifest: other, file: Some("web.yaml".to_owned()) };
    timeline.set_compare(Some(compare));
    let save = |name: &str| Command::SaveFile { name: name.to_owned(), text: WEB.to_owned() };
    let apply = |name: &str| Command::Run { terminal: 0, line: format!("kubectl apply -f {name}") };
    timeline.dispatch(save("web.yaml"));
    timeline.dispatch(save("else.yaml"));
    let pods = |timeline: &Timeline| {
        let count = |cluster: &Cluster| cluster.store().list_in(Kind::Pod, "julin").count();
        (count(timeline.cluster()), timeline.other().map(count))
    };
    timeline.dispatch(apply("web.yaml"));
    timeline.advance(Millis::from_secs(30));
    assert_eq!(pods(&timeline), (2, Some(1)));
    timeline.dispatch(apply("else.yaml"));
    timeline.advance(Millis::from_secs(30));
    assert_eq!(pods(&timeline), (2, Some(2)));
}

#[test]
fn a_run_does_not_rest_before_a_command_that_is_known() {
    let mut timeline = scaled();
    assert!(timeline.rests());
    timeline.seek(Place::end_of(Instant::START + Millis::from_secs(20)));
    assert!(timeline.live.due().is_none() && !timeline.rests());
    // What was undone is not ahead.
    timeline.seek(timeline.head());
    assert!(timeline.undo());
    assert!(timeline.rests());
}

#[test]
fn the_cluster_beside_may_differ_by_a_field_of_every_set() {
    let mut timeline = Timeline::new(Config::default());
    let fields = serde_json::json!({"podManagementPolicy": "Parallel"});
    let stateful_set_spec = fields.as_object().cloned().unwrap_or_default();
    let config = Config { stateful_set_spec, ..Config::default() };
    timeline.set_compare(Some(Compare { config, manifest: None, file: None }));
    timeline.dispatch(Command::Apply { manifest: WEB.to_owned() });
    timeline.advance(Millis(100));
    let pods = |cluster: &Cluster| cluster.store().list_in(Kind::Pod, "julin").count();
    assert_eq!((pods(timeline.cluster()), timeline.other().map(pods)), (1, Some(2)));
    timeline.dispatch(Command::Apply { manifest: WEB.replace("replicas: 2", "replicas: 3") });
    timeline.advance(Millis::from_secs(30));
    assert_eq!((pods(timeline.cluster()), timeline.other().map(pods)), (3, Some(3)), "it holds for changes too");
}

#[test]
fn an_axis_leads_from_moments_to_positions_and_back() {
    let mut timeline = scaled();
    timeline.advance(Millis::from_secs(10_000));
    timeline.dispatch(scale(1));
    timeline.advance(Millis::from_secs(60));
    let mut lanes = lanes::Lanes::default();
    lanes.follow(&timeline, "");
    let axis = lanes.axis;
    for mark in timeline.marks() {
        let back = axis.moment(axis.position(mark.place.at)).since(mark.place.at).0;
        assert!(back.abs() <= 1, "{back} ms off");
    }
    let positions: Vec<f64> = timeline.given().iter().map(|place| axis.position(place.at)).collect();
    assert!(positions.is_sorted() && positions[2] - positions[1] < 0.5, "a long rest is short: {positions:?}");
    timeline.seek(Place::end_of(axis.moment(1.0)));
    assert_eq!(timeline.place(), timeline.head());
    assert_eq!(axis.moment(0.0), Instant::START);
}

fn drawn(timeline: &Timeline, filter: &str) -> Vec<lanes::Lane> {
    let mut lanes = lanes::Lanes::default();
    lanes.follow(timeline, filter);
    lanes.drawn()
}

#[test]
fn lanes_that_follow_a_run_are_those_that_are_drawn_at_once() {
    let mut timeline = Timeline::new(Config::default());
    let mut lanes = lanes::Lanes::default();
    let mut check = |timeline: &Timeline, filter: &str| {
        let changed = lanes.follow(timeline, filter);
        assert_eq!(lanes.drawn(), drawn(timeline, filter));
        assert!(!lanes.follow(timeline, filter));
        changed
    };
    timeline.dispatch(Command::Apply { manifest: WEB.to_owned() });
    for _ in 0..40 {
        timeline.advance(Millis(700));
        check(&timeline, "");
    }
    // More objects than have lanes, a filter, the past, another branch, and back.
    timeline.dispatch(scale(9));
    timeline.advance(Millis::from_secs(3));
    assert!(check(&timeline, ""));
    timeline.advance(Millis::from_secs(60));
    assert!(check(&timeline, "pod web-1") && check(&timeline, ""));
    timeline.seek(timeline.marks()[60].place);
    assert!(!check(&timeline, ""), "the past is drawn already");
    timeline.dispatch(scale(3));
    assert!(check(&timeline, ""));
    timeline.advance(Millis::from_secs(30));
    assert!(check(&timeline, ""));
    timeline.enter(0);
    assert!(check(&timeline, ""));
    timeline.set_compare(Some(Compare { config: Config::default(), manifest: None, file: None }));
    assert!(check(&timeline, ""));
}

#[test]
fn each_object_has_a_lane_with_a_mark_for_every_event() {
    use lanes::Owner;
    let timeline = scaled();
    let lanes = |filter: &str| drawn(&timeline, filter);
    let owners: Vec<Owner> = lanes("").into_iter().map(|lane| lane.owner).collect();
    let ordinal = |number: usize| Owner::Ordinal(format!("web-{number}"));
    let set = Owner::Set("web".to_owned());
    let expected = [Owner::Person, set, ordinal(0), ordinal(1), ordinal(2), ordinal(3), Owner::Others];
    assert_eq!(owners, expected);
    assert!(lanes("").iter().all(|lane| lane.paths.iter().any(|path| path.contains('M'))));
    let owners: Vec<Owner> = lanes("pod web-2 started").into_iter().map(|lane| lane.owner).collect();
    assert_eq!(owners, [Owner::Person, ordinal(2)], "commands stay, whatever is looked for");
}

#[test]
fn steps_go_to_what_is_to_be_seen() {
    let mut timeline = scaled();
    let is_shown = |mark: &Mark| lanes::matches(mark, "web-1 started");
    timeline.seek(timeline.previous(&is_shown, false));
    let found = timeline.place();
    assert!(timeline.steps().iter().any(|mark| mark.place == found && is_shown(mark)));
    timeline.seek(timeline.previous(&is_shown, false));
    assert_eq!((timeline.place(), timeline.done()), (Timeline::new(Config::default()).place(), 0), "the beginning");
    assert!(timeline.step_to(&is_shown, false));
    assert_eq!(timeline.place(), found);
    assert!(timeline.step_to(&is_shown, true), "the next command");
    assert_eq!(timeline.done(), 2);
}
