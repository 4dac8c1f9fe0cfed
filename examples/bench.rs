//! How long the engine takes, natively: `make bench` runs this, and then the same in wasm (`tools/bench.mjs`).
//! With a number it prints the hashes of so many random runs instead, which `tools/wasm-check.mjs` compares with wasm's.

#[path = "../tests/properties/random.rs"]
#[allow(dead_code)]
mod random;
mod scenes;

use std::time::Instant;

fn main() {
    match std::env::args().nth(1).and_then(|runs| runs.parse().ok()) {
        Some(runs) => (1..=runs).for_each(|seed| println!("{:016x}", random::hash(seed, 500))),
        None => bench(),
    }
}

fn bench() {
    let mut cluster = scenes::cluster("OrderedReady");
    scenes::scale(&mut cluster, 1);
    let started = Instant::now();
    let course = scenes::scale(&mut cluster, 100);
    report("native: one ordered set, 1 to 100 Ready", started, &format!("{} events", course.events));

    let mut cluster = scenes::cluster("Parallel");
    let started = Instant::now();
    let course = scenes::scale(&mut cluster, 1000);
    let what = format!("{} events, all pods created in {} syncs", course.events, course.syncs);
    report("native: one Parallel set, 0 to 1,000 Ready", started, &what);
    assert!(course.syncs <= 2, "the pods of a Parallel set are created within two syncs");

    for replicas in [3, 30, 300] {
        let mut cluster = scenes::cluster("Parallel");
        scenes::scale(&mut cluster, replicas);
        scenes::settle(&mut cluster);
        let started = Instant::now();
        scenes::steady(&mut cluster, 10_000);
        let each = started.elapsed().as_secs_f64() * 1e6 / 10_000.0;
        report(&format!("native: 10,000 syncs of {replicas} steady pods"), started, &format!("{each:.1} µs each"));
    }
    growth();
    for replicas in [10, 100, 1000] {
        seek(replicas);
    }
}

/// How long a set takes to start, and how long a sync of it then takes, for larger and larger sets: neither may grow with
/// the square of the pods.
fn growth() {
    let mut of_a_pod = Vec::new();
    for replicas in [100, 1000, 2000] {
        let mut cluster = scenes::cluster_of("Parallel", replicas.max(1000) / 100);
        let started = Instant::now();
        scenes::scale(&mut cluster, replicas);
        let start = started.elapsed().as_secs_f64() * 1e6;
        scenes::settle(&mut cluster);
        let started = Instant::now();
        scenes::steady(&mut cluster, 1000);
        let sync = started.elapsed().as_secs_f64() * 1e3;
        let pods = f64::from(replicas);
        println!(
            "native: {replicas} pods: 0 to Ready in {:.1} µs a pod, then a sync in {sync:.1} µs, {:.3} µs a pod",
            start / pods,
            sync / pods
        );
        of_a_pod.push([start / pods, sync / pods]);
    }
    for (small, large) in of_a_pod[0].iter().zip(of_a_pod[2]) {
        // Twenty times as many pods would cost twenty times as much each if it did.
        assert!(large < small * 5.0, "what a pod costs grows with the number of pods");
    }
}

/// Seeks to 100 places all over a run of 10,000 events, each as far from the one before as can be.
fn seek(replicas: u32) {
    let started = Instant::now();
    let mut timeline = scenes::long_run(replicas, 10_000);
    let events = timeline.marks().len();
    report(&format!("native: a run of {replicas} pods"), started, &format!("{events} events"));
    let started = Instant::now();
    let mut longest = 0.0f64;
    for number in 0..100 {
        let started = Instant::now();
        scenes::seek(&mut timeline, number * 382 % 1000);
        longest = longest.max(started.elapsed().as_secs_f64() * 1e3);
    }
    report(&format!("native: 100 seeks in {events} events"), started, &format!("the longest {longest:.1} ms"));
}

fn report(what: &str, started: Instant, more: &str) {
    println!("{what}: {:.1} ms ({more})", started.elapsed().as_secs_f64() * 1e3);
}
