//! How kubectl prints what the API server refuses.

use crate::api::status::{Reason, Status};

/// The line for a refusal. What breaks the rules of its kind is listed, a line each where there are several.
// Models staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go StandardErrorMessage
pub fn message(status: &Status) -> String {
    match (&status.reason, &status.about) {
        (Reason::Invalid, Some((kind, name))) => {
            let head = format!("The {} {name:?} is invalid", kind.name());
            let mut causes: Vec<String> = Vec::new();
            for cause in &status.causes {
                let text = cause.to_string();
                if !causes.contains(&text) {
                    causes.push(text);
                }
            }
            match causes.as_slice() {
                [] => head,
                [one] => format!("{head}: {one}"),
                several => format!("{head}: \n* {}", several.join("\n* ")),
            }
        }
        (Reason::Invalid, None) => format!("The request is invalid: {}", status.message),
        (reason, _) => format!("Error from server ({}): {}", reason.as_str(), status.message),
    }
}

/// The same, with what kubectl was doing in front of the server's sentence.
pub fn message_when(status: &Status, doing: &str) -> String {
    match status.reason {
        Reason::Invalid => message(status),
        reason => format!("Error from server ({}): {doing}: {}", reason.as_str(), status.message),
    }
}
