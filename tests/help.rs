//! The help with the usual mistakes in a manifest, for what the API server says of them.

use statefulscope::cluster::Cluster;
use statefulscope::cluster::config::Config;
use statefulscope::command::Command;
use statefulscope::manifest::Span;
use statefulscope::manifest::help::{Mistake, of, replace};

const SET: &str = include_str!("../scenarios/web.yaml");

/// The help for the first problem of the set with a change, and the set as it then is.
fn helped(from: &str, to: &str) -> (Mistake, String) {
    let text = SET.replace(from, to);
    assert_ne!(text, SET);
    let answer = Cluster::new(Config::default()).execute(&Command::Apply { manifest: text.clone() });
    let problem = answer.diagnostics.first().expect("a problem");
    let help = of(&text, &problem.message, problem.span.expect("a place"))
        .unwrap_or_else(|| panic!("no help with {}", problem.message));
    let edited = help.edit.map_or(text.clone(), |(span, by)| replace(&text, span, &by));
    (help.mistake, edited)
}

fn misspelt(known: &str) -> Mistake {
    Mistake::Misspelt { known: known.to_owned() }
}

#[test]
fn a_misspelt_field_or_kind_is_put_right() {
    let right = |mistake| (mistake, SET.to_owned());
    assert_eq!(helped("volumeClaimTemplates", "volumeClaimTemplate"), right(misspelt("volumeClaimTemplates")));
    assert_eq!(helped("containerPort", "containerport"), right(misspelt("containerPort")));
    assert_eq!(helped("kind: StatefulSet", "kind: StatefulSat"), right(misspelt("StatefulSet")));
}

#[test]
fn quotes_and_tabs_are_put_right() {
    assert_eq!(helped("replicas: 2", "replicas: \"2\""), (Mistake::Quoted, SET.to_owned()));
    assert_eq!(helped("        image: nginx", "        image: 7"), {
        (Mistake::Unquoted, SET.replace("        image: nginx", "        image: \"7\""))
    });
    assert_eq!(helped("\n  replicas: 2", "\n\treplicas: 2"), (Mistake::Tab, SET.to_owned()));
}

#[test]
fn what_cannot_be_put_right_safely_is_said() {
    let changed = |from: &str, to: &str| helped(from, to).0;
    assert_eq!(changed("apiVersion: apps/v1", "apiVersion: v1"), Mistake::Version { version: "apps/v1".to_owned() });
    assert_eq!(changed("      app: nginx # as", "      app: other # as"), Mistake::Selector);
    assert_eq!(
        changed("  replicas: 2", "  replicas: 2\n  containers: []"),
        Mistake::Elsewhere { field: "containers".to_owned() }
    );
}

#[test]
fn what_nobody_meant_gets_no_help() {
    let span = Span { line: 24, column: 2, end_line: 24, end_column: 10 };
    assert_eq!(of(SET, "unknown field \"spec.frobnicate\"", span), None);
    assert_eq!(of("", "unknown field \"x\"", Span::default()), None);
    assert_eq!(of(SET, "json: cannot unmarshal string into Go struct field A.b of type int32", span), None);
}
