//! Copies of the clusters on the way, so that going back does not begin at the beginning.

use crate::cluster::Cluster;

use super::live::Live;
use super::log::Place;

/// How many turns lie between two copies, as long as there are not too many of them.
const SPACING: u64 = 64;

/// How much all copies together may weigh, in objects.
const MOST: usize = 100_000;

/// What a copy weighs besides its objects and events.
const WEIGHT: usize = 50;

#[derive(Clone, Debug)]
struct Checkpoint {
    branch: usize,
    live: Live,
    weight: usize,
}

/// The copies of all branches, by branch and place.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    kept: Vec<Checkpoint>,
    spacing: u64,
    weight: usize,
}

impl Default for Checkpoints {
    fn default() -> Checkpoints {
        Checkpoints { kept: Vec::new(), spacing: SPACING, weight: 0 }
    }
}

impl Checkpoints {
    /// Where a copy of a branch that is made at a place would stand.
    fn rank(&self, branch: usize, place: Place) -> usize {
        self.kept.partition_point(|kept| (kept.branch, kept.live.place) <= (branch, place))
    }

    /// The last copy of a branch up to a place.
    pub fn last(&self, branch: usize, place: Place) -> Option<&Live> {
        let rank = self.rank(branch, place).checked_sub(1)?;
        self.kept.get(rank).filter(|kept| kept.branch == branch).map(|kept| &kept.live)
    }

    /// Keeps a copy where one is wanted. Where there are too many, every other one goes, so that they stay evenly far
    /// from each other.
    pub fn offer(&mut self, branch: usize, live: &Live) {
        if !live.count.is_multiple_of(self.spacing)
            || self.last(branch, live.place).is_some_and(|last| last.place == live.place)
        {
            return;
        }
        let clusters = live.benches().iter().map(|bench| bench.cluster());
        let weigh = |cluster: &Cluster| WEIGHT + cluster.store().all().count() + cluster.events().iter().count() / 4;
        let weight = clusters.map(weigh).sum();
        let rank = self.rank(branch, live.place);
        self.kept.insert(rank, Checkpoint { branch, live: live.clone(), weight });
        self.weight += weight;
        while self.weight > MOST && self.kept.len() > 1 {
            self.spacing *= 2;
            let spacing = self.spacing;
            self.retain(|kept| kept.live.count.is_multiple_of(spacing));
        }
    }

    /// Forgets the copies of a branch after a place.
    pub fn forget_after(&mut self, branch: usize, place: Place) {
        self.retain(|kept| kept.branch != branch || kept.live.place <= place);
    }

    fn retain(&mut self, wanted: impl Fn(&Checkpoint) -> bool) {
        self.kept.retain(wanted);
        self.weight = self.kept.iter().map(|kept| kept.weight).sum();
    }
}
