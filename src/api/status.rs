//! The API server's refusals: `metav1.Status`, with Kubernetes' reasons, codes and words.

use std::fmt;

use super::kind::Kind;
use super::validate::FieldError;

/// Why a request was refused. The words are those of `k8s.io/apimachinery/pkg/api/errors`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The machine-readable reason, which kubectl prints in parentheses.
    pub reason: Reason,
    /// The sentence for people.
    pub message: String,
    /// What the request was about; `None` where the message names nothing.
    pub about: Option<(Kind, String)>,
    /// The fields that are at fault, where the reason is [`Reason::Invalid`].
    pub causes: Vec<FieldError>,
}

/// `metav1.StatusReason`, as far as the simulated server gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// 404: there is no such object.
    NotFound,
    /// 409: an object of this name is there already.
    AlreadyExists,
    /// 409: the object has changed since it was read.
    Conflict,
    /// 422: the object breaks the rules of its kind.
    Invalid,
    /// 400: the request itself cannot be understood.
    BadRequest,
    /// 403: not allowed.
    Forbidden,
    /// 405: not for this kind.
    MethodNotAllowed,
    /// 429: not now.
    TooManyRequests,
    /// 500: the server failed.
    InternalError,
    /// 500, with no reason given.
    Unknown,
}

impl Reason {
    /// The reason's name, as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::NotFound => "NotFound",
            Reason::AlreadyExists => "AlreadyExists",
            Reason::Conflict => "Conflict",
            Reason::Invalid => "Invalid",
            Reason::BadRequest => "BadRequest",
            Reason::Forbidden => "Forbidden",
            Reason::MethodNotAllowed => "MethodNotAllowed",
            Reason::TooManyRequests => "TooManyRequests",
            Reason::InternalError => "InternalError",
            Reason::Unknown => "",
        }
    }

    /// The HTTP status code that goes with the reason.
    pub fn code(self) -> u16 {
        match self {
            Reason::NotFound => 404,
            Reason::AlreadyExists | Reason::Conflict => 409,
            Reason::Invalid => 422,
            Reason::BadRequest => 400,
            Reason::Forbidden => 403,
            Reason::MethodNotAllowed => 405,
            Reason::TooManyRequests => 429,
            Reason::InternalError | Reason::Unknown => 500,
        }
    }
}

impl Status {
    fn new(reason: Reason, about: Option<(Kind, &str)>, message: String) -> Status {
        let about = about.map(|(kind, name)| (kind, name.to_owned()));
        Status { reason, message, about, causes: Vec::new() }
    }

    /// There is no object of this kind and name.
    pub fn not_found(kind: Kind, name: &str) -> Status {
        let message = format!("{} {} not found", kind.group_resource(), quote(name));
        Status::new(Reason::NotFound, Some((kind, name)), message)
    }

    /// An object of this kind and name is there already.
    pub fn already_exists(kind: Kind, name: &str) -> Status {
        let message = format!("{} {} already exists", kind.group_resource(), quote(name));
        Status::new(Reason::AlreadyExists, Some((kind, name)), message)
    }

    /// The object has changed since the caller read it.
    pub fn conflict(kind: Kind, name: &str, why: &str) -> Status {
        let message = format!("Operation cannot be fulfilled on {} {}: {why}", kind.group_resource(), quote(name));
        Status::new(Reason::Conflict, Some((kind, name)), message)
    }

    /// Not allowed, for the reason given.
    pub fn forbidden(kind: Kind, name: &str, why: &str) -> Status {
        let message = format!("{} {} is forbidden: {why}", kind.group_resource(), quote(name));
        Status::new(Reason::Forbidden, Some((kind, name)), message)
    }

    /// The object breaks the rules listed.
    pub fn invalid(kind: Kind, name: &str, causes: Vec<FieldError>) -> Status {
        let group_kind = match kind.resource().group {
            "" => kind.name().to_owned(),
            group => format!("{}.{group}", kind.name()),
        };
        let message = format!("{group_kind} {} is invalid: {}", quote(name), aggregate(&causes));
        Status { causes, ..Status::new(Reason::Invalid, Some((kind, name)), message) }
    }

