//! The page's state: one run, and what is looked at. Everything that a person does goes through [`Session::dispatch`].

mod foresight;
mod opening;
mod story;
mod time;

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::prelude::*;

use super::clock_bar::PLAY;
use super::code_editor::CodeEditor;
use super::dock::Shown;
use super::documents::{self, Documents};
use super::embed::Presentation;
use super::files::{FIRST, Files};
use super::hooks;
use super::look::focus_on;
use super::terminal::TerminalView;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::order;
use crate::api::time::Instant;
use crate::cluster::Cluster;
use crate::cluster::actor::Actor;
use crate::cluster::config::Config;
use crate::cluster::step::What;
use crate::command::{Answer, Command};
use crate::embed::Parameters;
use crate::explain::{Finding, explain};
use crate::graph::build::{Memory, build};
use crate::graph::differ;
use crate::graph::foresee;
use crate::graph::layout;
use crate::graph::model::{Graph, SetView};
use crate::graph::scene::{self, Scene};
use crate::i18n::{Language, Strings};
use crate::kubectl::complete::{Completion, complete};
use crate::timeline::{Mark, Timeline};
use crate::workbench::{TERMINALS, Workbench};
pub use foresight::Foreseen;
use foresight::Foresight;
use story::Story;
pub use story::Tale;
use time::Time;
pub use time::{Lanes, Twig};

/// How many lines of the log are kept on the page.
const LOG_LINES: usize = 400;

/// The page's state. A copy is a handle to the same state.
#[derive(Clone, Copy)]
pub struct Session {
    timeline: StoredValue<Timeline>,
    /// Which cluster is asked: 0 for the first, 1 for the one beside.
    side: usize,
    /// What the pictures of the first cluster and of the one beside were made of.
    memories: StoredValue<[Memory; 2]>,
    /// The text of the file that is open in the editor.
    pub manifest: RwSignal<String>,
    /// The editor's files.
    pub files: Files,
    /// The editor, once somebody writes in it.
    pub editor: CodeEditor,
    /// What the last command answered.
    pub answer: RwSignal<Answer>,
    /// The picture.
    pub graph: RwSignal<Arc<Graph>>,
    /// How often the cluster has changed: for what is asked of it beside the picture.
    pub changes: RwSignal<u32>,
    /// The picture as it is drawn.
    pub scene: Memo<Arc<Scene>>,
    /// The picture of the cluster beside, where there is one.
    scene_beside: Memo<Arc<Scene>>,
    /// The virtual time.
    pub now: RwSignal<Instant>,
    /// Whether time passes.
    pub playing: RwSignal<bool>,
    /// Where one is in time.
    pub time: Time,
    /// What would happen, where somebody asks.
    pub foresight: Foresight,
    /// The story that is told.
    pub story: Story,
    /// Virtual seconds in a second.
    pub speed: RwSignal<f64>,
    /// How many scenarios were opened, and whether the last one is on its way.
    pub opening: RwSignal<(u32, bool)>,
    /// Whether nothing is left to be done.
    pub resting: RwSignal<bool>,
    /// The terminals, as they are shown.
    terminals: RwSignal<Vec<TerminalView>>,
    /// What the dock shows.
    pub shown: RwSignal<Shown>,
    /// What happened, the newest last.
    pub log: RwSignal<Vec<LogLine>>,
    /// The object whose details are shown.
    pub selected: RwSignal<Option<ObjectRef>>,
    /// The objects that a reason is about, which are lit in the picture.
    pub lit: RwSignal<Vec<ObjectRef>>,
    /// Which document is shown.
    pub documents: Documents,
    /// How the page is presented.
    pub presentation: Presentation,
    /// The language.
    pub language: RwSignal<Language>,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Which run of branches it is from: with its number it names the line for ever.
    pub run: u32,
    /// Its number in the run.
    pub number: usize,
    /// Whether it happened in the cluster beside the first one.
    pub beside: bool,
    /// When.
    pub at: Instant,
    /// Who.
    pub actor: Actor,
    /// About what.
    pub object: ObjectRef,
    /// What, where it is no Kubernetes event.
    pub change: Option<Change>,
    /// The reason of a Kubernetes event.
    pub reason: String,
    /// The sentence of a Kubernetes event.
    pub message: String,
    /// Whether somebody should look at it.
    pub warning: bool,
}

