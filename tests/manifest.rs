//! The manifest reader against serde_yaml, for everything that YAML 1.1 and 1.2 read alike: quoting, block scalars,
//! indentation, flow collections, anchors, comments, several documents.

use serde::Deserialize;
use serde_json::Value;
use statefulscope::manifest::read;

fn with_serde_yaml(text: &str) -> Vec<Value> {
    let documents = serde_yaml::Deserializer::from_str(text);
    documents.map(|document| Value::deserialize(document).unwrap()).collect()
}

fn with_ours(text: &str) -> Vec<Value> {
    let manifest = read(text);
    assert_eq!(manifest.error, None, "{text}");
    manifest.documents.into_iter().map(|document| document.value).collect()
}

#[test]
fn the_scenarios_are_read_alike() {
    let mut seen = 0;
    for entry in std::fs::read_dir("scenarios").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(with_ours(&text), with_serde_yaml(&text), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 0);
}

#[test]
fn every_form_of_scalar_and_collection_is_read_alike() {
    let forms = [
        "plain: a b  c # comment\nhash: a#b\nurl: http://a:80/x?y=z\ncolon: \"a: b\"\n",
        "single: 'it''s'\ndouble: \"tab\\t quote\\\" uni\\u00e9 line\\\n  joined\"\n",
        "literal: |\n  one\n   two\n\n  three\nkeep: |+\n  a\n\nstrip: |-\n  b\n\nindent: |2\n    c\n",
        "folded: >\n  one\n  two\n\n  three\n    more\n  four\nstrip: >-\n  a\n  b\n",
        "multi: line\n  plain value\n",
        "long: one\n  two\n\n  three\n",
        "flow: {a: 1, b: [x, 'y', {c: null}], \"d\": ~}\nempty: {}\nnone: []\ntrailing: [a, b,]\n",
        "list:\n- a\n- - b\n  - c\n-\n  d: 1\n  e: 2\n- f: 1\n  g: 2\n",
        "list:\n  - a\n  - b\nnext: 1\n",
        "? complex\n: value\n",
        "a: &anchor {x: 1}\nb: *anchor\nc: [*anchor, *anchor]\nd: &s text\ne: *s\n",
        "int: 12\nneg: -3\nfloat: 1.5\nbig: 9007199254740993\nnull1: null\nnull2: ~\nnull3:\ntrue: true\n",
        "quoted: \"12\"\nversion: 1.2.3\ndate: 'x'\nzeros: '007'\n",
        "# first\n---\na: 1\n---\nb: 2\n",
        "key with spaces: 1\n\"quoted key\": 2\n'x': 3\n",
        "ünï: ✓\ncjk: 有序\nemoji: \"😀\"\n",
        "a:\n    deep:\n        deeper: 1\n    back: 2\nb: 3\n",
        "text: \"a\n  b\n\n  c\"\nother: 'x\n  y'\n",
    ];
    for text in forms {
        assert_eq!(with_ours(text), with_serde_yaml(text), "{text}");
    }
}
