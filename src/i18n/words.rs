//! The words for what the engine names.

use super::{Strings, fill};
use crate::actions::Deed;
use crate::api::kind::Kind;
use crate::controllers::chaos::Invariant;
use crate::dns::Miss;
use crate::explain::relation::Tie;
use crate::graph::model::{State, TimerKind};
use crate::manifest::help::Mistake;

impl Strings {
    /// What helps with a mistake in a manifest.
    pub fn help(&self, mistake: &Mistake) -> String {
        let (template, word) = match mistake {
            Mistake::Misspelt { known } => (self.help_misspelt, known.as_str()),
            Mistake::Elsewhere { field } => (self.help_elsewhere, field.as_str()),
            Mistake::Tab => (self.help_tab, ""),
            Mistake::Quoted => (self.help_quoted, ""),
            Mistake::Unquoted => (self.help_unquoted, ""),
            Mistake::Version { version } => (self.help_version, version.as_str()),
            Mistake::Selector => (self.help_selector, ""),
            Mistake::Immutable => (self.help_immutable, ""),
        };
        fill(template, &[word])
    }

    /// What a story is about.
    pub fn tag<'a>(&self, tag: &'a str) -> &'a str {
        self.tags.iter().find(|(known, _)| *known == tag).map_or(tag, |(_, word)| word)
    }

    /// How something fares.
    pub fn state(&self, state: State) -> &'static str {
        match state {
            State::Absent => self.state_absent,
            State::Pending => self.state_pending,
            State::Starting => self.state_starting,
            State::NotReady => self.state_not_ready,
            State::Ready => self.state_ready,
            State::Terminating => self.state_terminating,
            State::Failed => self.state_failed,
            State::Unknown => self.state_unknown,
        }
    }

    /// What takes time in a pod.
    pub fn timer(&self, timer: TimerKind) -> &'static str {
        match timer {
            TimerKind::Pulling => self.timer_pulling,
            TimerKind::Starting => self.timer_starting,
            TimerKind::BackOff => self.timer_back_off,
            TimerKind::Stopping => self.timer_stopping,
            TimerKind::MinReady => self.timer_min_ready,
        }
    }

    /// Why a name has no address.
    pub fn miss(&self, miss: Miss) -> &'static str {
        match miss {
            Miss::NoService => self.miss_no_service,
            Miss::NotHeadless => self.miss_not_headless,
            Miss::NoPod => self.miss_no_pod,
            Miss::NotSelected => self.miss_not_selected,
            Miss::NotReady => self.miss_not_ready,
        }
    }

    /// What can be done; pods have a word of their own for the usual one.
    pub fn deed(&self, deed: &Deed, of: Kind) -> String {
        let word = match deed {
            Deed::Delete if of == Kind::Pod => self.do_delete_pod,
            Deed::Delete => self.do_delete,
            Deed::ForceDelete => self.do_force_delete,
            Deed::Evict => self.do_evict,
            Deed::EvictForPressure => self.do_evict_pressure,
            Deed::KillContainers => self.do_kill,
            Deed::NotReady => self.do_not_ready,
            Deed::FailLiveness => self.do_liveness,
            Deed::Crash => self.do_crash,
            Deed::BreakImage => self.do_image,
            Deed::SlowStart => self.do_slow,
            Deed::IgnoreSigterm => self.do_sigterm,
            Deed::RolloutRestart => self.do_restart,
            Deed::RolloutUndo => self.do_undo,
            Deed::DeleteOrphan => self.do_orphan,
            Deed::NodeDown => self.do_node_down,
            Deed::Cordon => self.do_cordon,
            Deed::Drain => self.do_drain,
            Deed::Taint => self.do_taint,
            Deed::ProvisionerDown => self.do_provisioner,
            Deed::DefaultClass => self.do_default,
            Deed::MoveToZone(zone) => return fill(self.do_zone, &[zone]),
        };
        word.to_owned()
    }

    /// What chaos is to leave as it is.
    pub fn invariant(&self, invariant: Invariant) -> &'static str {
        match invariant {
            Invariant::Ready => self.invariant_ready,
            Invariant::Pod => self.invariant_pod,
            Invariant::Names => self.invariant_names,
        }
    }

    /// That it did not.
    pub fn broken(&self, invariant: Invariant) -> &'static str {
        match invariant {
            Invariant::Ready => self.broken_ready,
            Invariant::Pod => self.broken_pod,
            Invariant::Names => self.broken_names,
        }
    }

    /// What a connection means.
    pub fn tie(&self, tie: Tie) -> &'static str {
        match tie {
            Tie::Selector => self.tie_selector,
            Tie::Owner => self.tie_owner,
            Tie::ServiceName => self.tie_service_name,
            Tie::HostName => self.tie_host_name,
            Tie::ClaimName => self.tie_claim_name,
            Tie::ClaimTemplate => self.tie_claim_template,
            Tie::VolumeName => self.tie_volume_name,
            Tie::ClassName => self.tie_class_name,
            Tie::NodeName => self.tie_node_name,
            Tie::Need => self.tie_need,
            Tie::Account => self.tie_account,
        }
    }
}
