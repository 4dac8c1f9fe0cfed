//! What the shell does itself, without a program.

use super::machine::Machine;
use super::{Env, Host};
use crate::disks::Errno;
use crate::kubectl::context::Output;

/// Reads a file where the shell runs.
pub(super) fn read(host: &Host, env: &Env<'_>, name: &str) -> Result<String, Errno> {
    match host {
        _ if name == "/dev/null" => Ok(String::new()),
        Host::Local => {
            let text = env.desk.files.get(name.strip_prefix("./").unwrap_or(name));
            text.map(|text| text.to_string()).ok_or("No such file or directory")
        }
        Host::Container(container) => env.desk.disks.read(env.cluster, container, name),
    }
}

/// Writes a file where the shell runs.
pub(super) fn write(host: &Host, env: &mut Env<'_>, name: &str, text: &str) -> Result<(), Errno> {
    put(host, env, name, text, false)
}

/// Appends to a file where the shell runs; whether it can be written was found out when it was opened.
pub(super) fn append(host: &Host, env: &mut Env<'_>, name: &str, text: &str) {
    let _ = put(host, env, name, text, true);
}

fn put(host: &Host, env: &mut Env<'_>, name: &str, text: &str, append: bool) -> Result<(), Errno> {
    /// How many files there may be, and how long one may be: what a page can hold.
    const MOST: usize = 200;
    const LONGEST: usize = 1 << 20;
    match host {
        _ if name == "/dev/null" => Ok(()),
        Host::Local => {
            let name = name.strip_prefix("./").unwrap_or(name);
            let files = &mut env.desk.files;
            if name.is_empty() || (name.contains('/') && !files.contains_key(name)) {
                return Err("No such file or directory");
            }
            let old = files.get(name).filter(|_| append).map_or("", |text| text);
            let new = format!("{old}{text}");
            if new.len() > LONGEST || (files.len() >= MOST && !files.contains_key(name)) {
                return Err("No space left on device");
            }
            files.insert(name.to_owned(), new.into());
            Ok(())
        }
        Host::Container(container) => env.desk.disks.write(env.cluster, container, name, text, append),
    }
}

/// Runs a builtin command; `None` where the word names none.
pub(super) fn run(machine: &mut Machine, words: &[String], out: &mut Output) -> Option<i32> {
    let args = &words[1..];
    Some(match words[0].as_str() {
        ":" | "true" | "set" | "cd" | "wait" | "stty" => 0,
        "false" => 1,
        "echo" => {
            echo(args, out);
            0
        }
        "printf" => {
            out.write(&printf(args));
            0
        }
        "pwd" => {
            out.print(if machine.host == Host::Local { "~" } else { "/" });
            0
        }
        "export" | "local" | "readonly" | "declare" => {
            for arg in args {
                if let Some((name, value)) = arg.split_once('=') {
                    machine.vars.insert(name.to_owned(), value.to_owned());
                }
            }
            0
        }
        "unset" => {
            for arg in args {
                machine.vars.remove(arg);
            }
            0
        }
        "alias" => {
            for (name, value) in args.iter().filter_map(|arg| arg.split_once('=')) {
                machine.aliases.insert(name.to_owned(), value.to_owned());
            }
            if args.is_empty() {
                for (name, value) in &machine.aliases {
                    out.print(&format!("alias {name}='{value}'"));
                }
            }
            0
        }
        "unalias" => {
            for arg in args {
                machine.aliases.remove(arg);
            }
            0
        }
        "exit" | "logout" => {
            machine.exits = true;
            args.first().and_then(|code| code.parse().ok()).unwrap_or(machine.status)
        }
        word @ ("break" | "continue") => {
            let count = args.first().and_then(|count| count.parse().ok()).unwrap_or(1);
            machine.leave_loop(count, word == "continue");
            0
        }
        "shift" => {
            if machine.args.len() > 1 {
                machine.args.remove(1);
            }
            0
        }
        "test" => test_status(args),
        "[" | "[[" => match args.split_last() {
            Some((last, args)) if last == "]" || last == "]]" => test_status(args),
            _ => {
                out.complain(&format!("{}: [: missing `]'", machine.name()));
                2
            }
        },
        _ => return None,
    })
}

fn echo(args: &[String], out: &mut Output) {
    let is_option =
        |arg: &&String| arg.len() > 1 && arg.starts_with('-') && arg[1..].chars().all(|c| "neE".contains(c));
    let options = args.iter().take_while(is_option).count();
    let has = |letter: char| args[..options].iter().any(|option| option.contains(letter));
    let text = args[options..].join(" ");
    let text = if has('e') { unescape(&text) } else { text };
    out.write(&text);
    if !has('n') {
        out.write("\n");
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('\\') | None => out.push('\\'),
            Some(c) => out.extend(['\\', c]),
        }
    }
    out
}

fn printf(args: &[String]) -> String {
    let Some((format, args)) = args.split_first() else {
        return String::new();
    };
    let mut rest = args.iter();
    let mut out = String::new();
    loop {
        let before = rest.len();
        let mut chars = format.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '%' => {
                    while chars.peek().is_some_and(|c| c.is_ascii_digit() || "-+.".contains(*c)) {
                        chars.next();
                    }
                    match chars.next() {
                        Some('%') => out.push('%'),
                        Some(_) => out.push_str(rest.next().map_or("", String::as_str)),
                        None => out.push('%'),
                    }
                }
                '\\' => {
                    let escaped: String = ['\\'].into_iter().chain(chars.next()).collect();
                    out.push_str(&unescape(&escaped));
                }
                c => out.push(c),
            }
        }
        if rest.len() == 0 || rest.len() == before {
            return out;
        }
    }
}

fn test_status(args: &[String]) -> i32 {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    i32::from(!test(&words))
}

/// `test`: strings and numbers; files are not looked at.
fn test(words: &[&str]) -> bool {
    let number = |text: &str| text.trim().parse::<i64>().unwrap_or_default();
    if let Some(at) = words.iter().position(|word| *word == "-o" || *word == "||") {
        return test(&words[..at]) || test(&words[at + 1..]);
    }
    if let Some(at) = words.iter().position(|word| *word == "-a" || *word == "&&") {
        return test(&words[..at]) && test(&words[at + 1..]);
    }
    match words {
        ["!", rest @ ..] => !test(rest),
        ["-z", text] => text.is_empty(),
        ["-n", text] | [text] => !text.is_empty(),
        [left, "=" | "==", right] => left == right || super::expand::matches(right, left),
        [left, "!=", right] => left != right,
        [left, "-eq", right] => number(left) == number(right),
        [left, "-ne", right] => number(left) != number(right),
        [left, "-lt" | "<", right] => number(left) < number(right),
        [left, "-le", right] => number(left) <= number(right),
        [left, "-gt" | ">", right] => number(left) > number(right),
        [left, "-ge", right] => number(left) >= number(right),
        _ => false,
    }
}
