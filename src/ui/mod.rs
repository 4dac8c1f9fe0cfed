//! The page. Only here are the web crates named; everything below is plain Rust.

mod actions;
mod app;
mod browser;
mod clock;
mod clock_bar;
mod cluster_editor;
mod code_editor;
mod compare;
mod controls;
mod details;
mod dock;
mod editor;
mod file_tabs;
mod files;
mod follow;
mod gallery;
mod graph;
mod header;
mod hooks;
mod icon;
mod log;
mod look;
mod notices;
mod relation;
mod session;
mod settings;
mod story;
mod table;
mod terminal;
mod theme;
mod timeline_bar;
mod trouble;
mod why;

pub use app::mount;
