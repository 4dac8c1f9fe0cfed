//! What becomes of a word: its parts put together, split at blanks, and its braces and patterns expanded.

use std::collections::BTreeMap;

use super::parse::Redirect;

/// The command that is being put together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Building {
    pub words: Vec<String>,
    pub assignments: Vec<(String, String)>,
    pub redirects: Vec<(Redirect, String)>,
    /// Whether a substitution was part of it, whose result is the command's where there is no other.
    pub captured: bool,
    fields: Vec<String>,
    current: Option<String>,
    /// Whether the word has only text that stands there without quotes.
    plain: bool,
}

impl Building {
    /// Appends text that is not split.
    pub fn text(&mut self, text: &str, quoted: bool) {
        self.plain = !quoted && (self.plain || (self.current.is_none() && self.fields.is_empty()));
        self.current.get_or_insert_with(String::new).push_str(text);
    }

    /// Appends a value; one that is not quoted is split at blanks.
    pub fn value(&mut self, value: &str, quoted: bool) {
        self.plain = false;
        if quoted {
            self.current.get_or_insert_with(String::new).push_str(value);
            return;
        }
        let is_blank = |c: char| matches!(c, ' ' | '\t' | '\n');
        if value.starts_with(is_blank) {
            self.fields.extend(self.current.take());
        }
        for (i, part) in value.split(is_blank).filter(|part| !part.is_empty()).enumerate() {
            if i > 0 {
                self.fields.extend(self.current.take());
            }
            self.current.get_or_insert_with(String::new).push_str(part);
        }
        if value.ends_with(is_blank) {
            self.fields.extend(self.current.take());
        }
    }

    /// Completes the word. `names` are what its patterns may match.
    pub fn end_word(&mut self, names: &dyn Fn(&str) -> Vec<String>) {
        self.fields.extend(self.current.take());
        for field in std::mem::take(&mut self.fields) {
            if !self.plain {
                self.words.push(field);
                continue;
            }
            for word in braces(&field) {
                let matches = if word.contains(['*', '?']) { names(&word) } else { Vec::new() };
                if matches.is_empty() {
                    self.words.push(word);
                } else {
                    self.words.extend(matches);
                }
            }
        }
        self.plain = false;
    }

    /// Takes the last word for an assignment or a redirection.
    pub fn take_word(&mut self) -> String {
        self.words.pop().unwrap_or_default()
    }

    /// Completes a word that is one, whatever is in it.
    pub fn end_single(&mut self) -> String {
        self.fields.extend(self.current.take());
        self.plain = false;
        std::mem::take(&mut self.fields).join(" ")
    }
}

/// `a{b,c}` is `ab ac`, `{0..2}` is `0 1 2`.
fn braces(word: &str) -> Vec<String> {
    const MOST: i64 = 1000;
    let whole = || vec![word.to_owned()];
    let Some(open) = word.find('{') else {
        return whole();
    };
    let Some(length) = word[open..].find('}') else {
        return whole();
    };
    let (head, inside, tail) = (&word[..open], &word[open + 1..open + length], &word[open + length + 1..]);
    let items: Vec<String> = if let Some((from, to)) = inside.split_once("..") {
        match (from.parse::<i64>(), to.parse::<i64>()) {
            (Ok(from), Ok(to)) if from <= to && to.saturating_sub(from) < MOST => {
                (from..=to).map(|n| n.to_string()).collect()
            }
            (Ok(from), Ok(to)) if from > to && from.saturating_sub(to) < MOST => {
                (to..=from).rev().map(|n| n.to_string()).collect()
            }
            _ => return whole(),
        }
    } else if inside.contains(',') && !inside.contains(['"', '{']) {
        inside.split(',').map(str::to_owned).collect()
    } else {
        return whole();
    };
    let tails = braces(tail);
    items.iter().flat_map(|item| tails.iter().map(move |tail| format!("{head}{item}{tail}"))).collect()
}

