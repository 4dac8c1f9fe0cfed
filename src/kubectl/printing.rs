//! The commands that print.

use super::{Command, get};

/// Their table.
pub const COMMANDS: &[Command] = &[Command { path: "get", flags: get::FLAGS, run: get::run }];
