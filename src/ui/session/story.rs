//! A story on the page: its player moves the timeline, and its files stand in the editor, until the reader gets back what
//! they had before.

use std::sync::Arc;

use leptos::prelude::*;

use super::Session;
use super::time::TURNS;
use crate::api::time::Millis;
use crate::cluster::config::Config;
use crate::embed::Parameters;
use crate::scenario::Scenario;
use crate::scenario::player::Player;
use crate::timeline::Timeline;
use crate::ui::files::Kept;

/// A rest of a story, in which nothing happens, passes in about so many times this, in virtual milliseconds at speed 1:
/// nobody reads for five minutes that a node does not answer.
const REST_MS: i64 = 700;

/// How long a sentence of a story that goes on by itself can be read, in milliseconds.
const READING_MS: f64 = 4500.0;

/// A story, and what it is called in links.
#[derive(Clone, Debug, PartialEq)]
pub struct Tale {
    /// The name; empty where it is a document that came by link or file.
    pub name: String,
    /// The story.
    pub scenario: Scenario,
}

/// The story that is told. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub struct Story {
    /// It, where one is.
    pub tale: RwSignal<Option<Arc<Tale>>>,
    /// How many of its steps were begun.
    pub at: RwSignal<usize>,
    /// Whether the last of them is not over.
    pub busy: RwSignal<bool>,
    /// Whether it goes on by itself, and for how long it has waited for that, in milliseconds.
    by_itself: StoredValue<Option<f64>>,
    player: StoredValue<Option<Player>>,
    own: StoredValue<Option<Own>>,
}

/// What the reader had before the story.
struct Own {
    timeline: Timeline,
    files: Kept,
    speed: f64,
}

impl Story {
    /// None.
    pub fn new() -> Story {
        Story {
            tale: RwSignal::new(None),
            at: RwSignal::new(0),
            busy: RwSignal::new(false),
            by_itself: StoredValue::new(None),
            player: StoredValue::new(None),
            own: StoredValue::new(None),
        }
    }
}

impl Session {
    /// Opens a story before its first step.
    pub fn open_story(&self, tale: Tale) {
        let (player, timeline) = Player::open(&tale.scenario);
        let speed = self.speed.get_untracked();
        let files = self.exchange_files(&tale.scenario.files);
        self.playing.set(false);
        self.time.backwards.set(false);
        let left = self.exchange_timeline(timeline);
        // Of a story that is open already nothing is kept.
        if self.story.own.with_value(Option::is_none)
            && let Some(timeline) = left
        {
            self.story.own.set_value(Some(Own { timeline, files, speed }));
        }
        self.speed.set(tale.scenario.speed);
        // What the steps type is to be seen.
        self.shown.update(|shown| shown.show(0));
        self.story.player.set_value(Some(player));
        self.story.tale.set(Some(Arc::new(tale)));
        self.follow_story();
    }

    /// Whether a story was opened, and its first step not begun.
    pub fn is_story_ahead(&self) -> bool {
        self.story.tale.with_untracked(Option::is_some) && self.story.at.get_untracked() == 0
    }

    /// Begins what was just opened in a figure, where the reader has asked for that, or the page around wants it to tell
    /// itself.
    pub(super) fn begin_telling(&self) {
        if self.presentation.embed && self.presentation.plays(0) {
            self.tell_next();
            self.story.by_itself.set_value(self.presentation.tells_itself().then_some(0.0));
        }
    }

    /// Goes on by itself, where it does, once the last step can have been read. A figure that begins again and again begins
    /// with the first step.
    #[inline(never)]
    pub fn tell_by_itself(&self, elapsed: f64) {
        let Some(waited) = self.story.by_itself.get_value() else { return };
        if self.story.busy.get_untracked() {
            return;
        }
        let steps = self.story.tale.with_untracked(|tale| tale.as_ref().map_or(0, |tale| tale.scenario.steps.len()));
        let is_over = self.story.at.get_untracked() >= steps;
        if is_over && !self.presentation.get(Parameters::is_loop) {
            self.story.by_itself.set_value(None);
        } else if waited + elapsed < READING_MS {
            self.story.by_itself.set_value(Some(waited + elapsed));
        } else {
            if is_over {
                self.restart_story(&self.config());
            }
            self.tell_next();
            self.story.by_itself.set_value(Some(0.0));
        }
    }

    /// Begins the story again, in a cluster of these settings. Says whether there is one.
    pub(super) fn restart_story(&self, config: &Config) -> bool {
        let Some(tale) = self.story.tale.get_untracked() else { return false };
        let mut tale = Tale::clone(&tale);
        tale.scenario.run.config = config.clone();
        self.open_story(tale);
        true
    }

    /// Leaves the story: the reader has what they had before.
    pub fn leave_story(&self) {
        let Some(own) = self.story.own.try_update_value(Option::take).flatten() else { return };
        self.playing.set(false);
        self.story.by_itself.set_value(None);
        self.story.player.set_value(None);
        self.story.tale.set(None);
        self.follow_story();
        self.put_files_back(own.files);
        self.speed.set(own.speed);
        self.exchange_timeline(own.timeline);
    }

    /// Begins the next step, or brings the one that is not over to its end.
    pub fn tell_next(&self) {
        // Who goes on themselves does so from then on.
        self.story.by_itself.set_value(None);
        self.following_files(|| {
            self.with_player(|player, timeline| {
                player.next(timeline);
                // What takes no time is done at once.
                player.advance(timeline, Millis(0));
            })
        });
        self.follow_story();
        self.time.backwards.set(false);
        self.playing.set(self.story.busy.get_untracked());
        self.refresh();
    }

    /// Goes back to where the step before this one ended.
    pub fn tell_back(&self) {
        self.story.by_itself.set_value(None);
        self.with_player(Player::back);
        self.playing.set(false);
        self.follow_story();
        self.refresh();
    }

    /// Lets time pass in a step that is not over, at the end of which it stops.
    pub(super) fn tell_on(&self, span: Millis, has_time: impl Fn() -> bool) {
        let go_on = |player: &mut Player, timeline: &mut Timeline| {
            let before = timeline.steps().len();
            let now = timeline.place().at;
            let rest = player.due(timeline).map_or(0, |due| due.since(now).0.max(0));
            let until = now + Millis(span.0 + rest * span.0 / REST_MS);
            while !player.advance_some(timeline, until, TURNS) && has_time() {}
            timeline.steps().len() > before
        };
        let happened = self.following_files(|| self.with_player(go_on).unwrap_or_default());
        self.follow_story();
        if !self.story.busy.get_untracked() {
            self.playing.set(false);
        }
        if happened { self.refresh() } else { self.tick() }
    }

    fn with_player<T>(&self, go: impl FnOnce(&mut Player, &mut Timeline) -> T) -> Option<T> {
        let go = |player: &mut Player| self.timeline.try_update_value(|timeline| go(player, timeline));
        self.story.player.try_update_value(|player| player.as_mut().and_then(go)).flatten()
    }

    /// Shows where the story is.
    fn follow_story(&self) {
        let (at, busy) =
            self.story.player.with_value(|player| player.as_ref().map_or((0, false), |p| (p.at(), p.is_busy())));
        if self.story.at.get_untracked() != at {
            self.story.at.set(at);
        }
        if self.story.busy.get_untracked() != busy {
            self.story.busy.set(busy);
        }
    }
}
