//! Replays a log of commands from standard input up to a virtual time, in milliseconds, and prints the hash of the state:
//! `cargo run --no-default-features --example replay -- 1234 < log.json`.

use std::io::Read;

use statefulscope::api::time::Instant;
use statefulscope::timeline::Log;

fn main() {
    let until = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let Some(until) = until else {
        eprintln!("usage: replay <virtual time in milliseconds> < log.json");
        std::process::exit(2);
    };
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text).map_err(|error| error.to_string());
    let log = read.and_then(|_| serde_json::from_str::<Log>(&text).map_err(|error| error.to_string()));
    match log {
        Ok(log) => println!("{:016x}", log.replay(Instant(until)).hash()),
        Err(error) => {
            eprintln!("replay: standard input is no log: {error}");
            std::process::exit(1);
        }
    }
}