/// A change that no Kubernetes event tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is there.
    Created,
    /// It is gone.
    Gone,
}

impl LogLine {
    /// The line for a step, where it is worth one.
    fn of(run: u32, number: usize, step: &Mark) -> Option<LogLine> {
        const TOLD: [Kind; 5] =
            [Kind::Pod, Kind::PersistentVolumeClaim, Kind::PersistentVolume, Kind::StatefulSet, Kind::Service];
        let told = TOLD.contains(&step.object.kind);
        let (change, reason, message, warning) = match &step.what {
            What::Event { warning, reason, message } => (None, reason.clone(), message.clone(), *warning),
            What::Deleted if told => (Some(Change::Gone), String::new(), String::new(), false),
            What::Created if told && (step.actor == Actor::User || step.object.kind == Kind::PersistentVolume) => {
                (Some(Change::Created), String::new(), String::new(), false)
            }
            _ => return None,
        };
        let beside = step.side > 0;
        let (at, actor, object) = (step.at, step.actor, step.object.clone());
        Some(LogLine { run, number, beside, at, actor, object, change, reason, message, warning })
    }
}

/// The pictures that are shown: of the first cluster, and of the one beside it, which is drawn only where there is one.
type Pictures = (Arc<Scene>, Arc<Scene>);

/// The pictures of the clusters, each drawn once. They are drawn because something has changed; what looks the same is
/// found out card by card.
fn drawn(
    graph: RwSignal<Arc<Graph>>,
    time: Time,
    selected: RwSignal<Option<ObjectRef>>,
    language: RwSignal<Language>,
) -> Memo<Pictures> {
    let draw = move || {
        let (selected, strings) = (selected.get(), language.get().strings());
        let draw = |graph: &Graph| scene::draw(graph, layout::place(graph, selected.as_ref()), strings);
        let first = graph.with(|graph| draw(graph));
        if time.compare.read().is_none() {
            return (Arc::new(first), Arc::default());
        }
        compared(first, time.beside.with(|graph| draw(graph)), strings)
    };
    Memo::new_with_compare(move |_| draw(), |_, _| true)
}

/// Two pictures, with what differs marked in both. The keys of the second one's cards are others, so that each is there
/// once.
#[inline(never)]
fn compared(mut first: Scene, mut beside: Scene, strings: &Strings) -> Pictures {
    differ::mark_both(&mut first, &mut beside, strings);
    beside.cards.iter_mut().for_each(|card| card.key.insert_str(0, "beside/"));
    (Arc::new(first), Arc::new(beside))
}

/// A picture as it is shown, or while somebody looks ahead, the picture of what is foreseen.
fn foreseen(
    shown: Memo<Pictures>,
    foresight: Foresight,
    selected: RwSignal<Option<ObjectRef>>,
    language: RwSignal<Language>,
) -> Memo<Arc<Scene>> {
    let draw = move || {
        let Some(seen) = foresight.shown.get() else { return shown.with(|(first, _)| Arc::clone(first)) };
        let strings = language.get().strings();
        let mut scene = scene::draw(&seen.graph, layout::place(&seen.graph, selected.read().as_ref()), strings);
        foresee::mark(&mut scene, &seen.forecast, strings);
        Arc::new(scene)
    };
    Memo::new_with_compare(move |_| draw(), |_, _| true)
}

