//! What holds in every run of the whole cluster, whatever somebody does.
//!
//! The runs are random, and each follows from its seed alone. These make them more or fewer: `PROPERTIES_EVENTS` for the
//! invariants, `PROPERTIES_RUNS` for determinism, time travel and branches, `PROPERTIES_PATCHES` for updates; `PROPERTIES_SEED`
//! looks at one run only.

mod invariants;
mod random;
mod rest;
mod updates;
mod view;

use std::collections::BTreeMap;

use invariants::Guard;
use random::{Dice, Move, Player, play};
use statefulscope::api::time::{Instant, Millis};
use statefulscope::cluster::Cluster;
use statefulscope::timeline::Timeline;

/// How many events a run has, besides those in which it comes to rest.
const EVENTS_OF_A_RUN: u64 = 500;

/// The number in an environment variable.
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

/// The seeds of so many runs, or the one that was asked for.
fn seeds(variable: &str, runs: u64) -> std::ops::RangeInclusive<u64> {
    match number("PROPERTIES_SEED") {
        Some(seed) => seed..=seed,
        None => 1..=number(variable).unwrap_or(runs),
    }
}

#[test]
fn the_invariants_hold_after_every_event_and_at_rest() {
    let wanted = number("PROPERTIES_EVENTS").unwrap_or(12_000);
    let (mut runs, mut events, mut checked) = (0, 0, BTreeMap::new());
    for seed in number("PROPERTIES_SEED").unwrap_or(1).. {
        let mut guard = Guard::default();
        let mut cluster = play(seed, EVENTS_OF_A_RUN, &mut guard);
        events += guard.events;
        let mut violations = rest::violations_at_rest(&mut cluster, &mut guard);
        violations.splice(0..0, guard.violations);
        assert!(violations.is_empty(), "PROPERTIES_SEED={seed} breaks the invariants: {violations:#?}");
        runs += 1;
        for (invariant, count) in guard.checked {
            *checked.entry(invariant).or_insert(0) += count;
        }
        if number("PROPERTIES_SEED").is_some() || events >= wanted {
            break;
        }
    }
    println!("{events} events in {runs} runs, 0 violations; checked {checked:?}");
    assert!(number("PROPERTIES_SEED").is_some() || checked.len() == 10, "an invariant was never checked: {checked:?}");
}

#[test]
fn a_seed_gives_the_same_run_each_time() {
    let seeds = seeds("PROPERTIES_RUNS", 8);
    let mut hashes = BTreeMap::new();
    for seed in seeds.clone() {
        let hash = random::hash(seed, EVENTS_OF_A_RUN);
        assert_eq!(hash, random::hash(seed, EVENTS_OF_A_RUN), "PROPERTIES_SEED={seed}");
        hashes.insert(hash, seed);
    }
    let runs = seeds.count();
    assert_eq!(hashes.len(), runs, "different seeds gave the same run");
    println!("{runs} runs, each twice, with equal hashes");
}

/// A run as somebody sees it who keeps its log, and copies of the cluster on the way.
fn logged(seed: u64) -> (Timeline, Vec<Cluster>) {
    let (mut player, config) = Player::new(seed);
    let mut timeline = Timeline::new(config);
    let mut copies = Vec::new();
    for command in player.begin(timeline.cluster()) {
        timeline.dispatch(command);
    }
    for _ in 0..60 {
        match player.next(timeline.cluster()) {
            Move::Do(command) => drop(timeline.dispatch(command)),
            Move::Pass(span) => drop(timeline.advance(span)),
            Move::Events(events) => drop(timeline.advance(Millis(events as i64 * 10))),
        }
        copies.push(timeline.cluster().clone());
    }
    (timeline, copies)
}

