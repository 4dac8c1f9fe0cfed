//! Copies of the clusters on the way, so that going back does not begin at the beginning.

use super::live::Live;
use super::log::Place;

/// What the turns between two copies cost, as long as there are not too many copies.
const SPACING: u64 = 2_000;

/// How much all copies together may weigh. An older version of an object weighs 1, which is about 3 KB.
const MOST: usize = 40_000;

/// The widest that copies are spaced: nobody runs that much.
const WIDEST: u64 = 1 << 40;

/// What a copy weighs that shares all objects with the one before it, and of how many objects it weighs one more.
const LEAST: (usize, usize) = (16, 40);

#[derive(Clone, Debug)]
struct Checkpoint {
    branch: usize,
    live: Live,
    /// How many objects there are, and how many of them were written since the copy before it, with which it shares the rest.
    objects: usize,
    written: usize,
}

impl Checkpoint {
    fn weight(&self) -> usize {
        LEAST.0 + self.objects / LEAST.1 + self.written.min(self.objects)
    }
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

    /// Keeps a copy. Where they weigh too much, every other one goes, so that they stay evenly far from each other.
    pub fn keep(&mut self, branch: usize, live: &mut Live) {
        let (objects, written) = (live.count(), live.take_written());
        let rank = self.rank(branch, live.place);
        self.kept.insert(rank, Checkpoint { branch, live: live.clone(), objects, written });
        self.weight += self.kept[rank].weight();
        while self.weight > MOST && self.spacing < WIDEST {
            self.spacing *= 2;
            self.thin();
        }
    }

    /// Drops the copies that are nearer to the one before them than they need be.
    fn thin(&mut self) {
        let spacing = self.spacing;
        let mut before: Option<(usize, u64)> = None;
        let mut dropped = 0;
        self.retain(|kept| {
            let is_far = before.is_none_or(|(branch, cost)| branch != kept.branch || kept.live.cost >= cost + spacing);
            if is_far {
                before = Some((kept.branch, kept.live.cost));
                kept.written += std::mem::take(&mut dropped);
            } else {
                dropped += kept.written;
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
        self.weight = self.kept.iter().map(Checkpoint::weight).sum();
    }
}