    /// The refusal with lists and maps that were given empty shown as they were given.
    pub fn showing_empty(mut self, empty: &[(String, &'static str)]) -> Status {
        match (self.about.take(), self.reason) {
            (Some((kind, name)), Reason::Invalid) if !empty.is_empty() => {
                self.causes.iter_mut().for_each(|cause| cause.show_empty(empty));
                Status::invalid(kind, &name, self.causes)
            }
            (about, _) => Status { about, ..self },
        }
    }

    /// The request cannot be understood.
    pub fn bad_request(message: impl Into<String>) -> Status {
        Status::new(Reason::BadRequest, None, message.into())
    }

    /// Not for this kind.
    pub fn method_not_allowed() -> Status {
        let sentence = "the server does not allow this method on the requested resource";
        Status::new(Reason::MethodNotAllowed, None, sentence.to_owned())
    }

    /// Not now; the caller should try again.
    pub fn too_many_requests(message: impl Into<String>) -> Status {
        Status::new(Reason::TooManyRequests, None, message.into())
    }

    /// The server failed.
    pub fn internal_error(why: &str) -> Status {
        Status::new(Reason::InternalError, None, format!("Internal error occurred: {why}"))
    }

    /// Whether the object was not there.
    pub fn is_not_found(&self) -> bool {
        self.reason == Reason::NotFound
    }

    /// Whether the object was there already.
    pub fn is_already_exists(&self) -> bool {
        self.reason == Reason::AlreadyExists
    }

    /// Whether the object had changed.
    pub fn is_conflict(&self) -> bool {
        self.reason == Reason::Conflict
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The text of several field errors, as `field.ErrorList.ToAggregate` makes it: one alone, or a list in brackets,
/// without repetitions.
fn aggregate(causes: &[FieldError]) -> String {
    let mut texts: Vec<String> = Vec::with_capacity(causes.len());
    for cause in causes {
        let text = cause.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.as_slice() {
        [one] => one.clone(),
        _ => format!("[{}]", texts.join(", ")),
    }
}

/// A string in double quotes as Go's `%q` writes it.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if !is_print(c) => {
                let code = c as u32;
                if code < 0x1_0000 {
                    out.push_str(&format!("\\u{code:04x}"));
                } else {
                    out.push_str(&format!("\\U{code:08x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether Go's `%q` writes the character as it is. Go has tables of what is printable; here are the ranges that text
/// on a page can hold: controls, separators, format characters, surrogates' neighbours and private use are not.
fn is_print(c: char) -> bool {
    !matches!(c as u32,
        0x80..=0xa0 | 0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x1680 | 0x180e | 0x2000..=0x200f
        | 0x2028..=0x202f | 0x205f..=0x206f | 0x3000 | 0xe000..=0xf8ff | 0xfeff | 0xfff0..=0xfffb | 0xfffe..=0xffff
        | 0xe0000..=0x10ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_those_of_the_api_server() {
        assert_eq!(Status::not_found(Kind::StatefulSet, "nosuch").message, "statefulsets.apps \"nosuch\" not found");
        assert_eq!(Status::already_exists(Kind::Namespace, "default").message, "namespaces \"default\" already exists");
        assert_eq!(
            Status::forbidden(Kind::Pod, "web-0", "exceeded quota").message,
            "pods \"web-0\" is forbidden: exceeded quota"
        );
        assert_eq!(Status::internal_error("injected").message, "Internal error occurred: injected");
    }

    #[test]
    fn quoting_is_that_of_go() {
        assert_eq!(quote("a\"b\\\n\t\u{1}é世\u{feff}"), "\"a\\\"b\\\\\\n\\t\\x01é世\\ufeff\"");
    }
}
