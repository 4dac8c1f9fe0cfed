//! Tags that stand directly before a comma.
//!
//! kubectl's reader of YAML refuses `[!!str,a]`. The library that reads YAML here ends the program instead, where the tag
//! is within brackets; so such a place has to be found before it gets there.

use libyaml_safer::{EventData, Parser};

/// What is to be read in the place of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Checked {
    /// The text itself.
    AsItIs,
    /// The text with blanks in it, which cannot be read either, for the same reason.
    Spaced(String),
    /// Nothing: in this line, from 0, a tag stands before a comma.
    TagBeforeComma(usize),
}

/// Looks for a tag directly before a comma. With a blank in front of every comma that could follow a tag, the text can be
/// read without danger; what is read then says which of them do.
pub(super) fn check(text: &str) -> Checked {
    // A byte order mark does not count in the places that the library tells.
    let (spaced, blanks) = space(text.strip_prefix('\u{feff}').unwrap_or(text));
    if blanks.is_empty() {
        return Checked::AsItIs;
    }
    let mut bytes = spaced.as_bytes();
    let mut parser = Parser::new();
    parser.set_input_string(&mut bytes);
    while let Ok(event) = parser.parse() {
        let is_tagged = match &event.data {
            EventData::StreamEnd => return Checked::AsItIs,
            EventData::Scalar { tag, .. }
            | EventData::SequenceStart { tag, .. }
            | EventData::MappingStart { tag, .. } => tag.is_some(),
            _ => false,
        };
        let start = usize::try_from(event.start_mark.index).unwrap_or(usize::MAX);
        if is_tagged && ends_at_a_blank(&spaced, start, &blanks) {
            return Checked::TagBeforeComma(spaced[..start].matches('\n').count());
        }
    }
    Checked::Spaced(spaced)
}

/// The text with a blank before each comma that has an exclamation mark in front of it in the same word, and where the
/// blanks are, in bytes.
fn space(text: &str) -> (String, Vec<usize>) {
    let mut out = String::new();
    let mut blanks = Vec::new();
    let mut in_tag = false;
    for c in text.chars() {
        if c == ',' && in_tag {
            blanks.push(out.len());
            out.push(' ');
            in_tag = false;
        }
        in_tag = (in_tag || c == '!') && !is_blank(c);
        out.push(c);
    }
    (out, blanks)
}

/// What the library takes for a blank or the end of a line.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether the tag of the node that begins at a byte ends at one of the blanks.
fn ends_at_a_blank(text: &str, start: usize, blanks: &[usize]) -> bool {
    let mut at = start;
    // An anchor and a tag, in any order.
    for _ in 0..2 {
        let Some(rest) = text.get(at..) else { return false };
        let end = at + rest.find(is_blank).unwrap_or(rest.len());
        if rest.starts_with('!') {
            return blanks.binary_search(&end).is_ok();
        }
        at = end + (text.len() - end - text[end..].trim_start_matches(is_blank).len());
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_before_a_comma_is_found() {
        for text in [
            "[!!str,a]",
            "a: {b: !x,}",
            "[&a !x,b]",
            "[!x &a b, !<tag:y>,c]",
            "[?!x,b]",
            "[-\u{85}!x,b]",
            "? [!,]",
            "[a,\n !,b]",
        ] {
            assert_ne!(check(text), Checked::AsItIs, "{text}");
        }
        assert_eq!(check("a: 1\nb: [!x,b]"), Checked::TagBeforeComma(1));
        assert_eq!(check("ä: 'ö, ü'\nb: [!x,b]"), Checked::TagBeforeComma(1));
        assert_eq!(check("\u{feff}ä: 1\nb: [!x,b]"), Checked::TagBeforeComma(1));
    }

    #[test]
    fn commas_in_texts_are_left_alone() {
        let text = "a: 'hello !world, you'\nb: [c !d, \"!e,f\"]\nc: |\n  if [ !x, y ]\n# !x,y\nd: hello!, you";
        assert_eq!(check(text), Checked::AsItIs);
        assert_eq!(check("no tags, at all"), Checked::AsItIs);
    }
}
