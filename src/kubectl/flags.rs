//! The flags of a command line: what a command takes, and what a line gives.
//!
//! Follows `github.com/spf13/pflag` v1.0.10 in what is accepted and what the refusals say.
//!
//! A command's flags are a table in one text, entries separated by `;`: `NAME[/SHORT] TYPE[=DEFAULT][?ALONE][!]`.
//! `ALONE` is the value of the flag when it stands without one, `!` marks a flag that must be given. Types are `bool`,
//! `string`, `int`, `int32`, `duration`, `array` (each occurrence adds one) and `slice` (each occurrence adds a comma-separated
//! list).

use std::collections::BTreeMap;

use crate::api::status::quote;

/// The flags that every command takes.
const GLOBAL: &str = "as string;as-group array;as-uid string;as-user-extra array;cache-dir string;\
    certificate-authority string;client-certificate string;client-key string;cluster string;context string;\
    disable-compression bool;insecure-skip-tls-verify bool;kubeconfig string;kuberc string;log-flush-frequency duration=5s;\
    match-server-version bool;namespace/n string;password string;profile string=none;profile-output string=profile.pprof;\
    proxy-url string;request-timeout string=0;server/s string;tls-server-name string;token string;user string;\
    username string;v/v int;vmodule string;warnings-as-errors bool;help/h bool";

/// What a flag holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Bool,
    String,
    Int,
    Int32,
    Duration,
    Array,
    Slice,
}

/// A flag that a command takes.
#[derive(Clone, Copy, Debug)]
struct Flag {
    name: &'static str,
    short: &'static str,
    ty: Type,
    default: &'static str,
    /// The value when the flag stands alone; `None` where one must follow.
    alone: Option<&'static str>,
    required: bool,
}

impl Flag {
    fn parse(entry: &'static str) -> Flag {
        let entry = entry.trim();
        let (names, rest) = entry.split_once(' ').unwrap_or((entry, "bool"));
        let (name, short) = names.split_once('/').unwrap_or((names, ""));
        let required = rest.ends_with('!');
        let rest = rest.trim_end_matches('!');
        let (rest, alone) = rest.split_once('?').map_or((rest, None), |(rest, alone)| (rest, Some(alone)));
        let (ty, default) = rest.split_once('=').unwrap_or((rest, ""));
        let ty = match ty {
            "bool" => Type::Bool,
            "int" => Type::Int,
            "int32" => Type::Int32,
            "duration" => Type::Duration,
            "array" => Type::Array,
            "slice" => Type::Slice,
            _ => Type::String,
        };
        let alone = if ty == Type::Bool { Some("true") } else { alone };
        Flag { name, short, ty, default, alone, required }
    }

    /// Why a value is none for this flag.
    fn refuse(&self, value: &str, why: &str) -> String {
        let name = match self.short {
            "" => format!("--{}", self.name),
            short => format!("-{short}, --{}", self.name),
        };
        format!("invalid argument {} for {} flag: {why}", quote(value), quote(&name))
    }

    fn check(&self, value: &str) -> Result<(), String> {
        let strconv = |function: &str, why: &str| {
            Err(self.refuse(value, &format!("strconv.{function}: parsing {}: {why}", quote(value))))
        };
        match self.ty {
            Type::Bool if parse_bool(value).is_none() => strconv("ParseBool", "invalid syntax"),
            Type::Int | Type::Int32 => match parse_int(value) {
                Ok(number) if self.ty == Type::Int32 && i32::try_from(number).is_err() => {
                    strconv("ParseInt", "value out of range")
                }
                Ok(_) => Ok(()),
                Err(why) => strconv("ParseInt", why),
            },
            Type::Duration => match parse_duration(value) {
                Ok(_) => Ok(()),
                Err(why) => Err(self.refuse(value, &why)),
            },
            _ => Ok(()),
        }
    }
}

/// What a line gave: flags and arguments.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    table: Vec<Flag>,
    given: BTreeMap<&'static str, Vec<String>>,
    /// The arguments that are no flags.
    pub args: Vec<String>,
    /// How many of the arguments stand before `--`, where there is one.
    pub before_dash: Option<usize>,
}

impl Default for Flag {
    fn default() -> Flag {
        Flag::parse("")
    }
}

