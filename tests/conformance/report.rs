//! What a run of one kind of data found.

use std::time::Duration;

/// The findings of a kind.
pub struct Report {
    /// The kind of data: `walks`.
    pub kind: &'static str,
    /// How many files were run.
    pub files: usize,
    /// What is counted in them, and how many there were: `syncs`.
    pub counted: (&'static str, usize),
    /// One readable text for each thing counted that differs.
    pub differences: Vec<String>,
    /// The time inside the code under test, and how often it was called, where that is measured.
    pub spent: Option<(Duration, usize)>,
}

impl Report {
    /// The closing line.
    pub fn summary(&self) -> String {
        let (unit, count) = self.counted;
        let mut line =
            format!("{}: {} files, {count} {unit}, {} different", self.kind, self.files, self.differences.len());
        if let Some((spent, calls)) = self.spent {
            let each = spent.as_secs_f64() * 1e6 / calls.max(1) as f64;
            line.push_str(&format!(", {} ms in the controller ({each:.1} µs a sync)", spent.as_millis()));
        }
        line
    }
}
