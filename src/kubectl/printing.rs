//! The commands that print.

use super::{Command, describe, discovery, events, explain, get};

/// Their table.
pub const COMMANDS: &[Command] = &[
    Command { path: "api-resources", flags: discovery::RESOURCES_FLAGS, run: discovery::api_resources },
    Command { path: "api-versions", flags: "", run: discovery::api_versions },
    Command { path: "cluster-info", flags: "", run: discovery::cluster_info },
    Command { path: "config get-clusters", flags: "", run: discovery::get_clusters },
    Command { path: "config get-contexts", flags: discovery::CONTEXTS_FLAGS, run: discovery::get_contexts },
    Command { path: "config get-users", flags: "", run: discovery::get_users },
    Command { path: "config view", flags: discovery::VIEW_FLAGS, run: discovery::view },
    Command { path: "describe", flags: describe::FLAGS, run: describe::run },
    Command { path: "events", flags: events::FLAGS, run: events::run },
    Command { path: "explain", flags: explain::FLAGS, run: explain::run },
    Command { path: "get", flags: get::FLAGS, run: get::run },
    Command { path: "kustomize", flags: "output/o string", run: discovery::kustomize },
    Command { path: "version", flags: discovery::VERSION_FLAGS, run: discovery::version },
];
