//! What goes wrong in kubectl, and how it prints it.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go` of Kubernetes v1.37.2, Apache-2.0.

use crate::api::status::{Reason, Status, quote};
use crate::cluster::Refusal;

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The API server refused.
    Refused(Box<Status>),
    /// kubectl says so itself; the sentence is without `error: `.
    Plain(String),
    /// The whole text as it is printed, without anything before it.
    Text(String),
    /// Several things went wrong.
    Many(Vec<Error>),
    /// Nothing is printed, and the command ends with this code.
    Exit(i32),
}

impl From<Status> for Error {
    fn from(status: Status) -> Error {
        Error::Refused(Box::new(status))
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error::from(refusal.status)
    }
}

impl From<String> for Error {
    fn from(sentence: String) -> Error {
        Error::Plain(sentence)
    }
}

impl From<&str> for Error {
    fn from(sentence: &str) -> Error {
        Error::Plain(sentence.to_owned())
    }
}

impl Error {
    /// What is printed on standard error, ending with a line end where there is anything; and the exit code.
    // Models staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go checkErr
    pub fn report(&self) -> (String, i32) {
        let text = match self {
            Error::Exit(code) => return (String::new(), *code),
            // Of several in several only one layer is taken off.
            Error::Many(errors) => match errors.as_slice() {
                [Error::Many(several)] => several.iter().map(|error| error.line() + "\n").collect(),
                [one] => return one.report(),
                several => several.iter().map(|error| error.line() + "\n").collect(),
            },
            Error::Refused(status) => message(status),
            Error::Text(text) => text.clone(),
            Error::Plain(sentence) if sentence.starts_with("error: ") => sentence.clone(),
            Error::Plain(sentence) => format!("error: {sentence}"),
        };
        (if text.ends_with('\n') { text } else { text + "\n" }, 1)
    }

    /// The sentence alone, as Go's `Error()` gives it.
    pub fn sentence(&self) -> String {
        match self {
            Error::Refused(status) => status.message.clone(),
            Error::Plain(sentence) | Error::Text(sentence) => sentence.clone(),
            Error::Many(errors) => match errors.as_slice() {
                [one] => one.sentence(),
                several => {
                    let mut sentences: Vec<String> = Vec::new();
                    for sentence in several.iter().map(Error::sentence) {
                        if !sentences.contains(&sentence) {
                            sentences.push(sentence);
                        }
                    }
                    format!("[{}]", sentences.join(", "))
                }
            },
            Error::Exit(code) => format!("exit status {code}"),
        }
    }

    /// The line for this one of several errors.
    // Models staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go messageForError
    pub fn line(&self) -> String {
        match self {
            Error::Refused(status) => from_server(status),
            other => other.sentence(),
        }
    }

    /// The same with what kubectl was doing: `error when creating "x.yaml": …`.
    // Models staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go AddSourceToErr
    pub fn when(self, doing: &str, source: &str) -> Error {
        if source.is_empty() {
            return self;
        }
        let head = format!("error when {doing} {}: ", quote(source));
        match self {
            Error::Refused(mut status) => {
                status.message.insert_str(0, &head);
                Error::Refused(status)
            }
            other => Error::Plain(head + &other.sentence()),
        }
    }

    /// Nothing, the one, or all of them as one.
    ///
    /// # Errors
    /// Where there are any.
    pub fn collect(mut errors: Vec<Error>) -> Result<(), Error> {
        match errors.len() {
            0 => Ok(()),
            1 => Err(errors.remove(0)),
            _ => Err(Error::Many(errors)),
        }
    }

    /// Whether the API server said that there is no such object.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Error::Refused(status) if status.is_not_found())
    }
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go StandardErrorMessage
fn from_server(status: &Status) -> String {
    if status.reason == Reason::Unknown {
        return format!("Error from server: {}", status.message);
    }
    format!("Error from server ({}): {}", status.reason.as_str(), status.message)
}

/// The lines for a refusal that is the only thing that went wrong. What breaks the rules of its kind is listed, a line
/// each where there are several.
// Models staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go checkErr
pub fn message(status: &Status) -> String {
    if status.reason != Reason::Invalid {
        return from_server(status);
    }
    let head = match &status.about {
        Some((kind, name)) => format!("The {} {} is invalid", kind.name(), quote(name)),
        None => "The request is invalid".to_owned(),
    };
    let mut causes: Vec<String> = Vec::new();
    for cause in &status.causes {
        let text = cause.to_string();
        if !causes.contains(&text) {
            causes.push(text);
        }
    }
    match causes.as_slice() {
        [] if status.about.is_none() => format!("{head}: {}", status.message),
        [] => head,
        [one] => format!("{head}: {one}\n"),
        several => format!("{head}: \n* {}\n", several.join("\n* ")),
    }
}

/// An error that ends with where help is found.
// Models staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go UsageErrorf
pub fn usage(command: &str, sentence: impl std::fmt::Display) -> Error {
    Error::Plain(format!("{sentence}\nSee 'kubectl {command} -h' for help and examples"))
}
