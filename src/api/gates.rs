//! The feature gates of the simulated cluster, as far as they matter to a StatefulSet.

use serde::{Deserialize, Serialize};

/// The gates, with their defaults of v1.37.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct FeatureGates {
    /// `maxUnavailable` of a rolling update is honoured. On since v1.37.
    pub max_unavailable_stateful_set: bool,
    /// The update strategy `Recreate` exists. Alpha, off.
    pub stateful_set_recreate_strategy: bool,
    /// A revision that an older release wrote differently is compared by what it means. On.
    pub stateful_set_semantic_revision_comparison: bool,
}

impl Default for FeatureGates {
    fn default() -> FeatureGates {
        FeatureGates {
            max_unavailable_stateful_set: true,
            stateful_set_recreate_strategy: false,
            stateful_set_semantic_revision_comparison: true,
        }
    }
}
