use serde_json::{Value, json};

use super::message::{Message, Refusal, UNDERSTOOD, read};
use super::parameters::Parameters;
use crate::api::time::Instant;

fn seconds(seconds: f64) -> Instant {
    Instant(Instant::START.0 + (seconds * 1000.0) as i64)
}

#[test]
fn a_parameter_is_read_clamped_or_ignored() {
    let asked =
        Parameters::read("?embed&view=table&theme=dark&lang=zh-CN&readonly=1&controls=none&speed=1e9&at=1m30s&loop");
    assert!(asked.readonly() && asked.is_loop() && !asked.autoplay());
    assert_eq!((asked.view(), asked.theme(), asked.lang(), asked.controls()), ("table", "dark", "zh-CN", "none"));
    assert_eq!((asked.speed(), asked.at()), (Some(1000.0), Some(seconds(90.0))));

    let odd = Parameters::read("embed=0&readonly=false&view=<b>&theme=DARK&speed=NaN&at=soon&unknown=1&&=&speed");
    assert!(!odd.readonly());
    assert_eq!((odd.view(), odd.theme(), odd.controls()), ("graph", "auto", "full"));
    assert_eq!((odd.speed(), odd.at()), (None, None));

    for (text, at) in [("90", 90.0), ("2.5s", 2.5), ("1m", 60.0), ("99999999999", 864_000.0), ("-3", 0.0)] {
        assert_eq!(Parameters::read(&format!("at={text}")).at(), Some(seconds(at)), "{text}");
    }
}

#[test]
fn every_documented_message_is_understood() {
    for (example, _) in UNDERSTOOD {
        let mut message: Value = serde_json::from_str(example).unwrap();
        assert_eq!(read(&message).1, Err(Refusal::NotOurs), "{example}");
        message["statefulscope"] = json!(1);
        read(&message).1.unwrap();
    }
    let load = json!({"statefulscope": 1, "type": "load", "manifest": "kind: Pod", "id": 7});
    assert_eq!(read(&load), (json!(7), Ok(Message::LoadManifest("kind: Pod".to_owned()))));
}

#[test]
fn a_message_that_is_not_understood_says_why() {
    let why = |message: Value| match read(&message).1 {
        Err(Refusal::Wrong(why)) => why,
        other => panic!("{message}: {other:?}"),
    };
    let of = |mut fields: Value| {
        fields["statefulscope"] = json!(1);
        why(fields)
    };
    assert_eq!(why(json!({"statefulscope": 2, "type": "play"})), "statefulscope: only version 1 is understood");
    assert_eq!(of(json!({"type": "eval"})), "type: \"eval\" is none of setConfig, play, pause, seek, run, load");
    assert_eq!(of(json!({"type": "seek", "time": -1})), "time: seconds since the cluster began are expected");
    assert_eq!(of(json!({"type": "seek", "time": "1"})), "time: seconds since the cluster began are expected");
    assert_eq!(of(json!({"type": "run"})), "line: a string is expected");
    assert_eq!(of(json!({"type": "run", "line": "a\nb"})), "line: one line without control characters is expected");
    assert_eq!(of(json!({"type": "run", "line": "x".repeat(5000)})), "line: more than 4096 bytes");
    assert_eq!(of(json!({"type": "setConfig", "theme": "<b>"})), "theme: one of auto, light, dark is expected");
    assert_eq!(of(json!({"type": "load", "link": {}})), "link: a string is expected");
}

/// Forged messages: whatever a page sends, each is refused or one that is understood.
#[test]
fn a_thousand_forged_messages_are_refused() {
    let bits = [
        json!(null),
        json!(true),
        json!(1),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("play"),
        json!("run"),
        json!("load"),
        json!([]),
        json!({}),
        json!({"statefulscope": 1}),
        json!("\u{0}"),
        json!("javascript:alert(1)"),
        json!("<img src=x>"),
    ];
    let names =
        ["statefulscope", "type", "id", "line", "time", "link", "manifest", "theme", "__proto__", "constructor"];
    let mut seed = 1_u64;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut refused = 0;
    for _ in 0..1000 {
        let mut message = json!({"statefulscope": 1});
        for _ in 0..=next(4) {
            message[names[next(names.len())]] = bits[next(bits.len())].clone();
        }
        match read(&message).1 {
            Err(_) => refused += 1,
            // What is left changes no cluster by itself.
            Ok(Message::Play | Message::Run(_) | Message::LoadLink(_) | Message::LoadManifest(_)) => {}
            Ok(other) => panic!("{message}: {other:?}"),
        }
    }
    assert!(refused > 900, "{refused}");
}
