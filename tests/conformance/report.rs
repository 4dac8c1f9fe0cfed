//! What a run of one kind of data found.

use std::time::Duration;

/// The findings of a kind.
pub struct Report {
    /// The kind of data: `walks`.
    pub kind: &'static str,
    /// What is counted: `syncs`.
    pub unit: &'static str,
    /// How many files were run.
    pub files: usize,
    /// How many of the unit were compared.
    pub compared: usize,
    /// One readable text for each of them that differs.
    pub differences: Vec<String>,
    /// The time inside the controller, for the kind that measures it.
    pub in_controller: Option<Duration>,
}

impl Report {
    /// A report on nothing yet.
    pub fn new(kind: &'static str, unit: &'static str) -> Report {
        Report { kind, unit, files: 0, compared: 0, differences: Vec::new(), in_controller: None }
    }

    /// Counts one comparison, and notes where and how it differs, if it does.
    pub fn note(&mut self, place: &str, differences: &[String]) {
        self.compared += 1;
        if !differences.is_empty() {
            self.differences.push(format!("{place}\n{}", differences.join("\n")));
        }
    }

    /// The closing line.
    pub fn summary(&self) -> String {
        let Report { kind, unit, files, compared, .. } = self;
        let mut line = format!("{kind}: {files} files, {compared} {unit}, {} different", self.differences.len());
        if let Some(spent) = self.in_controller {
            line.push_str(&format!(", {} ms in the controller", spent.as_millis()));
        }
        line
    }

    /// The time inside the controller for each comparison, where it was measured.
    pub fn pace(&self) -> Option<String> {
        let each = self.in_controller?.as_secs_f64() * 1e6 / self.compared.max(1) as f64;
        Some(format!("{each:.1} µs in the controller for each of the {}", self.unit))
    }
}