/// Whether a name matches a pattern of `*` and `?`.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// The value of an arithmetic expression: numbers, variables, `+ - * / %`, comparisons, parentheses.
pub(super) fn arithmetic(text: &str, vars: &BTreeMap<String, String>) -> Result<i64, String> {
    let mut parser = Arithmetic { rest: text, vars, depth: 0 };
    let value = parser.sum(0)?;
    if parser.rest.trim().is_empty() { Ok(value) } else { Err(parser.refuse()) }
}

struct Arithmetic<'a> {
    rest: &'a str,
    vars: &'a BTreeMap<String, String>,
    depth: usize,
}

/// The operators, by how strongly they bind.
const LEVELS: [&[&str]; 4] = [&["==", "!="], &["<=", ">=", "<", ">"], &["+", "-"], &["*", "/", "%"]];

impl Arithmetic<'_> {
    fn refuse(&self) -> String {
        format!("arithmetic syntax error near {:?}", self.rest.trim())
    }

    fn sum(&mut self, level: usize) -> Result<i64, String> {
        let Some(operators) = LEVELS.get(level) else {
            return self.atom();
        };
        let mut left = self.sum(level + 1)?;
        loop {
            self.rest = self.rest.trim_start();
            let Some(operator) = operators.iter().find(|operator| self.rest.starts_with(**operator)) else {
                return Ok(left);
            };
            self.rest = &self.rest[operator.len()..];
            let right = self.sum(level + 1)?;
            left = match *operator {
                "+" => left.wrapping_add(right),
                "-" => left.wrapping_sub(right),
                "*" => left.wrapping_mul(right),
                "/" | "%" if right == 0 => return Err("division by 0".to_owned()),
                "/" => left.wrapping_div(right),
                "%" => left.wrapping_rem(right),
                "==" => i64::from(left == right),
                "!=" => i64::from(left != right),
                "<=" => i64::from(left <= right),
                ">=" => i64::from(left >= right),
                "<" => i64::from(left < right),
                _ => i64::from(left > right),
            };
        }
    }

    fn atom(&mut self) -> Result<i64, String> {
        self.depth += 1;
        if self.depth > 200 {
            return Err("expression recursion level exceeded".to_owned());
        }
        self.rest = self.rest.trim_start();
        if let Some(rest) = self.rest.strip_prefix('-') {
            self.rest = rest;
            return Ok(self.atom()?.wrapping_neg());
        }
        if let Some(rest) = self.rest.strip_prefix('(') {
            self.rest = rest;
            let value = self.sum(0)?;
            self.rest = self.rest.trim_start().strip_prefix(')').ok_or_else(|| self.refuse())?;
            return Ok(value);
        }
        let text = self.rest.strip_prefix('$').unwrap_or(self.rest);
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
        let word = &text[..end];
        self.rest = &text[end..];
        match word.chars().next() {
            None => Err(self.refuse()),
            Some(c) if c.is_ascii_digit() => word.parse().map_err(|_| self.refuse()),
            Some(_) => Ok(self.vars.get(word).and_then(|value| value.trim().parse().ok()).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_lists_and_ranges() {
        assert_eq!(braces("web-{0..2}"), ["web-0", "web-1", "web-2"]);
        assert_eq!(braces("{a,b}{1,2}"), ["a1", "a2", "b1", "b2"]);
        assert_eq!(braces("{3..1}"), ["3", "2", "1"]);
        assert_eq!(braces("{x}"), ["{x}"]);
    }

    #[test]
    fn patterns_match_names() {
        assert!(matches("*.yaml", "web.yaml") && matches("w?b*", "web") && !matches("*.yml", "web.yaml"));
    }

    #[test]
    fn arithmetic_is_integer() {
        let vars = BTreeMap::from([("i".to_owned(), "3".to_owned())]);
        assert_eq!(arithmetic("i + 2*(4-1) % 4", &vars), Ok(5));
        assert_eq!(arithmetic(" $i<4 ", &vars), Ok(1));
        assert_eq!(arithmetic("1/0", &vars), Err("division by 0".to_owned()));
        assert!(arithmetic("1+", &vars).is_err());
    }
}
