//! What a command waits for, so that the line it stands in can be copied and resumed at any moment.

/// The state of a command that has not ended.
#[derive(Clone, Debug)]
pub enum Wait {
    /// `get --watch`
    Watch(Box<super::watch::Watch>),
}
