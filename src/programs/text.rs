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
    pub(super) fn texts(&mut self, names: &[&str]) -> (String, bool) {
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

    pub(super) fn lines_out<'l>(&mut self, lines: impl Iterator<Item = &'l str>) {
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