#[test]
fn the_log_goes_back_to_any_moment_and_forward_again() {
    let mut moments = 0;
    let seeds = seeds("PROPERTIES_RUNS", 6);
    for seed in seeds.clone() {
        let (timeline, copies) = logged(seed);
        let end = timeline.cluster();
        let mut dice = Dice::new(seed);
        for _ in 0..4 {
            // What was at that moment is what comes out of the log.
            let copy = dice.pick(&copies);
            let last_of_the_moment = copies.iter().rfind(|other| other.now() == copy.now()).unwrap_or(&copy);
            let back = timeline.log().replay(copy.now());
            assert_eq!(back.hash(), last_of_the_moment.hash(), "PROPERTIES_SEED={seed} at {:?}", copy.now());
            // From any moment between, the rest of the log leads to the same end.
            let span = end.now().since(Instant::START).0;
            let moment = Instant::START + Millis(1_000 + dice.below(span as u64 - 1_000) as i64);
            let mut forward = timeline.log().replay(moment);
            for entry in timeline.log().commands.iter().filter(|entry| entry.at > moment) {
                forward.run_until(entry.at);
                forward.execute(&entry.command);
            }
            forward.run_until(end.now());
            assert_eq!(forward.hash(), end.hash(), "PROPERTIES_SEED={seed} from {moment:?}");
            moments += 2;
        }
    }
    println!("{moments} moments of {} runs, equal hashes", seeds.count());
}

#[test]
fn going_back_and_coming_back_from_a_branch_give_equal_hashes() {
    let (mut moments, mut branches) = (0, 0);
    let seeds = seeds("PROPERTIES_RUNS", 6);
    for seed in seeds.clone() {
        let (mut timeline, _) = logged(seed);
        let mut dice = Dice::new(seed ^ 0xf0);
        let (mut player, _) = Player::new(seed ^ 0xf0);
        let end = |timeline: &Timeline| (timeline.place(), timeline.cluster().hash(), timeline.marks().len());
        let mut ends = vec![end(&timeline)];
        for _ in 0..4 {
            // Every event is a place to go to: from before and from after it, the same state is found there.
            let mark = dice.pick(timeline.marks()).place;
            timeline.seek(mark);
            let found = timeline.cluster().hash();
            let other = dice.pick(timeline.marks()).place;
            timeline.seek(other);
            timeline.seek(mark);
            assert_eq!((timeline.place(), timeline.cluster().hash()), (mark, found), "PROPERTIES_SEED={seed} {mark:?}");
            // From there the rest of the branch is as it was.
            let branch = timeline.log().branch;
            timeline.go(timeline.head(), usize::MAX);
            assert_eq!(end(&timeline), ends[branch], "PROPERTIES_SEED={seed} from {mark:?}");
            // Doing something else begins a branch, whose log alone gives the same state.
            timeline.seek(other);
            for _ in 0..8 {
                match player.next(timeline.cluster()) {
                    Move::Do(command) => drop(timeline.dispatch(command)),
                    Move::Pass(span) => drop(timeline.advance(span)),
                    Move::Events(events) => drop(timeline.advance(Millis(events as i64 * 10))),
                }
            }
            timeline.advance(Millis(1_000));
            let alone = timeline.log().replay(timeline.place().at);
            assert_eq!(timeline.cluster().hash(), alone.hash(), "PROPERTIES_SEED={seed} from {other:?}");
            timeline.go(timeline.head(), usize::MAX);
            ends.resize(timeline.log().branches(), end(&timeline));
            ends[timeline.log().branch] = end(&timeline);
            // The branches that were left are as they were.
            let left = dice.below(ends.len() as u64) as usize;
            timeline.enter(left);
            assert_eq!(end(&timeline), ends[left], "PROPERTIES_SEED={seed} on branch {left}");
            moments += 5;
        }
        branches += timeline.log().branches();
    }
    println!("{moments} moments of {} runs with {branches} branches, equal hashes", seeds.count());
}

#[test]
fn no_update_is_lost() {
    let patches = number("PROPERTIES_PATCHES").unwrap_or(200);
    let mut done = 0;
    for seed in number("PROPERTIES_SEED").unwrap_or(1).. {
        done += updates::patch_and_check(seed).unwrap_or_else(|lost| panic!("PROPERTIES_SEED={seed}: {lost}"));
        if number("PROPERTIES_SEED").is_some() || done >= patches {
            break;
        }
    }
    println!("{done} patches, none lost");
}