impl Session {
    /// A session with an empty cluster.
    pub fn new(language: Language, presentation: Presentation) -> Session {
        let timeline = Timeline::new(Config::default());
        let language = RwSignal::new(language);
        let graph = RwSignal::new(Arc::new(build(timeline.cluster())));
        let selected = RwSignal::new(None);
        let (files, text) = Files::new();
        let time = Time::new();
        let foresight = Foresight::new();
        let pictures = drawn(graph, time, selected, language);
        Session {
            manifest: RwSignal::new(text.to_owned()),
            files,
            editor: CodeEditor::new(),
            answer: RwSignal::new(Answer::default()),
            scene: foreseen(pictures, foresight, selected, language),
            scene_beside: Memo::new_with_compare(move |_| pictures.with(|(_, beside)| Arc::clone(beside)), |_, _| true),
            graph,
            now: RwSignal::new(timeline.cluster().now()),
            // A figure waits for what it is to show.
            playing: RwSignal::new(!presentation.embed),
            time,
            foresight,
            story: Story::new(),
            speed: RwSignal::new(1.0),
            opening: RwSignal::new((0, false)),
            resting: RwSignal::new(timeline.rests()),
            terminals: RwSignal::new(Vec::new()),
            shown: RwSignal::new(Shown::default()),
            log: RwSignal::new(Vec::new()),
            selected,
            changes: RwSignal::new(0),
            lit: RwSignal::new(Vec::new()),
            documents: Documents::new(),
            presentation,
            language,
            timeline: StoredValue::new(timeline),
            side: 0,
            memories: StoredValue::default(),
        }
    }

    /// The session of this page.
    pub fn here() -> Session {
        expect_context()
    }

