//! The commands that print.

use super::Command;

/// Their table.
pub const COMMANDS: &[Command] = &[];
