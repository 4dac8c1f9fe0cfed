//! The engine as a wasm module of its own, without a page: what `tools/bench.mjs` times and `tools/wasm-check.mjs`
//! compares with a native build.

#[path = "../tests/bombs/list.rs"]
mod bombs;
#[path = "../tests/properties/random.rs"]
#[allow(dead_code)]
mod random;
mod scenes;

use std::cell::RefCell;

use statefulscope::cluster::Cluster;
use statefulscope::cluster::config::Config;
use statefulscope::kubectl::apply;
use statefulscope::timeline::Timeline;

thread_local! {
    static BOMB: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static CLUSTER: RefCell<Option<Cluster>> = const { RefCell::new(None) };
    static TIMELINE: RefCell<Option<Timeline>> = const { RefCell::new(None) };
}

fn with_cluster<T>(action: impl FnOnce(&mut Cluster) -> T) -> T {
    CLUSTER.with_borrow_mut(|cluster| action(cluster.as_mut().expect("a cluster was begun")))
}

/// The hash of the state after a random run.
#[unsafe(no_mangle)]
pub extern "C" fn run_hash(seed: u32, events: u32) -> u64 {
    random::hash(seed.into(), events.into())
}

/// Begins with a cluster that has a set without pods, Parallel or not.
#[unsafe(no_mangle)]
pub extern "C" fn begin(parallel: u32) {
    let policy = if parallel == 1 { "Parallel" } else { "OrderedReady" };
    CLUSTER.replace(Some(scenes::cluster(policy)));
}

/// Scales the set, lets everything happen until it is Ready, and says how many things that were.
#[unsafe(no_mangle)]
pub extern "C" fn scale(replicas: u32) -> u32 {
    with_cluster(|cluster| scenes::scale(cluster, replicas).events)
}

/// Lets everything happen that is still to happen.
#[unsafe(no_mangle)]
pub extern "C" fn settle() {
    with_cluster(scenes::settle);
}

/// Has the set looked at so often.
#[unsafe(no_mangle)]
pub extern "C" fn steady(syncs: u32) {
    with_cluster(|cluster| scenes::steady(cluster, syncs));
}

/// Makes a run of so many pods with at least so many events, and says how many there are.
#[unsafe(no_mangle)]
pub extern "C" fn long_run(replicas: u32, events: u32) -> u32 {
    let timeline = scenes::long_run(replicas, events as usize);
    let count = timeline.marks().len();
    TIMELINE.replace(Some(timeline));
    count as u32
}

/// Goes so far along that run, in thousandths.
#[unsafe(no_mangle)]
pub extern "C" fn seek(thousandths: u32) {
    TIMELINE.with_borrow_mut(|timeline| {
        let timeline = timeline.as_mut().expect("a run was made");
        scenes::seek(timeline, thousandths as usize);
    });
}

/// How many texts there are that are made to hurt.
#[unsafe(no_mangle)]
pub extern "C" fn bombs() -> u32 {
    bombs::bombs().len() as u32
}

/// Makes one of those texts, and gives its length in bytes. It stands at `text_at`.
#[unsafe(no_mangle)]
pub extern "C" fn make_bomb(number: u32) -> usize {
    let text = bombs::bombs().swap_remove(number as usize).1.into_bytes();
    let length = text.len();
    BOMB.replace(text);
    length
}

/// Makes room for a text of so many bytes, and begins with an empty cluster.
#[unsafe(no_mangle)]
pub extern "C" fn receive(length: usize) -> *const u8 {
    BOMB.replace(vec![b' '; length]);
    CLUSTER.replace(Some(Cluster::new(Config::default())));
    text_at()
}

/// Where the text stands in memory.
#[unsafe(no_mangle)]
pub extern "C" fn text_at() -> *const u8 {
    BOMB.with_borrow(|text| text.as_ptr())
}

/// Applies the text. Says whether it was refused, at a place and with a reason.
#[unsafe(no_mangle)]
pub extern "C" fn explode() -> u32 {
    let answer = with_cluster(|cluster| {
        BOMB.with_borrow(|text| {
            let text = std::str::from_utf8(text).expect("the text came from a string");
            apply::apply(cluster, text, "bomb.yaml")
        })
    });
    let is_placed = answer.diagnostics.iter().any(|found| found.span.is_some() && !found.message.is_empty());
    u32::from(answer.is_refused() && is_placed)
}
