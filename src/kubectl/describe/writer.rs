//! What a description is written with.

use std::fmt::Display;

use crate::api::meta::StringMap;
use crate::api::time::{Timestamp, civil_from_days};
use crate::kubectl::printers::table::escape;
use crate::kubectl::printers::tabwriter::TabWriter;

/// Lines with levels, whose tabs become columns at the end.
#[derive(Debug, Default)]
pub struct Writer {
    out: String,
    /// How much deeper everything is written.
    base: usize,
}

/// The annotation that is not shown.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// How long a line of annotations may be.
const MAX_ANNOTATION: usize = 140;

impl Writer {
    /// Writes text as it is, behind the blanks of its level.
    // Models staging/src/k8s.io/kubectl/pkg/describe/describe.go prefixWriter.Write
    pub fn text(&mut self, level: usize, text: &str) {
        self.out.extend(std::iter::repeat_n("  ", level + self.base));
        self.out.push_str(text);
    }

    /// Writes `label:`, a tab, and a value.
    pub fn line(&mut self, level: usize, label: &str, value: &dyn Display) {
        self.text(level, &format!("{label}:\t{value}\n"));
    }

    /// The text, with its tabs made into columns.
    pub fn finish(self) -> String {
        TabWriter::for_descriptions().write(&escape(&self.out))
    }

    /// The text with its tabs.
    pub fn into_text(self) -> String {
        self.out
    }

    /// Writes what follows so many levels deeper.
    pub(super) fn nest(&mut self, levels: usize) {
        self.base += levels;
    }

    /// Ends what [`Writer::nest`] began.
    pub(super) fn unnest(&mut self, levels: usize) {
        self.base -= levels;
    }

    /// A title, and texts below one another to its right; `<none>` where there are none.
    // Models staging/src/k8s.io/kubectl/pkg/describe/describe.go printLabelsMultilineWithIndent
    pub fn multiline(&mut self, indent: &str, title: &str, texts: &[String]) {
        self.text(0, &format!("{indent}{title}:\t"));
        if texts.is_empty() {
            self.out.push_str("<none>\n");
        }
        for (i, text) in texts.iter().enumerate() {
            if i > 0 {
                self.text(0, indent);
                self.out.push('\t');
            }
            self.out.push_str(text);
            self.out.push('\n');
        }
    }

    /// Labels below one another.
    pub fn labels(&mut self, indent: &str, title: &str, labels: &StringMap) {
        let texts: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        self.multiline(indent, title, &texts);
    }

    /// Annotations below one another, long ones shortened, without the one that `apply` keeps.
    // Models staging/src/k8s.io/kubectl/pkg/describe/describe.go printAnnotationsMultiline
    pub fn annotations(&mut self, title: &str, annotations: &StringMap) {
        let mut texts = Vec::new();
        for (key, value) in annotations.iter().filter(|(key, _)| *key != LAST_APPLIED) {
            let value = value.strip_suffix('\n').unwrap_or(value);
            if value.len() + key.len() + 2 > MAX_ANNOTATION || value.contains('\n') {
                texts.push(format!("{key}:"));
                texts.extend(value.split('\n').map(|line| format!("  {}", shorten(line, MAX_ANNOTATION - 2))));
            } else {
                texts.push(format!("{key}: {value}"));
            }
        }
        self.multiline("", title, &texts);
    }

    /// A table: headers, what stands below them, and rows.
    pub fn table(&mut self, level: usize, headers: &str, rows: &[String]) {
        let dashes: Vec<String> = headers.split('\t').map(|header| "-".repeat(header.chars().count())).collect();
        self.text(level, &format!("{headers}\n"));
        self.text(level, &format!("{}\n", dashes.join("\t")));
        self.rows(level, rows);
    }

    /// A line for each row.
    pub fn rows(&mut self, level: usize, rows: &[String]) {
        for row in rows {
            self.text(level, &format!("{row}\n"));
        }
    }
}

/// Cuts bytes, as Go does, but never within a character.
fn shorten(text: &str, length: usize) -> String {
    if text.len() <= length {
        return text.to_owned();
    }
    let end = (0..=length).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    format!("{}...", &text[..end])
}

/// A time as RFC 1123 with a numeric zone; that of the year 1 where there is none.
// Models time.RFC1123Z
pub fn long_time(time: Option<Timestamp>) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let Some(Timestamp(seconds)) = time else {
        return "Mon, 01 Jan 0001 00:00:00 +0000".to_owned();
    };
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil_from_days(days);
    let (weekday, month) = (DAYS[days.rem_euclid(7) as usize], MONTHS[(month - 1) as usize]);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} +0000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_long() {
        let time = Timestamp::parse("2026-01-01T00:00:09Z");
        assert_eq!(long_time(time), "Thu, 01 Jan 2026 00:00:09 +0000");
        assert_eq!(long_time(None), "Mon, 01 Jan 0001 00:00:00 +0000");
    }

    #[test]
    fn long_annotations_are_shortened_and_lines_kept() {
        let mut w = Writer::default();
        let annotations = [("a", "x\ny\n"), ("b", &*"z".repeat(150)), (LAST_APPLIED, "{}"), ("c", "d")];
        let annotations = annotations.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        w.annotations("Annotations", &annotations);
        let expected = format!(
            "Annotations:  a:\n                x\n                y\n              b:\n                {}...\n              c: d\n",
            "z".repeat(138)
        );
        assert_eq!(w.finish(), expected);
    }
}
