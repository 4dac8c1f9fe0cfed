//! What a sync fails with: Go's errors, as far as the controller tells them apart.

use std::fmt;

use super::wait::Wait;
use crate::api::status::Status;

/// An error of a sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// One error: its text, and the API server's refusal that it wraps.
    One(String, Option<Status>),
    /// A claim that a pod needs is being deleted.
    ClaimTerminating(String),
    /// Several at once.
    Several(Vec<Error>),
}

impl Error {
    /// A text of the controller's own.
    pub fn text(text: impl Into<String>) -> Error {
        Error::One(text.into(), None)
    }

    /// The same error with a text in front, as `fmt.Errorf("…: %w", err)` gives.
    pub fn wrap(prefix: impl fmt::Display, status: &Status) -> Error {
        Error::One(format!("{prefix}: {status}"), Some(status.clone()))
    }

    /// The errors as one; `None` where there are none.
    // Models k8s.io/apimachinery/pkg/util/errors/errors.go NewAggregate
    pub fn aggregate(errors: Vec<Error>) -> Option<Error> {
        (!errors.is_empty()).then_some(Error::Several(errors))
    }

    /// The refusal that is behind the error. Several errors have none, as in upstream's `errors.As`.
    pub fn status(&self) -> Option<&Status> {
        match self {
            Error::One(_, status) => status.as_ref(),
            Error::ClaimTerminating(_) | Error::Several(_) => None,
        }
    }

    /// Whether the API server said that the object is not there.
    pub fn is_not_found(&self) -> bool {
        self.status().is_some_and(Status::is_not_found)
    }

    /// What a set waits for whose sync failed so: what stood in the way, as far as it is known, and the error itself.
    pub fn waits(&self) -> Vec<Wait> {
        let mut waits = Vec::new();
        self.collect_waits(&mut waits);
        waits.push(Wait::Failed { error: self.to_string() });
        waits
    }

    fn collect_waits(&self, waits: &mut Vec<Wait>) {
        match self {
            Error::One(_, Some(Status { reason, about: Some((kind, name)), message, .. })) => {
                waits.push(Wait::Refused {
                    kind: kind.name().to_owned(),
                    name: name.clone(),
                    reason: reason.as_str().to_owned(),
                    message: message.clone(),
                });
            }
            Error::One(..) => {}
            Error::ClaimTerminating(claim) => waits.push(Wait::ClaimTerminating { claim: claim.clone() }),
            Error::Several(errors) => errors.iter().for_each(|error| error.collect_waits(waits)),
        }
    }

    fn collect(&self, texts: &mut Vec<String>) {
        if let Error::Several(errors) = self {
            errors.iter().for_each(|error| error.collect(texts));
            return;
        }
        let text = self.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Error {
        Error::One(status.message.clone(), Some(status))
    }
}

impl fmt::Display for Error {
    // Models k8s.io/apimachinery/pkg/util/errors/errors.go aggregate.Error
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::One(text, _) => f.write_str(text),
            Error::ClaimTerminating(claim) => write!(f, "pvc {claim} is being deleted"),
            Error::Several(errors) if errors.len() == 1 => errors[0].fmt(f),
            Error::Several(_) => {
                let mut texts = Vec::new();
                self.collect(&mut texts);
                match texts.as_slice() {
                    [one] => f.write_str(one),
                    several => write!(f, "[{}]", several.join(", ")),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_errors_read_as_go_writes_them() {
        let (a, b) = (Error::text("a"), Error::text("b"));
        let several = |errors: &[&Error]| Error::Several(errors.iter().map(|e| (*e).clone()).collect());
        assert_eq!(several(&[&a]).to_string(), "a");
        assert_eq!(several(&[&a, &a]).to_string(), "a");
        assert_eq!(several(&[&a, &b, &a]).to_string(), "[a, b]");
        assert_eq!(several(&[&several(&[&a, &b]), &b]).to_string(), "[a, b]");
    }
}
