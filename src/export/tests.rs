use super::svg::{Colors, View};
use super::*;
use crate::api::time::Millis;
use crate::cluster::config::Config;
use crate::command::Command;
use crate::graph::build::build;
use crate::graph::model::Graph;
use crate::i18n::Language;
use crate::manifest;
use crate::timeline::Timeline;

const WEB: &str = include_str!("../../scenarios/web.yaml");

fn run(manifest: &str, seconds: i64) -> Timeline {
    let mut timeline = Timeline::new(Config::default());
    timeline.dispatch(Command::Apply { manifest: manifest.to_owned() });
    timeline.advance(Millis::from_secs(seconds));
    timeline
}

/// What a reader of XML has to find: every tag closed, in order; attributes in quotes; nothing but known entities.
/// Gives the names of the elements and all text.
fn parse(svg: &str) -> (Vec<String>, String) {
    let (mut open, mut names, mut text) = (Vec::new(), Vec::new(), String::new());
    let mut rest = svg;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let end = at + rest[at..].find('>').expect("a tag ends");
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let inside = tag.strip_suffix('/').unwrap_or(tag);
        let name: String = inside.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let mut attributes = inside[name.len()..].trim_end();
        let mut keys = Vec::new();
        while !attributes.is_empty() {
            let (key, value) = attributes.split_once("=\"").unwrap_or_else(|| panic!("no attribute: {attributes}"));
            let name = key.trim_start();
            assert!(key != name && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{key}: {tag}");
            assert!(!keys.contains(&name), "{name} twice: {tag}");
            keys.push(name);
            attributes = value.split_once('"').expect("a value ends").1;
        }
        if !tag.ends_with('/') {
            open.push(name.clone());
        }
        names.push(name);
    }
    assert!(open.is_empty(), "{open:?}");
    for entity in svg.split('&').skip(1) {
        let known = ["amp;", "lt;", "gt;", "quot;"];
        assert!(known.iter().any(|known| entity.starts_with(known)), "&{entity:.10}");
    }
    (names, text)
}

/// A graph in which every string is one that would do harm where it is not escaped.
fn harmful(payload: &str) -> Graph {
    let mut graph = build(run(WEB, 60).cluster());
    let bad = |text: &mut String| payload.clone_into(text);
    for set in &mut graph.sets {
        bad(&mut set.reference.name);
        bad(&mut set.current_revision);
        set.update_revision = set.current_revision.clone();
        bad(&mut set.service_name);
        for service in set.service.iter_mut().chain(&mut set.services) {
            bad(&mut service.reference.name);
            bad(&mut service.dns_name);
            service.cluster_ip = Some(payload.to_owned());
            service.endpoints = vec![payload.to_owned()];
        }
        let mut columns = set.columns.to_vec();
        for column in &mut columns {
            let column = std::sync::Arc::make_mut(column);
            bad(&mut column.dns_name);
            bad(&mut column.pod_ref.name);
            column.address = Ok(payload.to_owned());
            column.former_address = Some(payload.to_owned() + "x");
            let pod = column.pod.as_mut().expect("the set runs");
            bad(&mut pod.status);
            bad(&mut pod.revision);
            (pod.node, pod.address) = (Some(payload.to_owned()), Some(payload.to_owned()));
            pod.images = vec![payload.to_owned()];
            for claim in &mut column.claims {
                bad(&mut claim.reference.name);
                bad(&mut claim.phase);
                bad(&mut claim.storage);
                let volume = claim.volume.as_mut().expect("the claim is bound");
                bad(&mut volume.reference.name);
                bad(&mut volume.capacity);
            }
        }
        set.columns = columns.into();
    }
    graph.others = graph.sets.iter().map(|set| set.reference.clone()).collect();
    graph
}

/// A picture of one cluster.
fn picture(graph: &Graph, language: Language, colors: Colors, caption: &str) -> String {
    svg::svg(&View { graph, beside: None, tints: false, colors, caption }, language.strings())
}

const PAYLOADS: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"/><image href=x onerror=alert(1)>",
    "' onload='alert(1)",
    "]]><!--&xxe;\u{0}\u{1b}\u{ffff}",
    "\"]\n  click n0 href \"javascript:alert(1)\"\n  n9[\"",
    "`;%%{init: {'securityLevel': 'loose'}}%%",
];

