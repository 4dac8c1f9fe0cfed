//! Looking ahead: what would happen if the text in the editor were applied.

use std::sync::Arc;

use leptos::prelude::*;

use super::Session;
use crate::api::meta::ObjectRef;
use crate::command::Command;
use crate::forecast::Forecast;
use crate::graph::build::build;
use crate::graph::model::Graph;
use crate::ui::clock::real_time;

/// How many things are done in the copy before the time is looked at.
const TURNS: usize = 32;
/// How long is looked ahead at once, in milliseconds, so that the page answers in between.
const MOST_MS: f64 = 12.0;

/// What was found out.
#[derive(Clone, Debug)]
pub struct Foreseen {
    /// What would happen.
    pub forecast: Forecast,
    /// The picture once the manifest is applied, before anything has followed from it.
    pub graph: Arc<Graph>,
}

/// What would happen, where somebody asks for it. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub struct Foresight {
    /// What was found out.
    pub shown: RwSignal<Option<Arc<Foreseen>>>,
    /// Whether it is being found out.
    pub busy: RwSignal<bool>,
    /// Of which text.
    text: StoredValue<String>,
    /// How often somebody asked: an older question is not answered any more.
    asked: StoredValue<u32>,
}

impl Foresight {
    /// Nobody asks.
    pub fn new() -> Foresight {
        Foresight {
            shown: RwSignal::new(None),
            busy: RwSignal::new(false),
            text: StoredValue::default(),
            asked: StoredValue::new(0),
        }
    }
}

impl Session {
    /// Finds out what would happen if the text in the editor were applied now. Time stands still meanwhile.
    pub fn foresee(&self) {
        self.forget_foresight();
        self.playing.set(false);
        let text = self.manifest_now();
        let forecast = self.ask(|cluster| Forecast::new(cluster, &text));
        self.answer.update(|answer| answer.diagnostics.clone_from(&forecast.answer.diagnostics));
        self.begin_to_foresee(forecast, text);
    }

    /// The same for a command about an object.
    pub fn foresee_command(&self, command: &Command, object: ObjectRef) {
        self.forget_foresight();
        self.playing.set(false);
        let forecast = self.ask(|cluster| Forecast::of(cluster, command, vec![object]));
        self.begin_to_foresee(forecast, self.manifest_now());
    }

    fn begin_to_foresee(&self, forecast: Forecast, text: String) {
        self.foresight.text.set_value(text);
        self.foresight.busy.set(true);
        self.look_ahead(forecast, self.foresight.asked.get_value());
    }

    fn look_ahead(self, mut forecast: Forecast, question: u32) {
        if self.foresight.asked.get_value() != question {
            return;
        }
        let real_time = real_time();
        let started = real_time();
        let mut is_found = forecast.go_on(TURNS);
        while !is_found && real_time() - started < MOST_MS {
            is_found = forecast.go_on(TURNS);
        }
        if is_found {
            let graph = Arc::new(build(&forecast.applied));
            self.foresight.busy.set(false);
            self.foresight.shown.set(Some(Arc::new(Foreseen { forecast, graph })));
        } else {
            request_animation_frame(move || self.look_ahead(forecast, question));
        }
    }

    /// Shows the cluster as it is again.
    pub fn forget_foresight(&self) {
        self.foresight.asked.update_value(|asked| *asked = asked.wrapping_add(1));
        if self.foresight.busy.get_untracked() {
            self.foresight.busy.set(false);
        }
        if self.foresight.shown.with_untracked(Option::is_some) {
            self.foresight.shown.set(None);
        }
    }

    /// Has what was foreseen go when the text that it is of changes.
    pub fn follow_text(&self) {
        let session = *self;
        Effect::new(move |_| {
            let is_other = session.manifest.with(|text| session.foresight.text.with_value(|of| of != text));
            if is_other {
                session.forget_foresight();
            }
        });
    }
}
