//! Programs that read text.

use super::{Call, has_option, operands, option_value};
use crate::api::order::{sort_by, sort_by_key};
use crate::shell::Host;

impl Call<'_, '_> {
    /// The text of a file where the program runs; `None` with a complaint where it cannot be read.
    pub(super) fn file(&mut self, name: &str) -> Option<String> {
        let read = match self.host {
            _ if name == "/dev/null" => Ok(String::new()),
            Host::Local => {
                let text = self.env.desk.files.get(name.strip_prefix("./").unwrap_or(name));
                text.map(|text| text.to_string()).ok_or("No such file or directory")
            }
            Host::Container(container) => self.env.desk.disks.read(self.env.cluster, container, name),
        };
        match read {
            Ok(text) => Some(text),
            Err(why) => {
                self.out.complain(&format!("{}: {name}: {why}", self.words[0]));
                None
            }
        }
    }

    /// What the files say that are named, or standard input; and whether all could be read.
    fn texts(&mut self, names: &[&str]) -> (String, bool) {
        if names.is_empty() {
            return (self.input.to_owned(), true);
        }
        let mut all = String::new();
        let mut complete = true;
        for name in names {
            let text = if *name == "-" { Some(self.input.to_owned()) } else { self.file(name) };
            complete &= text.is_some();
            all.push_str(&text.unwrap_or_default());
        }
        (all, complete)
    }

    fn lines_out<'l>(&mut self, lines: impl Iterator<Item = &'l str>) {
        for line in lines {
            self.out.print(line);
        }
    }
}

pub(super) fn cat(call: &mut Call<'_, '_>) -> i32 {
    let words = call.words;
    let (text, complete) = call.texts(&operands(words, ""));
    if has_option(words, 'n') {
        for (i, line) in text.lines().enumerate() {
            call.out.print(&format!("{:6}\t{line}", i + 1));
        }
    } else {
        call.out.write(&text);
    }
    i32::from(!complete)
}

