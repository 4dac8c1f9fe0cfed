//! Transcripts: whole stories, as kubectl printed them.

use std::path::Path;

use statefulscope::api::kind::Kind as ObjectKind;
use statefulscope::api::time::{Instant, Millis};
use statefulscope::cluster::config::Config;
use statefulscope::command::Command;
use statefulscope::terminal::Style;
use statefulscope::workbench::Workbench;

use crate::mask::{mask, sort_volumes};
use crate::report::Report;
use crate::{Case, files};

/// The kind `transcripts`.
pub const KIND: crate::Kind =
    crate::Kind { name: "transcripts", unit: "commands", files: |folder| files(folder, &["txt"]), run, change };

/// How long the recorder waits for a command.
const TIMEOUT: Millis = Millis::from_secs(60);

/// A line that does something, and what is expected after it.
struct Step<'a> {
    line: usize,
    text: &'a str,
    expected: Vec<&'a str>,
}

fn steps(text: &str) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let directs = ["@settle", "@watch ", "@endwatch"].iter().any(|word| line.starts_with(word));
        if line.starts_with("$ ") || directs {
            steps.push(Step { line: number + 1, text: line, expected: Vec::new() });
        } else if let Some(step) = steps.last_mut() {
            step.expected.push(line);
        }
    }
    steps
}

/// Runs one transcript.
fn run(case: &Case, report: &mut Report) {
    let mut session = Session::new(case.path.parent().unwrap_or(Path::new(".")));
    for step in steps(&case.text) {
        let actual = if let Some(extra) = step.text.strip_prefix("@settle") {
            session.settle(extra.trim().parse().unwrap_or_default());
            continue;
        } else if let Some(line) = step.text.strip_prefix("@watch ") {
            session.watch(line);
            continue;
        } else if step.text == "@endwatch" {
            session.end_watch()
        } else if let Some(line) = step.text.strip_prefix("$ ") {
            session.command(line)
        } else {
            vec![format!("a line that this harness does not know: {}", step.text)]
        };
        let expected: Vec<String> = sort_volumes(&mask(&step.expected.join("\n")))
            .trim_end_matches('\n')
            .split('\n')
            .map(str::to_owned)
            .collect();
        let expected = if step.expected.is_empty() { Vec::new() } else { expected };
        let place = format!("{}:{} {}", case.name(), step.line, step.text);
        report.note(&place, &differences(&expected, &actual));
    }
}

/// The lines that are expected and not there, and those that are there and not expected.
fn differences(expected: &[String], actual: &[String]) -> Vec<String> {
    if expected == actual {
        return Vec::new();
    }
    let mut out = Vec::new();
    let same = expected.iter().zip(actual).take_while(|(a, b)| a == b).count();
    let tail = expected[same..].iter().rev().zip(actual[same..].iter().rev()).take_while(|(a, b)| a == b).count();
    out.extend(expected[same..expected.len() - tail].iter().map(|line| format!("  - {line}")));
    out.extend(actual[same..actual.len() - tail].iter().map(|line| format!("  + {line}")));
    out
}

/// Changes one line that is expected.
fn change(case: &Case, seed: usize) -> Option<(String, String)> {
    let mut lines: Vec<String> = case.text.lines().map(str::to_owned).collect();
    let steps = steps(&case.text);
    let compared: Vec<&Step<'_>> = steps.iter().filter(|step| !step.expected.is_empty()).collect();
    let step = compared.get((seed * 7 + 3) % compared.len().max(1))?;
    let at = step.line + (seed * 13 + 5) % step.expected.len();
    // Blanks at the end of a line, and empty lines at the end, are not compared.
    lines[at].push('x');
    Some((lines.join("\n"), format!("{}:{} ", case.name(), step.line)))
}

/// A cluster as it was when the transcripts were recorded, with two terminals.
struct Session {
    bench: Workbench,
    watched_from: u64,
}

impl Session {
    fn new(folder: &Path) -> Session {
        let config =
            Config { namespaces: Vec::new(), storage_classes: Vec::new(), stand_ins: true, ..Config::default() };
        let mut bench = Workbench::new(config);
        let manifests = folder.join("files");
        if manifests.is_dir() {
            for path in files(&manifests, &["yaml", "yml", "json"]) {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let text = crate::read(&path);
                bench.execute(&Command::SaveFile { name, text });
            }
        }
        // The recorder deletes the events of earlier transcripts, those about nodes too.
        let mut session = Session { bench, watched_from: 0 };
        session.command("kubectl delete events --all -A");
        session
    }

    fn now(&self) -> Instant {
        self.bench.cluster().now()
    }

    /// Everything that a terminal has got since a place.
    fn output(&self, terminal: usize, from: u64, style: Style) -> String {
        let Some(terminal) = self.bench.terminals().get(terminal) else {
            return String::new();
        };
        let skip = from.saturating_sub(terminal.dropped()) as usize;
        terminal.pieces().skip(skip).filter(|piece| piece.style == style).map(|piece| piece.text.to_string()).collect()
    }

