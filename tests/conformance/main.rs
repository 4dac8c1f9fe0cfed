//! Conformance: what Kubernetes v1.37.2 did, as recorded, against what this code does.
//!
//! `conformance [DIR]` runs whatever of the sub-folders that [`KINDS`] names it finds in DIR (the repository's own copy
//! without an argument, and the corpus beside the repository, where there is one), prints the differences, at most
//! [`SHOWN`] a kind, ends with one line a kind, and exits 1 where anything differs. Without an argument it also changes
//! copies of the data, and expects to find each change.

mod corpus;
mod diff;
mod manifests;
mod mask;
mod mutation;
mod report;
mod transcripts;
mod walks;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use report::Report;

/// A kind of recorded data.
struct Kind {
    /// The sub-folder, and the first word of the closing line.
    name: &'static str,
    /// What is counted.
    unit: &'static str,
    /// The files below the sub-folder that say what is expected.
    files: fn(&Path) -> Vec<PathBuf>,
    /// Runs what one of these files says, and reports. Everything that is expected is read from [`Case::text`].
    run: fn(&Case, &mut Report),
    /// Changes one value that is expected; the number chooses which. Gives the changed text, and the place that
    /// `run` has to report then, and no other. `None` where the text expects nothing that can be changed.
    change: fn(&Case, usize) -> Option<(String, String)>,
}

/// Every kind there is.
const KINDS: [Kind; 4] = [walks::KIND, manifests::KIND, corpus::KIND, transcripts::KIND];

/// A file that says what is expected.
struct Case {
    /// Where it is.
    path: PathBuf,
    /// What it says.
    text: String,
}

impl Case {
    /// Reads a file, unpacking it where it is packed.
    fn read(path: &Path) -> Case {
        Case { path: path.to_owned(), text: read(path) }
    }

    /// The path as it is printed.
    fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// How many differences of a kind are printed; the environment's SHOWN may ask for more.
const SHOWN: usize = 20;

fn main() -> ExitCode {
    // `cargo test` hands its own flags to every test binary; folders are all that is looked at here.
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let mut reports = run(folder.as_deref().unwrap_or(&own));
    if folder.is_none() {
        reports.extend(run(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared")));
    }
    if reports.is_empty() {
        eprintln!("nothing to run in {}", folder.unwrap_or(own).display());
        return ExitCode::FAILURE;
    }
    let mut clean = true;
    let shown = std::env::var("SHOWN").ok().and_then(|text| text.parse().ok()).unwrap_or(SHOWN);
    for report in &reports {
        clean &= report.differences.is_empty();
        for difference in report.differences.iter().take(shown) {
            println!("{difference}\n");
        }
    }
    if folder.is_none() && clean {
        clean = mutation::every_change_is_found(&own);
    }
    for pace in reports.iter().filter_map(Report::pace) {
        println!("{pace}");
    }
    for report in &reports {
        println!("{}", report.summary());
    }
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs every kind of data that the folder has.
fn run(folder: &Path) -> Vec<Report> {
    let present = KINDS.iter().filter(|kind| folder.join(kind.name).is_dir());
    let run = |kind: &Kind| {
        let mut report = Report::new(kind.name, kind.unit);
        for path in (kind.files)(&folder.join(kind.name)) {
            report.files += 1;
            (kind.run)(&Case::read(&path), &mut report);
        }
        report
    };
    present.map(run).collect()
}

/// The files of a folder with one of these extensions, by name; none where there is no such folder.
fn files_if_any(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    if folder.is_dir() { files(folder, extensions) } else { Vec::new() }
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

/// The text of a file, unpacked where it is packed.
fn read(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_some_and(|extension| extension == "gz") {
        let unpacked = std::io::read_to_string(flate2::read::GzDecoder::new(bytes.as_slice()));
        return unpacked.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    String::from_utf8(bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
