//! kubectl: its commands, what they print, and what they refuse.
//!
//! Follows `staging/src/k8s.io/kubectl` of Kubernetes v1.37.2, Apache-2.0. A command is an entry of the table
//! [`COMMANDS`]: its name, its flags, and a function that gets a [`Context`] and the parsed [`Flags`]. One that waits
//! leaves a [`wait::Wait`] in the context.

pub mod apply;
pub mod context;
pub mod delete;
pub mod describe;
pub mod error;
pub mod flags;
pub mod get;
pub mod output;
pub mod printers;
pub mod printing;
pub mod resources;
pub mod wait;
pub mod watch;

pub use context::Context;
pub use error::Error;
pub use flags::Flags;

use crate::api::status::quote;

/// A command of kubectl.
pub struct Command {
    /// Its words: `get`, `rollout status`.
    pub path: &'static str,
    /// Its flags, besides the global ones; see [`flags`].
    pub flags: &'static str,
    /// What it does. Output and waits are left in the context.
    pub run: fn(&mut Context<'_>, &Flags) -> Result<(), Error>,
}

/// The commands that print.
const PRINTING: &[Command] = printing::COMMANDS;

/// The commands that change something, or wait.
const CHANGING: &[Command] = &[];

/// Every command.
pub fn commands() -> impl Iterator<Item = &'static Command> {
    PRINTING.iter().chain(CHANGING)
}

/// Runs a line's words, without `kubectl` itself. Gives the exit code; what the command still waits for stands in
/// the context.
pub fn run(context: &mut Context<'_>, words: &[String]) -> i32 {
    let result = dispatch(context, words);
    conclude(context, result)
}

/// Prints what went wrong, and gives the exit code.
pub fn conclude(context: &mut Context<'_>, result: Result<(), Error>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(error) => {
            let (text, code) = error.report();
            context.out.write_error(&text);
            code
        }
    }
}

fn dispatch(context: &mut Context<'_>, words: &[String]) -> Result<(), Error> {
    let (command, rest) = find(words)?;
    let usage = |why: String| Error::Plain(format!("{why}\nSee 'kubectl {} --help' for usage.", command.path));
    let flags = Flags::parse(command.flags, &rest).map_err(usage)?;
    flags.check_required()?;
    (command.run)(context, &flags)
}

/// The command that a line names, and the words without its name.
// Models github.com/spf13/cobra command.go Find
fn find(words: &[String]) -> Result<(&'static Command, Vec<String>), Error> {
    let mut rest = words.to_vec();
    let mut path = String::new();
    loop {
        let Some(at) = first_argument(&rest) else {
            return Err(unfinished(&path, None));
        };
        let word = rest.remove(at);
        let longer = if path.is_empty() { word.clone() } else { format!("{path} {word}") };
        if let Some(command) = commands().find(|command| command.path == longer) {
            return Ok((command, rest));
        }
        if !commands().any(|command| command.path.split_once(' ').is_some_and(|(first, _)| first == longer)) {
            return Err(unfinished(&path, Some(&word)));
        }
        path = longer;
    }
}

/// Where the first word stands that is no flag and no flag's value.
fn first_argument(words: &[String]) -> Option<usize> {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        match word.as_str() {
            "--" => return None,
            word if !word.starts_with('-') || word == "-" => return Some(at),
            word => at += if flags::takes_next("", word) { 2 } else { 1 },
        }
    }
    None
}

/// The refusal of a line that names no command.
fn unfinished(parent: &str, word: Option<&str>) -> Error {
    match (parent, word) {
        ("", Some(word)) => {
            let suggestions = suggestions(word);
            Error::Plain(format!("unknown command {} for \"kubectl\"{suggestions}", quote(word)))
        }
        (parent, Some(word)) => error::usage(parent, format!("unknown command {}", quote(word))),
        (parent, None) => Error::Text(help(parent)),
    }
}

/// The commands below a parent, a line each.
fn help(parent: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for command in commands() {
        let name = if parent.is_empty() {
            command.path.split(' ').next()
        } else {
            command.path.strip_prefix(parent).and_then(|rest| rest.strip_prefix(' '))
        };
        if let Some(name) = name
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    let parent = if parent.is_empty() { "kubectl".to_owned() } else { format!("kubectl {parent}") };
    format!("Available Commands:\n  {}\n\nUsage:\n  {parent} [command] [flags]\n", names.join("\n  "))
}

// Models github.com/spf13/cobra command.go SuggestionsFor
fn suggestions(word: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for command in commands() {
        let name = command.path.split(' ').next().unwrap_or_default();
        let near = distance(word, name) <= 2 || name.starts_with(&word.to_lowercase());
        if near && !names.contains(&name) {
            names.push(name);
        }
    }
    crate::api::order::sort_by_key(&mut names, |name| *name);
    if names.is_empty() { String::new() } else { format!("\n\nDid you mean this?\n\t{}\n", names.join("\n\t")) }
}

/// How many letters must be changed, added or taken away to make one word of the other.
// Models github.com/spf13/cobra cobra.go ld
fn distance(left: &str, right: &str) -> usize {
    let (left, right) = (left.to_lowercase(), right.to_lowercase());
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.bytes().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if a == b { diagonal } else { 1 + diagonal.min(above).min(row[j]) };
            diagonal = above;
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_near_when_few_letters_differ() {
        assert_eq!(distance("gett", "get"), 1);
        assert_eq!(distance("lgos", "logs"), 2);
        assert_eq!(distance("", "get"), 3);
    }

    #[test]
    fn flags_may_stand_before_the_name() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(first_argument(&words("-n x get pods")), Some(2));
        assert_eq!(first_argument(&words("--namespace=x get")), Some(1));
        assert_eq!(first_argument(&words("-n x")), None);
    }
}
