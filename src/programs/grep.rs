//! `grep`, and the simple regular expressions that `sed` and `awk` share with it.

use super::{Call, has_option, operands, option_value};

/// The pattern of grep, and the files.
fn grep_pattern(words: &[String]) -> (Vec<&str>, Vec<&str>) {
    let mut operands = operands(words, "eABm");
    let given = words.iter().enumerate().filter_map(|(at, word)| match word.strip_prefix("-e") {
        Some("") => words.get(at + 1).map(String::as_str),
        given => given,
    });
    let mut patterns: Vec<&str> = given.collect();
    if patterns.is_empty() && !operands.is_empty() {
        patterns.push(operands.remove(0));
    }
    (patterns, operands)
}

pub(super) fn grep_matches(words: &[String], line: &str) -> bool {
    let fold = |text: &str| if has_option(words, 'i') { text.to_lowercase() } else { text.to_owned() };
    let line = fold(line);
    let (patterns, _) = grep_pattern(words);
    let extended = has_option(words, 'E') || has_option(words, 'P');
    let fixed = has_option(words, 'F');
    let found = patterns.iter().any(|pattern| {
        let pattern = fold(pattern);
        if fixed {
            return line.contains(&pattern);
        }
        let alternatives = pattern.replace("\\|", "\u{0}");
        let alternatives = if extended { alternatives.replace('|', "\u{0}") } else { alternatives };
        let wide = alternatives.trim_start_matches('(').trim_end_matches(')').to_owned();
        let alternatives = if extended && alternatives.starts_with('(') { wide } else { alternatives };
        alternatives.split('\u{0}').any(|alternative| match has_option(words, 'w') {
            true => line.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == alternative),
            false => pattern_find(alternative, &line, has_option(words, 'x')).is_some(),
        })
    });
    found != has_option(words, 'v')
}

/// A simple regular expression: `.`, `*`, `+`, `?`, `[…]`, `^`, `$`, and `\` before any of these. Gives where it matches.
pub(super) fn pattern_find(pattern: &str, text: &str, whole: bool) -> Option<(usize, usize)> {
    let pattern: Vec<char> = pattern.chars().collect();
    let chars: Vec<char> = text.chars().collect();
    let anchored = whole || pattern.first() == Some(&'^');
    let pattern = if pattern.first() == Some(&'^') { &pattern[1..] } else { &pattern[..] };
    let mut budget = 100_000u32;
    for from in 0..=chars.len() {
        if let Some(to) = match_here(pattern, &chars, from, whole, &mut budget) {
            let bytes = |n: usize| chars[..n].iter().map(|c| c.len_utf8()).sum();
            return Some((bytes(from), bytes(to)));
        }
        if anchored {
            break;
        }
    }
    None
}

/// The end of a match that begins here.
fn match_here(pattern: &[char], text: &[char], at: usize, whole: bool, budget: &mut u32) -> Option<usize> {
    *budget = budget.checked_sub(1)?;
    let Some(first) = pattern.first() else {
        return (!whole || at == text.len()).then_some(at);
    };
    if *first == '$' && pattern.len() == 1 {
        return (at == text.len()).then_some(at);
    }
    let length = match first {
        '\\' => 2.min(pattern.len()),
        '[' => match pattern[1..].iter().skip(1).position(|c| *c == ']') {
            Some(end) => end + 3,
            None => 1,
        },
        _ => 1,
    };
    let (unit, rest) = pattern.split_at(length);
    let one = |at: usize| text.get(at).is_some_and(|c| unit_matches(unit, *c));
    match rest.first() {
        Some('*' | '+' | '?') => {
            let (least, most) = match rest[0] {
                '*' => (0, usize::MAX),
                '+' => (1, usize::MAX),
                _ => (0, 1),
            };
            let mut count = 0;
            while count < most && one(at + count) {
                count += 1;
            }
            (least..=count).rev().find_map(|n| match_here(&rest[1..], text, at + n, whole, budget))
        }
        _ if one(at) => match_here(rest, text, at + 1, whole, budget),
        _ => None,
    }
}

fn unit_matches(unit: &[char], c: char) -> bool {
    match unit {
        ['\\', 'd'] => c.is_ascii_digit(),
        ['\\', 's'] => c.is_whitespace(),
        ['\\', 'S'] => !c.is_whitespace(),
        ['\\', 'w'] => c.is_alphanumeric() || c == '_',
        ['\\', escaped] => c == *escaped,
        ['.'] => true,
        ['[', inside @ .., ']'] => {
            let (negated, inside) = match inside {
                ['^', rest @ ..] => (true, rest),
                inside => (false, inside),
            };
            let mut found = false;
            let mut i = 0;
            while i < inside.len() {
                if inside.get(i + 1) == Some(&'-') && i + 2 < inside.len() {
                    found |= (inside[i]..=inside[i + 2]).contains(&c);
                    i += 3;
                } else {
                    found |= inside[i] == c;
                    i += 1;
                }
            }
            found != negated
        }
        [plain] => c == *plain,
        _ => false,
    }
}

pub(super) fn grep(call: &mut Call<'_, '_>) -> i32 {
    let words = call.words;
    let (patterns, files) = grep_pattern(words);
    if patterns.is_empty() {
        call.out.complain("Usage: grep [OPTION]... PATTERNS [FILE]...");
        return 2;
    }
    let (text, complete) = call.texts(&files);
    let most = option_value(words, 'm').and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);
    let number = |letter: char| option_value(words, letter).and_then(|n| n.parse::<usize>().ok()).unwrap_or_default();
    let (after, before) = (number('A').max(number('C')), number('B').max(number('C')));
    let lines: Vec<&str> = text.lines().collect();
    let hits: Vec<usize> = (0..lines.len()).filter(|i| grep_matches(words, lines[*i])).take(most).collect();
    if has_option(words, 'c') {
        call.out.print(&hits.len().to_string());
    } else if !has_option(words, 'q') {
        let mut last = None;
        for (i, line) in lines.iter().enumerate() {
            let near = hits.iter().any(|hit| *hit <= i + before && i <= *hit + after);
            if near && after + before > 0 && last.replace(i).is_some_and(|last| last + 1 < i) {
                call.out.print("--");
            }
            if near && has_option(words, 'n') {
                let mark = if hits.contains(&i) { ':' } else { '-' };
                call.out.print(&format!("{}{mark}{line}", i + 1));
            } else if near && has_option(words, 'o') {
                let found = patterns.first().and_then(|pattern| pattern_find(pattern, line, false));
                call.lines_out(found.map(|(from, to)| &line[from..to]).into_iter());
            } else if near {
                call.out.print(line);
            }
        }
    }
    if complete { i32::from(hits.is_empty()) } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_simple_regular_expressions() {
        let found = |pattern: &str, text: &str| pattern_find(pattern, text, false).is_some();
        assert!(found("^web-[0-9]*$", "web-12") && !found("^web-[0-9]*$", "web-x"));
        assert!(found("a.*c", "xxabbc") && found("b+", "abb") && !found("^b", "ab"));
        assert!(found("\\.", "a.b") && !found("\\.", "ab"));
        assert_eq!(pattern_find("b*", "abb", false), Some((0, 0)));
    }
}
