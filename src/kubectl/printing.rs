//! The commands that print.

use super::{Command, describe, get};

/// Their table.
pub const COMMANDS: &[Command] = &[
    Command { path: "get", flags: get::FLAGS, run: get::run },
    Command { path: "describe", flags: describe::FLAGS, run: describe::run },
];
