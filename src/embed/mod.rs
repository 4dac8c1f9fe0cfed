//! What a page that embeds this one can ask for: parameters of the address, and messages. The page is shown as a figure
//! then; `docs/embedding.md` is written from here.

pub mod docs;
pub mod message;
pub mod parameters;
#[cfg(test)]
mod tests;

pub use message::Message;
pub use parameters::Parameters;
