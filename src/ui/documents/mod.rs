//! Documents: the reader's own, which is kept in this browser, and those that come by link or file, which are visited.

mod banner;
mod code;
mod files;
mod keep;
mod menu;
mod opening;
mod share;
mod travel;
mod trouble;

use leptos::prelude::*;

use crate::command::Command;
use crate::scenario::Scenario;
pub use banner::Banners;
pub use files::DropHere;
pub use keep::{before, done, report_panics};
pub use menu::DocumentMenu;
pub use opening::{go_to, set_address, start};
pub use share::{Share, link_now};
pub use trouble::{Broken, BrokenView};

/// Which document is shown, and what is to be said of it. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub struct Documents {
    /// Whether it is known which document is shown: nothing is saved before.
    pub ready: RwSignal<bool>,
    /// Whether it is somebody else's, which is not saved.
    pub visiting: RwSignal<bool>,
    /// What could not be opened.
    pub broken: RwSignal<Option<Broken>>,
    /// What is wrong with the browser's storage.
    pub storage: RwSignal<Option<Storage>>,
    /// What was restored after a fault.
    pub restored: RwSignal<Option<Restored>>,
    /// The scenario that was opened, for what else is in it.
    base: StoredValue<Option<Scenario>>,
    /// What the link in the address bar holds.
    shared: StoredValue<Option<Scenario>>,
    /// Whether something was changed since.
    pub changed: RwSignal<bool>,
    /// Whether a file is held over the page.
    pub dropping: RwSignal<bool>,
    /// Whether it is going to be saved.
    waiting: StoredValue<bool>,
}

/// What is wrong with the browser's storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// There is no room.
    Full,
    /// The page may not use it.
    Forbidden,
}

/// What was restored: the moment before a command, where one was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Restored(pub Option<Command>);

impl Documents {
    /// The reader's own document, of which nothing is known yet.
    pub fn new() -> Documents {
        Documents {
            ready: RwSignal::new(false),
            visiting: RwSignal::new(false),
            broken: RwSignal::new(None),
            storage: RwSignal::new(None),
            restored: RwSignal::new(None),
            base: StoredValue::new(None),
            shared: StoredValue::new(None),
            changed: RwSignal::new(false),
            dropping: RwSignal::new(false),
            waiting: StoredValue::new(false),
        }
    }
}
