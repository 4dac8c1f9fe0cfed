//! The sentences that say why something stands still. A reason without one does not compile.

mod en;
mod zh_cn;

use super::Language;
use crate::controllers::reason::Reason;
use crate::explain;

/// Why, as a sentence. What Kubernetes says itself stays as it is.
pub fn sentence(language: Language, reason: &Reason) -> String {
    let template = match language {
        Language::English => en::sentence(reason),
        Language::Chinese => zh_cn::sentence(reason),
    };
    let arguments = explain::arguments(reason);
    let mut out = String::with_capacity(template.len() + 32);
    let mut parts = template.split('{');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (number, rest) = part.split_once('}').unwrap_or(("", part));
        let argument = number.parse::<usize>().ok().and_then(|number| arguments.get(number));
        out.push_str(argument.map_or("", String::as_str));
        out.push_str(rest);
    }
    out.trim_end().to_owned()
}
