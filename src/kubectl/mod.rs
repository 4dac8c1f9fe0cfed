//! kubectl, as far as the page needs it.

pub mod apply;
pub mod delete;
pub mod error;
pub mod printers;
