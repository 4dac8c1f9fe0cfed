//! Programs that change lines by a script: `sed` and `awk`.

use super::grep::pattern_find;
use super::{Call, has_option, operands, option_value};

/// `s/…/…/g`, `Np`, `/…/d` and `/…/p`, with `-n` and several `-e` or `;`.
pub(super) fn sed(call: &mut Call<'_, '_>) -> i32 {
    let words = call.words;
    let mut names = operands(words, "e");
    let mut script: Vec<&str> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if word == "-e" || word == "-ne" {
            script.extend(words.get(at + 1).map(String::as_str));
        }
    }
    if script.is_empty() {
        if names.is_empty() {
            call.out.complain("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...");
            return 1;
        }
        script.push(names.remove(0));
    }
    let commands: Vec<&str> = script.iter().flat_map(|script| sed_commands(script)).collect();
    let silent = has_option(words, 'n');
    let in_place = words[1..].iter().any(|word| word.starts_with("-i") || word == "--in-place");
    if !in_place {
        let (text, complete) = call.texts(&names);
        return match sed_text(&commands, &text, silent) {
            Ok(text) => {
                call.out.write(&text);
                i32::from(!complete)
            }
            Err(why) => sed_refuses(call, &why),
        };
    }
    for name in names {
        let (text, complete) = call.texts(&[name]);
        match sed_text(&commands, &text, silent) {
            Ok(new) if complete => drop(super::files::save(call, name, &new)),
            Ok(_) => return 2,
            Err(why) => return sed_refuses(call, &why),
        }
    }
    0
}

fn sed_refuses(call: &mut Call<'_, '_>, command: &str) -> i32 {
    call.out.complain(&format!("sed: -e expression #1, char {}: unknown command: `{command}'", command.len()));
    1
}

/// The commands of a script. A `;` in a substitution is none between commands.
fn sed_commands(script: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = script.trim_start();
    while !rest.is_empty() {
        let mut marks = 0;
        let mark = rest.strip_prefix('s').and_then(|rest| rest.chars().next()).filter(char::is_ascii_punctuation);
        let mut escaped = false;
        let end = rest.char_indices().find(|(_, c)| {
            let counts = !escaped && Some(*c) == mark;
            escaped = *c == '\\' && !escaped;
            marks += i32::from(counts);
            matches!(c, ';' | '\n') && (mark.is_none() || marks >= 3)
        });
        let end = end.map_or(rest.len(), |(at, _)| at);
        out.push(rest[..end].trim());
        rest = rest[end..].trim_start_matches([';', '\n']).trim_start();
    }
    out
}

/// What becomes of a text.
///
/// # Errors
/// The command that is not known.
fn sed_text(commands: &[&str], text: &str, silent: bool) -> Result<String, String> {
    let count = text.lines().count();
    let mut out = String::new();
    for (i, line) in text.lines().enumerate() {
        let mut line = line.to_owned();
        let mut print = !silent;
        for command in commands {
            match sed_command(command, &line, i + 1, count).ok_or_else(|| (*command).to_owned())? {
                Effect::Nothing => {}
                Effect::Delete => {
                    print = false;
                    break;
                }
                Effect::Print if silent => print = true,
                Effect::Print => out.push_str(&format!("{line}\n")),
                Effect::Become(new) => line = new,
            }
        }
        if print {
            out.push_str(&format!("{line}\n"));
        }
    }
    Ok(out)
}

/// Cuts at a mark that no backslash stands before, and takes the backslash from the others.
fn split_at_mark(text: &str, mark: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let last = parts.len() - 1;
        match c {
            '\\' if chars.peek() == Some(&mark) => parts[last].extend(chars.next()),
            '\\' => {
                parts[last].push(c);
                parts[last].extend(chars.next());
            }
            c if c == mark => parts.push(String::new()),
            c => parts[last].push(c),
        }
    }
    parts
}

/// Writes what stands for a match: `&` is the match itself, and `\\n` a new line.
fn put_replacement(replacement: &str, matched: &str, out: &mut String) {
    let mut chars = replacement.chars();
    while let Some(c) = chars.next() {
        match c {
            '&' => out.push_str(matched),
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
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
        let parts = split_at_mark(&rest[mark.len_utf8()..], mark);
        let [pattern, replacement, flags] = parts.as_slice() else {
            return None;
        };
        let mut out = String::new();
        let mut rest = line;
        while let Some((from, to)) = pattern_find(pattern, rest, false) {
            out.push_str(&rest[..from]);
            put_replacement(replacement, &rest[from..to], &mut out);
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
