//! Conformance: what Kubernetes v1.37.2 did, as recorded, against what this code does.
//!
//! `conformance [DIR]` runs whatever of the sub-folders `walks`, … it finds in DIR (the repository's own copy without
//! an argument), prints the differences, at most [`SHOWN`] a kind, ends with one line a kind, and exits 1 where anything
//! differs. Without an argument it also changes copies of the data, and expects to find each change.

mod diff;
mod mutation;
mod report;
mod walks;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use report::Report;

/// How many differences of a kind are printed.
const SHOWN: usize = 20;

fn main() -> ExitCode {
    // `cargo test` hands its own flags to every test binary; folders are all that is looked at here.
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let reports = run(folder.as_deref().unwrap_or(&own));
    if reports.is_empty() {
        eprintln!("nothing to run in {}", folder.unwrap_or(own).display());
        return ExitCode::FAILURE;
    }
    for report in &reports {
        for difference in report.differences.iter().take(SHOWN) {
            println!("{difference}\n");
        }
    }
    for report in &reports {
        println!("{}", report.summary());
    }
    let mut clean = reports.iter().all(|report| report.differences.is_empty());
    if folder.is_none() && clean {
        clean = mutation::every_change_is_found(&own);
    }
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs every kind of data that the folder has.
fn run(folder: &Path) -> Vec<Report> {
    let mut reports = Vec::new();
    if folder.join("walks").is_dir() {
        reports.push(walks::run(&files(&folder.join("walks"), &["jsonl", "gz"])));
    }
    reports
}

/// The files of a folder with one of these extensions, by name.
fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a folder that can be listed").path())
        .filter(|path| path.extension().is_some_and(|e| extensions.iter().any(|wanted| e == *wanted)))
        .collect();
    paths.sort();
    paths
}