#[test]
fn a_picture_stands_alone_and_has_what_the_page_shows() {
    let timeline = run(WEB, 60);
    let graph = build(timeline.cluster());
    for language in [Language::English, Language::Chinese] {
        for colors in [Colors::Light, Colors::Dark, Colors::OfPage] {
            let svg = picture(&graph, language, colors, "at 1:00.0");
            let (names, text) = parse(&svg);
            let allowed = ["svg", "title", "desc", "g", "rect", "path", "text", "circle"];
            assert!(names.iter().all(|name| allowed.contains(&name.as_str())), "{names:?}");
            for word in ["julin/web", "web-0", "web-1", "www-web-0", "Running", "at 1:00.0"] {
                assert!(text.contains(word), "{word}");
            }
            // No class is left to a style sheet, and nothing is loaded.
            for word in ["class=", "style=", "href", "url(", "#808080"] {
                assert!(!svg.contains(word), "{word}");
            }
            assert_eq!(svg.contains("#177c5b"), colors == Colors::Light);
            assert_eq!(svg.contains("#74fdbb"), colors == Colors::Dark);
            // In the page it follows the page's own colours and fonts.
            let is_of_page = colors == Colors::OfPage;
            assert_eq!(svg.contains("var(--state-ready)"), is_of_page);
            assert_eq!(svg.contains("var("), is_of_page);
            assert_eq!(svg.contains("=\"#") || svg.contains("system-ui"), !is_of_page);
        }
    }
    let empty = build(Timeline::new(Config::default()).cluster());
    let (_, text) = parse(&picture(&empty, Language::English, Colors::Light, ""));
    assert!(text.contains("Nothing is running yet"));
}

#[test]
fn a_picture_of_every_moment_can_be_read() {
    let mut timeline = run(&WEB.replace("  replicas: 2", "  replicas: 4"), 60);
    let image = WEB.replace("        image: nginx", "        image: nginx:1.29");
    timeline.dispatch(Command::Apply { manifest: image });
    for _ in 0..60 {
        timeline.advance(Millis(500));
        parse(&picture(&build(timeline.cluster()), Language::English, Colors::Light, "<now>"));
    }
}

#[test]
fn nodes_have_tints_in_a_picture_where_they_have_them_on_the_page() {
    let strings = Language::English.strings();
    let few = build(run(WEB, 60).cluster());
    let many = WEB.replace("  replicas: 2", "  replicas: 300\n  podManagementPolicy: Parallel");
    for graph in [few, build(run(&many, 20).cluster())] {
        let of = |tints, colors| svg::svg(&View { graph: &graph, beside: None, tints, colors, caption: "" }, strings);
        let [plain, light, dark] = [(false, Colors::Light), (true, Colors::Light), (true, Colors::Dark)]
            .map(|(tints, colors)| of(tints, colors));
        assert_eq!(plain.matches("<rect").count(), light.matches("<rect").count());
        // The pod of the first node, and that of another.
        let is_tiles = graph.sets[0].columns.len() > 24;
        let colors = if is_tiles { ["#2f6fde", "#b4540a"] } else { ["#d1dff8", "#efd9c9"] };
        for color in colors {
            assert!(light.contains(color) && !plain.contains(color) && !dark.contains(color), "{color}");
        }
        parse(&light);
    }
}

#[test]
fn two_clusters_that_are_compared_are_in_one_picture_and_what_differs_is_marked() {
    let strings = Language::English.strings();
    let one = build(run(WEB, 60).cluster());
    let other = build(run(&WEB.replace("  replicas: 2", "  replicas: 3"), 60).cluster());
    let of = |beside, caption| {
        svg::svg(&View { graph: &one, beside, tints: false, colors: Colors::Light, caption }, strings)
    };
    let (alone, both) = (of(None, "a"), of(Some((&other, "replicas: 3")), "a"));
    let (_, text) = parse(&both);
    assert!(text.contains("As it is") && text.contains("replicas: 3") && text.contains("web-2"));
    // The set and its counts differ in both, and the third pod with its claim and volume is in one of them alone.
    assert!(!alone.contains('≠') && both.matches('≠').count() >= 4, "{}", both.matches('≠').count());
    assert!(both.contains(strings.differs) && both.contains(strings.only_here));
    assert!(svg::size(&both).0 > svg::size(&alone).0 * 1.5);
    assert!(!of(Some((&one, "the same")), "a").contains('≠'));
}

#[test]
fn many_pods_are_tiles_in_a_picture_and_counted_in_a_flowchart() {
    let many = WEB.replace("  replicas: 2", "  replicas: 300\n  podManagementPolicy: Parallel");
    let graph = build(run(&many, 20).cluster());
    let strings = Language::English.strings();
    let svg = picture(&graph, Language::English, Colors::Light, "");
    parse(&svg);
    assert!(svg.len() < 120_000, "{}", svg.len());
    let chart = mermaid::mermaid(&graph, strings);
    assert!(chart.contains("200 more pods"), "{chart}");
    assert!(chart.matches("->").count() <= 500 && chart.len() < 50_000, "{}", chart.len());
}

