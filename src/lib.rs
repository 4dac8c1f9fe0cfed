//! Statefulscope: what a Kubernetes StatefulSet does, in the browser.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod actions;
pub mod api;
pub mod cluster;
pub mod command;
pub mod controllers;
pub mod disks;
pub mod dns;
pub mod embed;
pub mod explain;
pub mod export;
pub mod forecast;
pub mod graph;
pub mod i18n;
pub mod kubectl;
pub mod manifest;
pub mod programs;
pub mod scenario;
pub mod shell;
pub mod terminal;
pub mod timeline;
#[cfg(feature = "ui")]
pub mod ui;
pub mod workbench;