/// The pattern of grep, and the files.
fn grep_pattern(words: &[String]) -> (Vec<&str>, Vec<&str>) {
    let mut operands = operands(words, "eABm");
    let patterns = match option_value(words, 'e') {
        Some(pattern) => vec![pattern],
        None if operands.is_empty() => Vec::new(),
        None => vec![operands.remove(0)],
    };
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
        for (i, line) in lines.iter().enumerate() {
            let near = hits.iter().any(|hit| *hit <= i + before && i <= *hit + after);
            if near && has_option(words, 'n') {
                call.out.print(&format!("{}:{line}", i + 1));
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

pub(super) fn head_count(words: &[String]) -> usize {
    let short = words[1..].iter().find_map(|word| word.strip_prefix('-')?.parse().ok());
    option_value(words, 'n').and_then(|n| n.parse().ok()).or(short).unwrap_or(10)
}

pub(super) fn head(call: &mut Call<'_, '_>) -> i32 {
    let words = call.words;
    let (text, complete) = call.texts(&operands(words, "n"));
    call.lines_out(text.lines().take(head_count(words)));
    i32::from(!complete)
}

pub(super) fn tail(call: &mut Call<'_, '_>) -> i32 {
    let words = call.words;
    let (text, complete) = call.texts(&operands(words, "n"));
    let lines: Vec<&str> = text.lines().collect();
    let from = match option_value(words, 'n').and_then(|n| n.strip_prefix('+')) {
        Some(first) => first.parse::<usize>().unwrap_or(1).saturating_sub(1),
        None => lines.len().saturating_sub(head_count(words)),
    };
    call.lines_out(lines.into_iter().skip(from));
    i32::from(!complete)
}

pub(super) fn wc(call: &mut Call<'_, '_>) -> i32 {
    let words = call.words;
    let names = operands(words, "");
    let (text, complete) = call.texts(&names);
    let all = [('l', text.matches('\n').count()), ('w', text.split_whitespace().count()), ('c', text.len())];
    let any = all.iter().any(|(letter, _)| has_option(words, *letter));
    let wanted: Vec<usize> =
        all.iter().filter(|(letter, _)| !any || has_option(words, *letter)).map(|entry| entry.1).collect();
    let mut line = match wanted.as_slice() {
        [one] => one.to_string(),
        several => several.iter().map(|count| format!("{count:7}")).collect::<Vec<_>>().join(" "),
    };
    if let [name] = names.as_slice() {
        line.push_str(&format!(" {name}"));
    }
    call.out.print(&line);
    i32::from(!complete)
}

pub(super) fn sort(call: &mut Call<'_, '_>) -> i32 {
    let words = call.words;
    let (text, complete) = call.texts(&operands(words, "kt"));
    let mut lines: Vec<&str> = text.lines().collect();
    let column = option_value(words, 'k')
        .and_then(|k| k.split([',', 'n', 'r']).next()?.parse::<usize>().ok())
        .unwrap_or_default();
    let key = |line: &str| match column {
        0 => line.to_owned(),
        n => line.split_whitespace().skip(n - 1).collect::<Vec<_>>().join(" "),
    };
    let number = |text: &str| {
        let end = text
            .trim_start()
            .find(|c: char| !(c.is_ascii_digit() || c == '-' || c == '.'))
            .unwrap_or(text.trim_start().len());
        text.trim_start()[..end].parse::<f64>().unwrap_or_default()
    };
    if has_option(words, 'n') || has_option(words, 'V') {
        sort_by(&mut lines, |a, b| number(&key(a)).total_cmp(&number(&key(b))).then_with(|| key(a).cmp(&key(b))));
    } else {
        sort_by_key(&mut lines, |line| key(line));
    }
    if has_option(words, 'r') {
        lines.reverse();
    }
    if has_option(words, 'u') {
        lines.dedup();
    }
    call.lines_out(lines.into_iter());
    i32::from(!complete)
}

pub(super) fn uniq(call: &mut Call<'_, '_>) -> i32 {
    let words = call.words;
    let (text, complete) = call.texts(&operands(words, ""));
    let mut runs: Vec<(usize, &str)> = Vec::new();
    for line in text.lines() {
        match runs.last_mut() {
            Some((count, same)) if *same == line => *count += 1,
            _ => runs.push((1, line)),
        }
    }
    for (count, line) in runs {
        if (has_option(words, 'd') && count == 1) || (has_option(words, 'u') && count > 1) {
            continue;
        }
        if has_option(words, 'c') {
            call.out.print(&format!("{count:7} {line}"));
        } else {
            call.out.print(line);
        }
    }
    i32::from(!complete)
}

/// Whether a list such as `1,3-5,7-` has a number.
fn in_list(list: &str, number: usize) -> bool {
    list.split(',').any(|part| match part.split_once('-') {
        Some((from, to)) => {
            let from = from.parse().unwrap_or(1);
            let to = to.parse().unwrap_or(usize::MAX);
            (from..=to).contains(&number)
        }
        None => part.parse() == Ok(number),
    })
}

pub(super) fn cut(call: &mut Call<'_, '_>) -> i32 {
    let words = call.words;
    let (text, complete) = call.texts(&operands(words, "dfc"));
    let delimiter = option_value(words, 'd').and_then(|d| d.chars().next()).unwrap_or('\t');
    let (fields, chars) = (option_value(words, 'f'), option_value(words, 'c'));
    for line in text.lines() {
        let cut = match (fields, chars) {
            (Some(_), _) if !line.contains(delimiter) => line.to_owned(),
            (Some(list), _) => {
                let parts = line.split(delimiter).enumerate().filter(|(i, _)| in_list(list, i + 1));
                parts.map(|part| part.1).collect::<Vec<_>>().join(&delimiter.to_string())
            }
            (None, Some(list)) => line.chars().enumerate().filter(|(i, _)| in_list(list, i + 1)).map(|c| c.1).collect(),
            (None, None) => {
                call.out.complain("cut: you must specify a list of bytes, characters, or fields");
                return 1;
            }
        };
        call.out.print(&cut);
    }
    i32::from(!complete)
}

/// The characters of a set: ranges, classes, escapes.
fn set(text: &str) -> Vec<char> {
    let text = text.replace("[:upper:]", "A-Z").replace("[:lower:]", "a-z").replace("[:digit:]", "0-9");
    let text = text.replace("[:space:]", " \t\n").replace("\\n", "\n").replace("\\t", "\t");
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        if chars.get(i + 1) == Some(&'-') && i + 2 < chars.len() {
            out.extend(chars[i]..=chars[i + 2]);
            i += 3;
        } else {
            out.push(chars[i]);
            i += 1;
        }
    }
    out
}

pub(super) fn tr(call: &mut Call<'_, '_>) -> i32 {
    let words = call.words;
    let operands = operands(words, "");
    let Some(from) = operands.first().map(|from| set(from)) else {
        call.out.complain("tr: missing operand");
        return 1;
    };
    let to = operands.get(1).map(|to| set(to)).unwrap_or_default();
    let (delete, squeeze) = (has_option(words, 'd'), has_option(words, 's'));
    let mut out = String::new();
    for c in call.input.chars() {
        let at = from.iter().position(|known| *known == c);
        if delete && at.is_some() {
            continue;
        }
        let new = match at {
            Some(at) if !to.is_empty() => to.get(at).or(to.last()).copied().unwrap_or(c),
            _ => c,
        };
        if squeeze && at.is_some() && out.ends_with(new) {
            continue;
        }
        out.push(new);
    }
    call.out.write(&out);
    0
}

/// `s/…/…/g`, `Np`, `/…/d` and `/…/p`, with `-n` and several `-e` or `;`.
pub(super) fn sed(call: &mut Call<'_, '_>) -> i32 {
    let words = call.words;
    let mut names = operands(words, "e");
    let script = match option_value(words, 'e') {
        Some(script) => script,
        None if names.is_empty() => {
            call.out.complain("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...");
            return 1;
        }
        None => names.remove(0),
    };
    let (text, complete) = call.texts(&names);
    let count = text.lines().count();
    let silent = has_option(words, 'n');
    for (i, line) in text.lines().enumerate() {
        let mut line = line.to_owned();
        let mut print = !silent;
        for command in script.split(';').map(str::trim).filter(|command| !command.is_empty()) {
            let Some(effect) = sed_command(command, &line, i + 1, count) else {
                call.out
                    .complain(&format!("sed: -e expression #1, char {}: unknown command: `{command}'", command.len()));
                return 1;
            };
            match effect {
                Effect::Nothing => {}
                Effect::Delete => {
                    print = false;
                    break;
                }
                Effect::Print if silent => print = true,
                Effect::Print => call.out.print(&line),
                Effect::Become(new) => line = new,
            }
        }
        if print {
            call.out.print(&line);
        }
    }
    i32::from(!complete)
}

enum Effect {
    Nothing,
    Delete,
    Print,
    Become(String),
}

fn sed_command(command: &str, line: &str, number: usize, count: usize) -> Option<Effect> {
    if let Some(rest) = command.strip_prefix('s') {
        let mark = rest.chars().next()?;
        let parts: Vec<&str> = rest[mark.len_utf8()..].split(mark).collect();
        let [pattern, replacement, flags] = parts.as_slice() else {
            return None;
        };
        let mut out = String::new();
        let mut rest = line;
        while let Some((from, to)) = pattern_find(pattern, rest, false) {
            out.push_str(&rest[..from]);
            out.push_str(&replacement.replace('&', &rest[from..to]));
            rest = &rest[to..];
            if !flags.contains('g') || from == to || pattern.starts_with('^') {
                break;
            }
        }
        return Some(Effect::Become(out + rest));
    }
    let (address, verb) = command.split_at(command.len().checked_sub(1).filter(|at| command.is_char_boundary(*at))?);
    let at = |text: &str| if text == "$" { count } else { text.parse().unwrap_or_default() };
    let hit = match address.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        Some(pattern) => pattern_find(pattern, line, false).is_some(),
        None => match address.split_once(',') {
            Some((from, to)) => (at(from)..=at(to)).contains(&number),
            None => address.is_empty() || at(address) == number,
        },
    };
    Some(match verb {
        "d" if hit => Effect::Delete,
        "p" if hit => Effect::Print,
        "d" | "p" => Effect::Nothing,
        _ => return None,
    })
}

/// `awk '{print $1, $3}'`, with `/…/` and `NR>1` before it, and `-F`.
pub(super) fn awk(call: &mut Call<'_, '_>) -> i32 {
    let words = call.words;
    let mut names = operands(words, "F");
    if names.is_empty() {
        call.out.complain("awk: no program given");
        return 2;
    }
    let program = names.remove(0).trim();
    let (text, complete) = call.texts(&names);
    let (condition, action) = program.split_once('{').unwrap_or((program, "print}"));
    let condition = condition.trim();
    let action = action.trim().trim_end_matches('}').trim();
    let Some(list) = action.strip_prefix("print") else {
        call.out.complain("awk: only `{print …}' is simulated");
        return 2;
    };
    let separator = option_value(words, 'F');
    for (i, line) in text.lines().enumerate() {
        let number = i + 1;
        let hit = if let Some(pattern) = condition.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            pattern_find(pattern, line, false).is_some()
        } else if let Some(least) = condition.strip_prefix("NR>") {
            number > least.trim().parse().unwrap_or_default()
        } else if let Some(exact) = condition.strip_prefix("NR==") {
            number == exact.trim().parse::<usize>().unwrap_or_default()
        } else {
            true
        };
        if !hit {
            continue;
        }
        let fields: Vec<&str> = match separator {
            Some(separator) => line.split(separator).collect(),
            None => line.split_whitespace().collect(),
        };
        let value = |term: &str| match term.trim() {
            "" | "$0" => line.to_owned(),
            "NR" => number.to_string(),
            "$NF" => fields.last().copied().unwrap_or_default().to_owned(),
            term => match term.strip_prefix('$').and_then(|n| n.parse::<usize>().ok()) {
                Some(n) => fields.get(n.wrapping_sub(1)).copied().unwrap_or_default().to_owned(),
                None => term.trim_matches('"').to_owned(),
            },
        };
        let terms: Vec<String> = list
            .split(',')
            .map(|term| {
                let term = term.trim();
                if term.contains(' ') { term.split(' ').map(value).collect() } else { value(term) }
            })
            .collect();
        call.out.print(&terms.join(" "));
    }
    i32::from(!complete)
}

