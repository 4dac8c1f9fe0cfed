//! Copies of the clusters on the way, so that going back does not begin at the beginning.

use super::live::Live;
use super::log::Place;

/// What the turns between two copies cost, as long as there are not too many copies.
const SPACING: u64 = 4_000;

/// How much all copies together may weigh.
const MOST: usize = 30_000;

/// The widest that copies are spaced: nobody runs that much.
const WIDEST: u64 = 1 << 40;

/// What a copy weighs besides what was written since the one before it: they share the rest. A write weighs 1, which is
/// about 2 KB: an older version of an object, and where it stood.
const WEIGHT: usize = 16;

#[derive(Clone, Debug)]
struct Checkpoint {
    branch: usize,
    live: Live,
    weight: usize,
    /// How much it weighs where it shares nothing.
    whole: usize,
}

/// The copies of all branches, by branch and place.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    kept: Vec<Checkpoint>,
    /// What the turns between two copies cost.
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

    /// Whether what costs so much from the last copy on is worth another one.
    pub fn is_due(&self, cost: u64) -> bool {
        cost >= self.spacing
    }

    /// Keeps a copy, which follows one after which so much was written. Where they weigh too much, every other one goes, so
    /// that they stay evenly far from each other.
    pub fn keep(&mut self, branch: usize, live: &mut Live, written: usize) {
        let whole = WEIGHT + live.count();
        let weight = whole.min(WEIGHT.saturating_add(written));
        let rank = self.rank(branch, live.place);
        self.kept.insert(rank, Checkpoint { branch, live: live.clone(), weight, whole });
        self.weight += weight;
        while self.weight > MOST && self.spacing < WIDEST {
            self.spacing *= 2;
            self.thin();
        }
    }

    /// Drops the copies that are nearer to the one before them than they need be. What they had in common with those after
    /// them is now these copies' own.
    fn thin(&mut self) {
        let spacing = self.spacing;
        let mut before: Option<(usize, u64)> = None;
        let mut dropped = 0;
        self.retain(|kept| {
            let is_far = before.is_none_or(|(branch, cost)| branch != kept.branch || kept.live.cost >= cost + spacing);
            if is_far {
                before = Some((kept.branch, kept.live.cost));
                kept.weight = kept.whole.min(kept.weight + std::mem::take(&mut dropped));
            } else {
                dropped += kept.weight;
            }
            is_far
        });
    }

    /// Forgets the copies of a branch after a place.
    pub fn forget_after(&mut self, branch: usize, place: Place) {
        self.retain(|kept| kept.branch != branch || kept.live.place <= place);
    }

    fn retain(&mut self, wanted: impl FnMut(&mut Checkpoint) -> bool) {
        self.kept.retain_mut(wanted);
        self.weight = self.kept.iter().map(|kept| kept.weight).sum();
    }
}
