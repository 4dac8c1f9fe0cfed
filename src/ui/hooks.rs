//! What tests and curious people can ask of the page from its console.

use std::cell::{Cell, RefCell};

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

thread_local! {
    static FAULT: RefCell<Option<(String, u32, String)>> = const { RefCell::new(None) };
}

/// Has the program fail when it comes to a place (`command`, `time`, `journey`, `opening`, `picture`) for the nth time: by a `panic`,
/// by running out of `stack` or out of `memory`. What happens to people's work then is tested so.
#[wasm_bindgen]
pub fn fail(place: &str, nth: u32, how: &str) {
    FAULT.set(Some((place.to_owned(), nth, how.to_owned())));
}

/// Fails here, where somebody has asked for that.
pub fn pass(place: &str) {
    let how = FAULT.with_borrow_mut(|fault| {
        let (_, nth, how) = fault.as_mut().filter(|(wanted, ..)| wanted == place)?;
        *nth = nth.saturating_sub(1);
        (*nth == 0).then(|| how.clone())
    });
    match how.as_deref() {
        None => {}
        Some("stack") => {
            std::hint::black_box(deeper(0));
        }
        Some("memory") => loop {
            std::mem::forget(std::hint::black_box(Vec::<u8>::with_capacity(1 << 30)));
        },
        Some(_) => panic!("somebody asked for a panic"),
    }
}

/// Calls itself until the stack is full.
fn deeper(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 16]);
    if depth == u64::MAX { room[0] } else { deeper(depth + 1) ^ room[1] }
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