    fn end(&self, terminal: usize) -> u64 {
        self.bench.terminals().get(terminal).map_or(0, |terminal| terminal.dropped() + terminal.pieces().len() as u64)
    }

    /// Lets happen what is due at this moment: a real cluster reacts within milliseconds, and what follows from a write
    /// takes up to this long here.
    fn react(&mut self) -> Instant {
        const REACTION: Millis = Millis(100);
        let moment = self.now() + REACTION;
        self.bench.run_until(moment);
        moment
    }

    /// Runs a line, and gives what a transcript says of it.
    fn command(&mut self, line: &str) -> Vec<String> {
        let now = self.react();
        let from = self.end(0);
        self.bench.execute(&Command::Run { terminal: 0, line: line.to_owned() });
        let mut timed_out = false;
        while self.bench.terminals()[0].is_busy() {
            let due = self.bench.next_due();
            if due.is_none_or(|due| due > now + TIMEOUT) {
                timed_out = true;
                self.bench.run_until(now + TIMEOUT);
                self.bench.execute(&Command::Interrupt { terminal: 0 });
                break;
            }
            self.bench.run_next();
        }
        let (mut out, mut error) = (self.output(0, from, Style::Output), self.output(0, from, Style::Error));
        let mut status = self.bench.terminals()[0].status();
        if timed_out {
            (out, error, status) = (String::new(), "TIMEOUT\n".to_owned(), 124);
        }
        let mut lines: Vec<String> = Vec::new();
        if !out.is_empty() {
            lines.extend(sort_volumes(&mask(&out)).trim_end_matches('\n').split('\n').map(str::to_owned));
        }
        if !error.is_empty() {
            lines.extend(mask(&error).trim_end_matches('\n').split('\n').map(|line| format!("! {line}")));
        }
        if status != 0 {
            lines.push(format!("# exit {status}"));
        }
        // The recorder writes them with line ends between, so that empty ones at the end are lost.
        let text = mask(&lines.join("\n"));
        if text.is_empty() { Vec::new() } else { text.trim_end_matches('\n').split('\n').map(str::to_owned).collect() }
    }

    /// Begins a command in the second terminal.
    fn watch(&mut self, line: &str) {
        let now = self.react();
        self.watched_from = self.end(1);
        self.bench.execute(&Command::Run { terminal: 1, line: line.to_owned() });
        self.bench.run_until(now + Millis(1500));
    }

    /// Ends it, and gives its rows.
    fn end_watch(&mut self) -> Vec<String> {
        let text = self.output(1, self.watched_from, Style::Output);
        self.bench.execute(&Command::Interrupt { terminal: 1 });
        dedupe(&text).iter().map(|row| mask(row)).collect()
    }

    /// The versions of what the recorder looks at to see whether anything happens.
    fn state(&self) -> Vec<u64> {
        let kinds =
            [ObjectKind::Pod, ObjectKind::PersistentVolumeClaim, ObjectKind::StatefulSet, ObjectKind::EndpointSlice];
        let objects = kinds.iter().flat_map(|kind| self.bench.cluster().store().list(*kind));
        objects.map(|object| object.meta.resource_version).collect()
    }

    /// Waits until nothing has changed for six seconds, and at most 90.
    fn settle(&mut self, extra: f64) {
        const QUIET: Millis = Millis::from_secs(6);
        const LONGEST: Millis = Millis::from_secs(90);
        let begin = self.now() + Millis(1000 + (extra * 1000.0) as i64);
        self.bench.run_until(begin);
        let (mut state, mut since) = (self.state(), self.now());
        while self.now() < begin + LONGEST && self.now() < since + QUIET {
            let next = self.now() + Millis(400);
            self.bench.run_until(next);
            let new = self.state();
            if new != state {
                (state, since) = (new, self.now());
            }
        }
    }
}

/// The rows of a watch without those that say nothing new.
// Follows `dedupe` of the recorder.
fn dedupe(text: &str) -> Vec<String> {
    let mut last: std::collections::BTreeMap<String, (String, String)> = std::collections::BTreeMap::new();
    let mut out = Vec::new();
    for row in text.split('\n') {
        let words: Vec<&str> = row.split_whitespace().collect();
        let Some(name) = words.first() else { continue };
        let word = |i: usize| words.get(i).map_or(String::new(), |word| (*word).to_owned());
        let state = (word(1), word(2));
        let known = last.get(*name);
        if known == Some(&state) || (known.is_some_and(|known| known.1 == "Terminating") && state.1 != "Pending") {
            continue;
        }
        last.insert((*name).to_owned(), state);
        out.push(row.to_owned());
    }
    out
}
