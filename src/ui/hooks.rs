//! What tests and curious people can ask of the page from its console.

use std::cell::Cell;

use wasm_bindgen::prelude::wasm_bindgen;

use super::session::Session;
use crate::api::time::Instant;
use crate::timeline::Log;

thread_local! {
    static SESSION: Cell<Option<Session>> = const { Cell::new(None) };
}

/// Makes the session known.
pub fn provide(session: Session) {
    SESSION.set(Some(session));
}

/// The log of commands of the page's run, as JSON.
#[wasm_bindgen]
pub fn session_log() -> String {
    SESSION.get().map(|session| session.log_json()).unwrap_or_default()
}

/// The text in the page's editor, which shows only a part of a long one.
#[wasm_bindgen]
pub fn session_manifest() -> String {
    SESSION.get().map(|session| session.manifest_now()).unwrap_or_default()
}

/// The virtual time of the page's run, in milliseconds, and the hash of its state, separated by a blank.
#[wasm_bindgen]
pub fn session_hash() -> String {
    SESSION
        .get()
        .map(|session| {
            let (hash, now) = session.hash();
            format!("{} {hash:016x}", now.0)
        })
        .unwrap_or_default()
}

/// Replays a log up to a virtual time, in milliseconds, and gives the hash of the state.
///
/// # Errors
/// Where the log is not one.
#[wasm_bindgen]
pub fn replay_hash(log: &str, until_ms: f64) -> Result<String, String> {
    let log: Log = serde_json::from_str(log).map_err(|error| error.to_string())?;
    Ok(format!("{:016x}", log.replay(Instant(until_ms as i64)).hash()))
}