#[test]
fn what_people_wrote_does_no_harm_in_any_form() {
    let strings = Language::English.strings();
    for payload in PAYLOADS {
        let graph = harmful(payload);
        let beside = Some((&graph, payload));
        let svg =
            svg::svg(&View { graph: &graph, beside, tints: true, colors: Colors::Light, caption: payload }, strings);
        let (names, _) = parse(&svg);
        assert!(!names.iter().any(|name| name == "script" || name == "image"), "{payload}");
        assert!(!svg.contains(['\0', '\u{1b}', '\u{ffff}']));
        let chart = mermaid::mermaid(&graph, strings);
        for line in chart.lines() {
            let line = line.trim();
            let is_node = line.starts_with('n') || line.starts_with("subgraph ");
            let is_other = ["flowchart TB", "direction TB", "end"].contains(&line) || line.starts_with("classDef ");
            assert!(is_node || is_other, "{line}");
            assert!(line.matches('"').count() % 2 == 0 && line.matches('"').count() <= 2, "{line}");
            let words = line.replace("<br/>", "");
            let is_link = words.ends_with(|c: char| c.is_ascii_digit()) && words.contains("> n");
            assert!(is_link || !words.contains(['<', '>', '`', '%', '\'', '{']), "{line}");
        }
    }
}

#[test]
fn a_flowchart_says_what_hangs_on_what() {
    let chart = mermaid::mermaid(&build(run(WEB, 60).cluster()), Language::English.strings());
    let lines: Vec<&str> = chart.lines().map(str::trim).collect();
    assert_eq!(lines[1], "subgraph s0[\"StatefulSet julin/web · 2 of 2 ready\"]");
    assert_eq!(lines[3], "n0[\"Service · headless<br/>nginx.julin.svc.cluster.local\"]");
    assert!(lines[4].starts_with("n1[\"web-0<br/>● Running<br/>node"), "{}", lines[4]);
    assert_eq!(lines[5], "n0 --> n1");
    assert_eq!(lines[6], "n2[\"PVC<br/>www-web-0<br/>Bound\"]:::ready");
    assert!(lines.contains(&"classDef ready stroke:#177c5b,stroke-width:2px"), "{chart}");
    let empty = mermaid::mermaid(&Graph::default(), Language::English.strings());
    assert_eq!(empty, "flowchart TB\n  n0[\"Nothing is running yet\"]\n");
}

#[test]
fn the_state_as_yaml_can_be_read_again() {
    let timeline = run(WEB, 60);
    let text = yaml(timeline.cluster());
    let read = manifest::read(&text);
    assert!(read.error.is_none());
    let kinds: Vec<&str> = read.documents().map(|entry| entry.value["kind"].as_str().unwrap_or_default()).collect();
    for kind in ["StatefulSet", "Service", "Pod", "PersistentVolumeClaim", "PersistentVolume", "StorageClass", "Node"] {
        assert!(kinds.contains(&kind), "{kind} of {kinds:?}");
    }
    assert!(!kinds.contains(&"Event"));
    let count = |kind: &str| kinds.iter().filter(|known| **known == kind).count();
    assert_eq!((count("Pod"), count("PersistentVolumeClaim")), (2, 2));
}

#[test]
fn code_for_other_pages_carries_the_link_and_nothing_that_was_not_meant() {
    let page = "https://example.com/scope/index.html";
    let of = |title| embed::Embed { page, hash: "#s=1.8.AAAAAAAA", picture: "&p=AAAA", title };
    let link = "https://example.com/scope/index.html#s=1.8.AAAAAAAA";
    let plain = of("A set at 0:12.3");
    assert_eq!(plain.link(), link);
    // What is looked at first goes with figures alone.
    let figure = "<iframe src=\"https://example.com/scope/index.html?embed#s=1.8.AAAAAAAA&amp;p=AAAA\" title";
    assert!(plain.iframe().starts_with(figure));
    assert_eq!(plain.markdown("web.svg"), format!("[![A set at 0\\:12\\.3](web.svg)](<{link}>)\n"));
    let element = plain.element("kind: Pod\nname: web\n");
    assert!(element.contains("src=\"https://example.com/scope/statefulscope-scenario.js\""), "{element}");
    assert!(element.contains(&format!("<statefulscope-scenario src=\"{link}&amp;p=AAAA\"")), "{element}");
    assert!(element.contains("<pre>\nkind: Pod\nname: web\n</pre>"), "{element}");
    for payload in PAYLOADS {
        let bad = of(payload);
        let (names, _) = parse(&bad.iframe());
        assert_eq!(names, ["iframe"]);
        let (names, text) = parse(&bad.element(payload));
        assert_eq!(names, ["script", "statefulscope-scenario", "pre"]);
        assert!(!text.contains('<'));
        assert_eq!(bad.markdown("a.svg").lines().count(), 1);
    }
}