    /// The page's words in the present language.
    pub fn strings(&self) -> &'static Strings {
        self.language.get().strings()
    }

    /// Does a command and shows what it answers.
    pub fn dispatch(&self, command: Command) {
        let answer = self.give(command);
        self.answer.set(answer);
        self.refresh();
    }

    /// Whether the reader can change nothing.
    pub fn is_locked(&self) -> bool {
        self.presentation.get(Parameters::readonly)
    }

    /// Does a command, if the reader may give one. Before it, what the page has is saved.
    pub(super) fn give(&self, command: Command) -> Answer {
        if self.is_locked() { Answer::default() } else { self.give_anyway(command) }
    }

    fn give_anyway(&self, command: Command) -> Answer {
        documents::before(*self, &command);
        let answer = self.timeline.try_update_value(|timeline| timeline.dispatch(command)).unwrap_or_default();
        documents::done();
        answer
    }

    /// The text in the editor, with what was typed a moment ago.
    pub fn manifest_now(&self) -> String {
        self.editor.flush();
        self.manifest.get_untracked()
    }

    /// Types a line into a terminal.
    pub fn enter(&self, terminal: usize, line: String) {
        self.answer_in(terminal, line);
    }

    fn answer_in(&self, terminal: usize, line: String) -> Answer {
        let answer = self.with_files(|| self.give(Command::Run { terminal, line }));
        self.refresh();
        answer
    }

    /// Runs a line visibly, in the first terminal in which nothing runs.
    pub fn run(&self, line: String) {
        let busy = |number: &usize| {
            self.timeline.with_value(|timeline| timeline.bench().terminals().get(*number).is_some_and(|t| t.is_busy()))
        };
        let free = (0..TERMINALS).find(|number| !busy(number)).unwrap_or_default();
        self.shown.update(|shown| shown.show(free));
        let answer = self.answer_in(free, line);
        // What is wrong with the manifest stays.
        self.answer.update(|shown| shown.output = answer.output);
    }

    /// The line that was typed so many lines ago, and how many lines ago the history has one.
    pub fn recall(&self, terminal: usize, back: usize) -> (String, usize) {
        self.timeline.with_value(|timeline| {
            let history = timeline.bench().terminals().get(terminal).map_or(&[][..], |terminal| terminal.history());
            let back = back.min(history.len());
            (back.checked_sub(1).map(|at| history[history.len() - 1 - at].to_string()).unwrap_or_default(), back)
        })
    }

    /// What could follow in a line.
    pub fn complete(&self, line: &str) -> Completion {
        self.timeline.with_value(|timeline| {
            let bench = timeline.bench();
            let own = self.files.names();
            let mut files: Vec<&str> = bench.files().keys().chain(&own).map(String::as_str).collect();
            order::sort_by_key(&mut files, |name| *name);
            files.dedup();
            complete(bench.cluster(), &bench.desk().config, &files, line)
        })
    }

    /// A terminal, as it is shown.
    pub fn terminal(&self, number: usize) -> Memo<TerminalView> {
        let terminals = self.terminals;
        Memo::new(move |_| terminals.with(|all| all.get(number).cloned()).unwrap_or_else(TerminalView::fresh))
    }

    /// Looks at what a run has changed.
    pub(super) fn with_bench<T>(&self, look: impl FnOnce(&Workbench) -> T) -> T {
        self.timeline.with_value(|timeline| look(timeline.bench()))
    }

    /// Applies the text in the editor.
    pub fn apply(&self) {
        let manifest = self.manifest_now();
        self.dispatch(Command::Apply { manifest });
    }

    /// Begins with a text, which is applied to a new cluster: what the page around a figure asks for.
    ///
    /// # Errors
    /// What kubectl says of the text where it does not take it, which then stands in view.
    pub fn begin_with(&self, manifest: String) -> Result<(), String> {
        self.leave_story();
        self.show_files(&BTreeMap::from([(FIRST.0.to_owned(), manifest.clone())]), FIRST.0);
        self.exchange_timeline(Timeline::new(self.config()));
        let answer = self.give_anyway(Command::Apply { manifest });
        let refused = answer.refusals().next().map(str::to_owned);
        self.answer.set(answer);
        self.refresh();
        self.present(0);
        match refused {
            Some(why) => {
                self.presentation.editor.shown.set(true);
                Err(format!("manifest: {why}"))
            }
            None => Ok(()),
        }
    }

    /// Shows what was just opened, in which so many commands were given, as the page's address says.
    pub fn present(&self, commands: usize) {
        let asked = |of: fn(&Parameters) -> Option<f64>| self.presentation.get(of);
        if let Some(speed) = asked(Parameters::speed) {
            self.speed.set(speed);
        }
        if self.story.tale.with_untracked(Option::is_some) {
            return self.begin_telling();
        }
        if let Some(at) = self.presentation.get(Parameters::at) {
            self.show_at(at);
        }
        self.playing.set(self.presentation.plays(commands));
        if self.presentation.was_pressed() {
            focus_on(PLAY.to_owned());
        }
    }

    /// The settings of the cluster.
    pub fn config(&self) -> Config {
        self.timeline.with_value(|timeline| timeline.log().config.clone())
    }

    /// Begins again with an empty cluster of the same settings. The text in the editor stays.
    pub fn reset(&self) {
        self.restart(self.config());
    }

    /// Begins again with an empty cluster of these settings. The text in the editor stays. A story begins again, too.
    pub fn restart(&self, config: Config) {
        if !self.restart_story(&config) {
            self.exchange_timeline(Timeline::new(config));
        }
    }

    /// Shows another run, and gives the one that was shown.
    fn exchange_timeline(&self, timeline: Timeline) -> Option<Timeline> {
        let left = self.timeline.try_update_value(|shown| std::mem::replace(shown, timeline));
        self.answer.set(Answer::default());
        self.selected.set(None);
        self.lit.set(Vec::new());
        self.forget_log();
        self.refresh();
        left
    }

    /// The log of commands, as JSON: it rebuilds the run.
    pub fn log_json(&self) -> String {
        self.timeline.with_value(|timeline| serde_json::to_string(&timeline.saved()).unwrap_or_default())
    }

    /// Whether what is shown cannot be worked with: it is on its way, or could not be opened.
    pub fn is_away(&self) -> bool {
        self.opening.get().1 || self.documents.broken.read().is_some()
    }

    /// Looks at the run.
    pub(super) fn with_timeline<T>(&self, look: impl FnOnce(&Timeline) -> T) -> T {
        self.timeline.with_value(look)
    }

    /// The hash of the cluster's state, and its virtual time.
    pub fn hash(&self) -> (u64, Instant) {
        self.timeline.with_value(|timeline| (timeline.cluster().hash(), timeline.cluster().now()))
    }

    /// The set that the controls are for: the selected one, else the first.
    pub fn current_set(&self) -> Memo<Option<SetView>> {
        let (graph, selected) = (self.graph, self.selected);
        Memo::new(move |_| {
            let selected = selected.get();
            graph.with(|graph| {
                let chosen = graph.sets.iter().find(|set| selected.as_ref().is_some_and(|object| set.has(object)));
                chosen.or(graph.sets.first()).cloned()
            })
        })
    }

    /// Stops time where the last event with this reason was reported.
    pub fn stop_at_last(&self, reason: &str) {
        self.playing.set(false);
        let of = |mark: &&Mark| matches!(&mark.what, What::Event { reason: known, .. } if known == reason);
        let place = |timeline: &Timeline| timeline.steps().iter().rev().find(of).map(|mark| mark.place);
        if let Some(place) = self.timeline.with_value(place) {
            self.timeline.update_value(|timeline| timeline.seek(place));
            self.refresh();
        }
    }

    /// Asks the cluster as it is now.
    pub fn ask<T>(&self, question: impl FnOnce(&Cluster) -> T) -> T {
        let side = self.side;
        self.timeline
            .with_value(|timeline| question(timeline.other().filter(|_| side > 0).unwrap_or(timeline.cluster())))
    }

    /// Why the selected object is as it is.
    pub fn findings(&self) -> Memo<Vec<Finding>> {
        let session = *self;
        Memo::new(move |_| {
            session.graph.track();
            let selected = session.selected.get();
            let why = |object| session.ask(|cluster| explain(cluster, object));
            selected.as_ref().map(why).unwrap_or_default()
        })
    }

    fn tick(&self) {
        self.timeline.with_value(|timeline| {
            self.now.set(timeline.place().at);
            self.follow_rest(timeline);
        });
        self.follow_terminals();
    }

    fn follow_rest(&self, timeline: &Timeline) {
        let rests = timeline.rests();
        if self.resting.get_untracked() != rests {
            self.resting.set(rests);
        }
    }

    /// Shows what the terminals have printed, where they have.
    fn follow_terminals(&self) {
        self.timeline.update_value(|timeline| {
            let terminals = timeline.terminals_mut();
            let same = self.terminals.with_untracked(|shown| {
                shown.len() == terminals.len() && shown.iter().zip(terminals.iter()).all(|(view, now)| view.is_of(now))
            });
            if !same {
                self.terminals.set(terminals.iter_mut().map(TerminalView::of).collect());
            }
        });
    }

    /// The picture of the first cluster, or of the one beside.
    fn picture_of(&self, side: usize, cluster: &Cluster) -> Graph {
        self.memories.try_update_value(|memories| memories[side].build(cluster)).unwrap_or_default()
    }

    /// Shows what has become of the cluster.
    fn refresh(&self) {
        hooks::pass("picture");
        // What was foreseen was of a cluster as it is no more.
        self.forget_foresight();
        self.follow_terminals();
        self.timeline.with_value(|timeline| {
            self.now.set(timeline.place().at);
            self.follow_rest(timeline);
            self.changes.update(|changes| *changes = changes.wrapping_add(1));
            self.graph.set(Arc::new(self.picture_of(0, timeline.cluster())));
            self.follow_time(timeline);
        });
    }
}
