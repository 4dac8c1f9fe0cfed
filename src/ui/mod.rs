//! The page. Only here are the web crates named; everything below is plain Rust.

mod app;
mod clock;
mod clock_bar;
mod code_editor;
mod controls;
mod details;
mod dock;
mod editor;
mod file_tabs;
mod files;
mod graph_view;
mod header;
mod hooks;
mod icon;
mod log;
mod session;
mod settings;
mod terminal;
mod theme;
mod why;

pub use app::mount;
