//! Text to objects: YAML or JSON as kubectl reads it, with the place of every value.

pub mod context;
pub mod help;
mod node;
mod resolve;
mod stream;
mod tags;

pub use node::{Document, Span};
pub(crate) use resolve::is_text;
pub use stream::{Entry, Manifest, SyntaxError, read};

/// What is refused before anything is expanded, so that no text can exhaust the page.
pub mod budget {
    /// The largest text, in bytes: what the API server takes in a request.
    pub const BYTES: usize = 3 * 1024 * 1024;
    /// The deepest nesting. Kubernetes' own types go down some 20 levels, schemas of custom resources some 60.
    pub const DEPTH: usize = 128;
    /// The most values, aliases counted as often as they are used.
    pub const NODES: usize = 250_000;
    /// The most lines and commas, counted before anything is read: a text of 3 MiB that people write has fewer, and each
    /// of them begins a value.
    pub const PIECES: usize = 250_000;
    /// The most documents in one text.
    pub const DOCUMENTS: usize = 1_000;
}