impl Flags {
    /// Reads the words after a command's name. `table` is what the command takes besides the global flags.
    ///
    /// # Errors
    /// pflag's sentence.
    // Models github.com/spf13/pflag flag.go parseArgs
    pub fn parse(table: &'static str, words: &[String]) -> Result<Flags, String> {
        let entries = table.split(';').chain(GLOBAL.split(';')).filter(|entry| !entry.trim().is_empty());
        let mut flags = Flags { table: entries.map(Flag::parse).collect(), ..Flags::default() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                flags.before_dash = Some(flags.args.len());
                flags.args.extend(words.cloned());
                break;
            }
            match word.strip_prefix('-') {
                None | Some("") => flags.args.push(word.clone()),
                Some(rest) => match rest.strip_prefix('-') {
                    Some(name) => flags.long(word, name, &mut words)?,
                    None => flags.short(rest, &mut words)?,
                },
            }
        }
        Ok(flags)
    }

    // Models github.com/spf13/pflag flag.go parseLongArg
    fn long(&mut self, word: &str, name: &str, rest: &mut std::slice::Iter<'_, String>) -> Result<(), String> {
        if name.starts_with(['-', '=']) {
            return Err(format!("bad flag syntax: {word}"));
        }
        let (name, value) = name.split_once('=').map_or((name, None), |(name, value)| (name, Some(value)));
        // Underscores count as hyphens.
        let normal = name.replace('_', "-");
        let flag = self.find(&normal).ok_or_else(|| format!("unknown flag: --{name}"))?;
        let value = match (value, flag.alone) {
            (Some(value), _) => value,
            (None, Some(alone)) => alone,
            (None, None) => rest.next().ok_or_else(|| format!("flag needs an argument: --{name}"))?,
        };
        self.set(flag, value)
    }

    // Models github.com/spf13/pflag flag.go parseShortArg
    fn short(&mut self, word: &str, rest: &mut std::slice::Iter<'_, String>) -> Result<(), String> {
        let mut letters = word;
        while let Some(letter) = letters.chars().next() {
            let after = &letters[letter.len_utf8()..];
            let known = self.table.iter().find(|flag| !flag.short.is_empty() && flag.short.starts_with(letter));
            let Some(flag) = known.copied() else {
                return Err(format!("unknown shorthand flag: {letter:?} in -{letters}"));
            };
            let (value, left) = match (after.strip_prefix('='), flag.alone) {
                (Some(value), _) if !value.is_empty() => (value, ""),
                (_, Some(alone)) => (alone, after),
                (_, None) if !after.is_empty() => (after, ""),
                (_, None) => match rest.next() {
                    Some(next) => (next.as_str(), ""),
                    None => return Err(format!("flag needs an argument: {letter:?} in -{letters}")),
                },
            };
            self.set(flag, value)?;
            letters = left;
        }
        Ok(())
    }

    fn find(&self, name: &str) -> Option<Flag> {
        self.table.iter().find(|flag| flag.name == name).copied()
    }

    fn set(&mut self, flag: Flag, value: &str) -> Result<(), String> {
        flag.check(value)?;
        let given = self.given.entry(flag.name).or_default();
        match flag.ty {
            Type::Array => given.push(value.to_owned()),
            Type::Slice => given.extend(value.split(',').filter(|_| !value.is_empty()).map(str::to_owned)),
            _ => *given = vec![value.to_owned()],
        }
        Ok(())
    }

    /// The flags that must be given and were not, as cobra's refusal.
    ///
    /// # Errors
    /// cobra's sentence.
    // Models github.com/spf13/cobra command.go ValidateRequiredFlags
    pub fn check_required(&self) -> Result<(), String> {
        let missing = self.table.iter().filter(|flag| flag.required && !self.is_set(flag.name));
        let names: Vec<&str> = missing.map(|flag| flag.name).collect();
        if names.is_empty() { Ok(()) } else { Err(format!("required flag(s) \"{}\" not set", names.join("\", \""))) }
    }

    /// Whether the line gave the flag.
    pub fn is_set(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// The flag's value, or its default.
    pub fn text(&self, name: &str) -> &str {
        match self.given.get(name).and_then(|values| values.last()) {
            Some(value) => value,
            None => self.find(name).map_or("", |flag| flag.default),
        }
    }

    /// The flag's values, for flags that may be repeated.
    pub fn list(&self, name: &str) -> &[String] {
        self.given.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether a switch is on.
    pub fn flag(&self, name: &str) -> bool {
        parse_bool(self.text(name)).unwrap_or_default()
    }

    /// The flag's number; 0 where it has none.
    pub fn int(&self, name: &str) -> i64 {
        parse_int(self.text(name)).unwrap_or_default()
    }

    /// The flag's duration in milliseconds; 0 where it has none.
    pub fn millis(&self, name: &str) -> i64 {
        parse_duration(self.text(name)).unwrap_or_default() / 1_000_000
    }

    /// The flags that a command takes besides the global ones, as help shows them: `-o, --output=''`.
    pub fn described(table: &'static str) -> Vec<String> {
        let entries = table.split(';').filter(|entry| !entry.trim().is_empty()).map(Flag::parse);
        entries
            .map(|flag| {
                let short = if flag.short.is_empty() { String::new() } else { format!("-{}, ", flag.short) };
                let default = match (flag.ty, flag.default) {
                    (Type::Bool, "") => "false".to_owned(),
                    (Type::Int | Type::Int32, "") => "0".to_owned(),
                    (Type::Duration, "") => "0s".to_owned(),
                    (Type::Array | Type::Slice, _) => "[]".to_owned(),
                    (Type::String, text) => format!("'{text}'"),
                    (_, text) => text.to_owned(),
                };
                format!("{short}--{}={default}", flag.name)
            })
            .collect()
    }

    /// The names of the flags that a command takes, for completion.
    pub fn names(table: &'static str) -> impl Iterator<Item = &'static str> {
        let entries = table.split(';').chain(GLOBAL.split(';')).filter(|entry| !entry.trim().is_empty());
        entries.map(|entry| Flag::parse(entry).name)
    }
}

/// Whether a flag that stands before a command's name takes the word after it, so that the name can be found. One that
/// nobody knows does.
// Models github.com/spf13/cobra command.go stripFlags
pub fn takes_next(table: &'static str, word: &str) -> bool {
    let entries = table.split(';').chain(GLOBAL.split(';')).filter(|entry| !entry.trim().is_empty());
    let mut known = entries.map(Flag::parse);
    match word.strip_prefix("--") {
        Some(name) => !name.contains('=') && !known.any(|flag| flag.name == name && flag.alone.is_some()),
        None => {
            let name = word.strip_prefix('-').unwrap_or_default();
            name.chars().count() == 1 && !known.any(|flag| flag.short == name && flag.alone.is_some())
        }
    }
}

/// `strconv.ParseBool`
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// `strconv.ParseInt` with base 0.
///
/// # Errors
/// Go's reason.
pub fn parse_int(text: &str) -> Result<i64, &'static str> {
    let (sign, digits) = match text.as_bytes().first() {
        Some(b'-') => (-1, &text[1..]),
        Some(b'+') => (1, &text[1..]),
        _ => (1, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err("invalid syntax");
    }
    i64::from_str_radix(digits, radix).map(|number| sign * number).map_err(|_| "value out of range")
}

/// `time.ParseDuration`, in nanoseconds.
///
/// # Errors
/// Go's sentence.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", quote(text));
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0f64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..end].parse().map_err(|_| invalid())?;
        rest = &rest[end..];
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = &rest[..end];
        let nanos = match unit {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 6e10,
            "h" => 3.6e12,
            "" => return Err(format!("time: missing unit in duration {}", quote(text))),
            unit => return Err(format!("time: unknown unit {} in duration {}", quote(unit), quote(text))),
        };
        total += number * nanos;
        rest = &rest[end..];
    }
    if total > i64::MAX as f64 {
        return Err(invalid());
    }
    Ok(if negative { -total as i64 } else { total as i64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str =
        "output/o string;watch/w bool;replicas int=0!;timeout duration;filename/f slice;dry-run string=none?unchanged";

    fn parse(line: &str) -> Result<Flags, String> {
        Flags::parse(TABLE, &line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_flag_has_many_spellings() {
        for line in ["-n x", "-nx", "-n=x", "--namespace x", "--namespace=x", "-wn x", "-wnx"] {
            assert_eq!(parse(line).unwrap().text("namespace"), "x", "{line}");
        }
        let flags = parse("a -f x,y -f z --dry-run b -- -c").unwrap();
        assert_eq!(flags.args, ["a", "b", "-c"]);
        assert_eq!(flags.before_dash, Some(2));
        assert_eq!(flags.list("filename"), ["x", "y", "z"]);
        assert_eq!(flags.text("dry-run"), "unchanged");
        assert_eq!(parse("a").unwrap().text("dry-run"), "none");
        assert!(!parse("--watch=false").unwrap().flag("watch"));
    }

    #[test]
    fn refusals_are_those_of_pflag() {
        let refusal = |line: &str| parse(line).unwrap_err();
        assert_eq!(refusal("--foo"), "unknown flag: --foo");
        assert_eq!(refusal("-wz"), "unknown shorthand flag: 'z' in -z");
        assert_eq!(refusal("--output"), "flag needs an argument: --output");
        assert_eq!(refusal("-o"), "flag needs an argument: 'o' in -o");
        assert_eq!(refusal("--=x"), "bad flag syntax: --=x");
        assert_eq!(
            refusal("--replicas=x"),
            "invalid argument \"x\" for \"--replicas\" flag: strconv.ParseInt: parsing \"x\": invalid syntax"
        );
        assert_eq!(
            refusal("-w=x"),
            "invalid argument \"x\" for \"-w, --watch\" flag: strconv.ParseBool: parsing \"x\": invalid syntax"
        );
        assert_eq!(
            refusal("--timeout=5"),
            "invalid argument \"5\" for \"--timeout\" flag: time: missing unit in duration \"5\""
        );
        assert_eq!(parse("a").unwrap().check_required().unwrap_err(), "required flag(s) \"replicas\" not set");
    }
}