pub(super) fn tee(call: &mut Call<'_, '_>) -> i32 {
    call.out.write(call.input);
    let input = call.input.to_owned();
    let mut status = 0;
    for name in operands(call.words, "") {
        if !super::files::save(call, name, &input) {
            status = 1;
        }
    }
    status
}

pub(super) fn seq(call: &mut Call<'_, '_>) -> i32 {
    /// How many numbers there are at most: more than anybody loops over.
    const MOST: i64 = 10_000;
    let numbers: Option<Vec<i64>> = call.words[1..].iter().map(|word| word.parse().ok()).collect();
    let (first, step, last) = match numbers.as_deref() {
        Some([last]) => (1, 1, *last),
        Some([first, last]) => (*first, 1, *last),
        Some([first, step, last]) if *step != 0 => (*first, *step, *last),
        _ => {
            call.out.complain("seq: missing operand");
            return 1;
        }
    };
    let mut number = first;
    for _ in 0..MOST {
        if (step > 0 && number > last) || (step < 0 && number < last) {
            break;
        }
        call.out.print(&number.to_string());
        number = number.saturating_add(step);
    }
    0
}

pub(super) fn diff(call: &mut Call<'_, '_>) -> i32 {
    let words = call.words;
    let [left, right] = operands(words, "U")[..] else {
        call.out.complain("diff: missing operand");
        return 2;
    };
    let (Some(old), Some(new)) = (call.file(left), call.file(right)) else {
        return 2;
    };
    let text = crate::kubectl::diff_text::unified(&old, &new);
    if text.is_empty() {
        return 0;
    }
    call.out.write(&format!("--- {left}\n+++ {right}\n{text}"));
    1
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
