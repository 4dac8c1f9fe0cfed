//! The page's own words, in English and Simplified Chinese.
//!
//! Kubernetes' own terms and messages stay as they are in both. A language is a value of [`Strings`], so a missing string
//! does not compile.

mod en;
pub mod poster;
pub mod share;
pub mod why;
mod words;
mod zh_cn;

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

impl Language {
    /// The language's tag, for `lang` attributes and links.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Chinese => "zh-CN",
        }
    }

    /// The language that a tag means, where it is one of these.
    pub fn of_tag(tag: &str) -> Option<Language> {
        let tag = tag.to_ascii_lowercase();
        if tag.starts_with("zh") {
            Some(Language::Chinese)
        } else if tag.starts_with("en") {
            Some(Language::English)
        } else {
            None
        }
    }

    /// The strings of the language.
    pub fn strings(self) -> &'static Strings {
        match self {
            Language::English => &en::STRINGS,
            Language::Chinese => chinese(),
        }
    }
}

/// Kept apart, so that a first view in English loads no Chinese (`tools/split`).
#[inline(never)]
fn chinese() -> &'static Strings {
    std::hint::black_box(&zh_cn::STRINGS)
}

/// Everything that the page says. Braces are filled in by [`fill`].
#[allow(missing_docs)] // the strings are what they say
pub struct Strings {
    pub tagline: &'static str,
    pub open_full_page: &'static str,
    pub log_and_terminals: &'static str,
    pub new_version: &'static str,
    pub use_new_version: &'static str,
    pub not_now: &'static str,
    pub switch_language: &'static str,
    pub theme: &'static str,
    pub theme_auto: &'static str,
    pub theme_light: &'static str,
    pub theme_dark: &'static str,
    pub settings: &'static str,
    pub feature_gates: &'static str,
    pub gate_max_unavailable: &'static str,
    pub gate_recreate: &'static str,
    pub new_cluster: &'static str,
    pub new_cluster_note: &'static str,
    pub gallery: &'static str,
    pub gallery_note: &'static str,
    pub gallery_missing: &'static str,
    pub gallery_lost: &'static str,
    pub try_again: &'static str,
    pub loading: &'static str,
    pub copy_link: &'static str,
    pub link_copied: &'static str,
    pub link_not_copied: &'static str,
    pub story: &'static str,
    pub story_step: &'static str,
    pub story_begin: &'static str,
    pub story_next: &'static str,
    pub story_skip: &'static str,
    pub story_back: &'static str,
    pub story_leave: &'static str,
    pub story_right: &'static str,
    pub story_wrong: &'static str,
    pub story_end: &'static str,
    pub story_others: &'static str,
    pub manifest: &'static str,
    pub manifest_hint: &'static str,
    pub files: &'static str,
    pub file_name: &'static str,
    pub new_file: &'static str,
    pub rename_file: &'static str,
    pub delete_file: &'static str,
    pub delete_file_sure: &'static str,
    pub apply: &'static str,
    pub before_applying: &'static str,
    pub preview: &'static str,
    pub preview_hint: &'static str,
    pub looking_ahead: &'static str,
    pub fate_created: &'static str,
    pub fate_replaced: &'static str,
    pub fate_deleted: &'static str,
    pub fate_number: &'static str,
    pub fate_refused: &'static str,
    pub turn_created: &'static str,
    pub turn_replaced: &'static str,
    pub turn_deleted: &'static str,
    pub turns_more: &'static str,
    pub turns_none: &'static str,
    pub pods_stay: &'static str,
    pub then_rests: &'static str,
    pub then_waits: &'static str,
    pub then_unknown: &'static str,
    pub change_created: &'static str,
    pub change_configured: &'static str,
    pub change_unchanged: &'static str,
    pub change_refused: &'static str,
    pub reset: &'static str,
    pub reset_hint: &'static str,
    pub problems: &'static str,
    pub line: &'static str,
    pub create_namespace: &'static str,
    pub help_misspelt: &'static str,
    pub help_elsewhere: &'static str,
    pub help_tab: &'static str,
    pub help_tab_fix: &'static str,
    pub help_quoted: &'static str,
    pub help_unquoted: &'static str,
    pub help_version: &'static str,
    pub help_selector: &'static str,
    pub help_immutable: &'static str,
    pub help_write: &'static str,
    pub answer: &'static str,
    pub cluster: &'static str,
    pub graph: &'static str,
    pub empty_title: &'static str,
    pub empty_text: &'static str,
    pub empty_stories: &'static str,
    pub ready_of: &'static str,
    pub headless: &'static str,
    pub service_missing: &'static str,
    pub no_pod: &'static str,
    pub claim: &'static str,
    pub volume: &'static str,
    pub dns_word: &'static str,
    pub kind: &'static str,
    pub claim_kept: &'static str,
    pub claim_kept_short: &'static str,
    pub claim_missing: &'static str,
    pub no_volume: &'static str,
    pub no_address: &'static str,
    pub endpoints: &'static str,
    pub no_endpoints: &'static str,
    pub disruptions: &'static str,
    pub budget: &'static str,
    pub rollout: &'static str,
    pub partition: &'static str,
    pub formerly: &'static str,
    pub not_wanted: &'static str,
    pub outdated: &'static str,
    pub timer_pulling: &'static str,
    pub timer_starting: &'static str,
    pub timer_back_off: &'static str,
    pub timer_stopping: &'static str,
    pub timer_min_ready: &'static str,
    pub beside: &'static str,
    pub not_simulated: &'static str,
    pub down: &'static str,
    pub view: &'static str,
    pub view_graph: &'static str,
    pub view_table: &'static str,
    pub tint_nodes: &'static str,
    pub legend: &'static str,
    pub rail: &'static str,
    pub nodes: &'static str,
    pub classes: &'static str,
    pub namespaces: &'static str,
    pub not_there: &'static str,
    pub actions: &'static str,
    pub actions_of: &'static str,
    pub faults: &'static str,
    pub more_rows: &'static str,
    pub connections: &'static str,
    pub connection: &'static str,
    pub connection_none: &'static str,
    pub says: &'static str,
    pub ghost: &'static str,
    pub ghost_of: &'static str,
    pub stuck: &'static str,
    pub stuck_retries: &'static str,
    pub create: &'static str,
    pub create_node: &'static str,
    pub create_class: &'static str,
    pub create_a_namespace: &'static str,
    pub name: &'static str,
    pub zone: &'static str,
    pub taint: &'static str,
    pub room_for_pods: &'static str,
    pub api_server: &'static str,
    pub conflicts: &'static str,
    pub latency: &'static str,
    pub chaos: &'static str,
    pub seed: &'static str,
    pub every_seconds: &'static str,
    pub chaos_until: &'static str,
    pub chaos_number: &'static str,
    pub invariant_ready: &'static str,
    pub invariant_pod: &'static str,
    pub invariant_names: &'static str,
    pub broken_ready: &'static str,
    pub broken_pod: &'static str,
    pub broken_names: &'static str,
    pub chaos_start: &'static str,
    pub chaos_stop: &'static str,
    pub chaos_broken: &'static str,
    pub tie_selector: &'static str,
    pub tie_owner: &'static str,
    pub tie_service_name: &'static str,
    pub tie_host_name: &'static str,
    pub tie_claim_name: &'static str,
    pub tie_claim_template: &'static str,
    pub tie_volume_name: &'static str,
    pub tie_class_name: &'static str,
    pub tie_node_name: &'static str,
    pub tie_need: &'static str,
    pub tie_account: &'static str,
    pub manual: &'static str,
    pub late: &'static str,
    pub expands: &'static str,
    pub do_delete: &'static str,
    pub do_delete_pod: &'static str,
    pub do_force_delete: &'static str,
    pub do_evict: &'static str,
    pub do_evict_pressure: &'static str,
    pub do_kill: &'static str,
    pub do_not_ready: &'static str,
    pub do_liveness: &'static str,
    pub do_crash: &'static str,
    pub do_image: &'static str,
    pub do_slow: &'static str,
    pub do_sigterm: &'static str,
    pub do_restart: &'static str,
    pub do_undo: &'static str,
    pub do_orphan: &'static str,
    pub do_node_down: &'static str,
    pub do_cordon: &'static str,
    pub do_drain: &'static str,
    pub do_taint: &'static str,
    pub do_provisioner: &'static str,
    pub do_default: &'static str,
    pub do_zone: &'static str,
    pub state_absent: &'static str,
    pub state_pending: &'static str,
    pub state_starting: &'static str,
    pub state_not_ready: &'static str,
    pub state_ready: &'static str,
    pub state_terminating: &'static str,
    pub state_failed: &'static str,
    pub state_unknown: &'static str,
    pub miss_no_service: &'static str,
    pub miss_not_headless: &'static str,
    pub miss_no_pod: &'static str,
    pub miss_not_selected: &'static str,
    pub miss_not_ready: &'static str,
    pub restarts: &'static str,
    pub also_present: &'static str,
    pub controls: &'static str,
    pub set: &'static str,
    pub replicas: &'static str,
    pub scale_up: &'static str,
    pub scale_down: &'static str,
    pub scale: &'static str,
    pub image: &'static str,
    pub image_hint: &'static str,
    pub container: &'static str,
    pub set_image: &'static str,
    pub patch: &'static str,
    pub patch_do: &'static str,
    pub details: &'static str,
    pub close: &'static str,
    pub why: &'static str,
    pub why_nothing: &'static str,
    pub why_page: &'static str,
    pub delete: &'static str,
    pub delete_pod: &'static str,
    pub delete_set: &'static str,
    pub clock: &'static str,
    pub play: &'static str,
    pub pause: &'static str,
    pub step: &'static str,
    pub step_hint: &'static str,
    pub speed: &'static str,
    pub resting: &'static str,
    pub paused: &'static str,
    pub timeline: &'static str,
    pub timeline_value: &'static str,
    pub timeline_others: &'static str,
    pub filter: &'static str,
    pub filter_hint: &'static str,
    pub undo: &'static str,
    pub redo: &'static str,
    pub undone: &'static str,
    pub redone: &'static str,
    pub to_beginning: &'static str,
    pub to_end: &'static str,
    pub previous_event: &'static str,
    pub backwards: &'static str,
    pub fastest: &'static str,
    pub branches: &'static str,
    pub branch_of: &'static str,
    pub branch_from: &'static str,
    pub compare: &'static str,
    pub compare_nothing: &'static str,
    pub compare_manifest: &'static str,
    pub compare_first: &'static str,
    pub compare_beside: &'static str,
    pub differs: &'static str,
    pub only_here: &'static str,
    pub dock: &'static str,
    pub terminal: &'static str,
    pub terminal_line: &'static str,
    pub terminal_hint: &'static str,
    pub new_terminal: &'static str,
    pub save: &'static str,
    pub cancel: &'static str,
    pub log: &'static str,
    pub log_first: &'static str,
    pub log_beside: &'static str,
    pub log_empty: &'static str,
    pub gone: &'static str,
    pub created: &'static str,
    pub you: &'static str,
    pub revision: &'static str,
    pub node: &'static str,
    pub address: &'static str,
    pub uid: &'static str,
    pub no_script: &'static str,
    pub share: &'static share::ShareStrings,
    /// What stories are about, where the tag itself is not the word for it.
    pub tags: &'static [(&'static str, &'static str)],
}

/// Fills the braces of a string, one after the other.
pub fn fill(template: &str, values: &[&str]) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut values = values.iter();
    let mut parts = template.split("{}");
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        out.push_str(values.next().unwrap_or(&""));
        out.push_str(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_filled_in_order() {
        assert_eq!(fill("{} of {}", &["1", "2"]), "1 of 2");
        assert_eq!(fill("plain", &[]), "plain");
    }

    #[test]
    fn tags_name_languages() {
        assert_eq!(Language::of_tag("zh-Hans-CN"), Some(Language::Chinese));
        assert_eq!(Language::of_tag("en-GB"), Some(Language::English));
        assert_eq!(Language::of_tag("fr"), None);
    }
}
