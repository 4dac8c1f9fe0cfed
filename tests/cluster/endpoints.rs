//! The endpoints of Services.

use statefulscope::api::fields::Fields;
use statefulscope::api::kind::Kind;
use statefulscope::cluster::Propagation;
use statefulscope::command::Command;
use statefulscope::controllers::kubelet::PodFaults;

use crate::support::{Run, WEB, of, pod};

/// The names in the Endpoints object: those that are ready, and those that are not.
fn names(run: &Run) -> (Vec<String>, Vec<String>) {
    let subsets = run.get(&of(Kind::Endpoints, "nginx")).rest.list("subsets");
    let of = |field: &str| {
        let addresses = subsets.iter().flat_map(|subset| subset.list(field));
        addresses.map(|address| address.text("hostname").to_owned()).collect()
    };
    (of("addresses"), of("notReadyAddresses"))
}

#[test]
fn endpoints_follow_readiness_and_go_with_their_service() {
    let mut run = Run::of(WEB);
    assert_eq!(names(&run).0.len(), 3);
    let endpoints = run.get(&of(Kind::Endpoints, "nginx"));
    assert_eq!(endpoints.meta.label("endpoints.kubernetes.io/managed-by"), "endpoint-controller");
    assert_eq!(endpoints.rest.list("subsets")[0].list("ports")[0].int("port"), Some(80));
    run.dispatch(Command::SetFaults {
        pod: pod("web-1"),
        faults: PodFaults { not_ready: true, ..PodFaults::default() },
    });
    run.settle();
    assert_eq!(names(&run).1, ["web-1"]);
    run.dispatch(Command::SetFaults { pod: pod("web-1"), faults: PodFaults::default() });
    run.delete(&pod("web-1"), Propagation::Background);
    run.advance(100);
    // A pod that is going is in the slice, and not in the older form.
    let (ready, not_ready) = names(&run);
    assert!(!ready.contains(&"web-1".to_owned()) && not_ready.is_empty());
    run.delete(&of(Kind::Service, "nginx"), Propagation::Background);
    run.settle();
    assert!(run.find(&of(Kind::Endpoints, "nginx")).is_none());
    assert!(run.names(Kind::EndpointSlice).is_empty());
}

#[test]
fn a_named_port_is_the_pods_own() {
    let named = WEB
        .replace("{port: 80, name: web}", "{port: 80, name: web, targetPort: http}")
        .replace("image: \"nginx:1\",", "image: \"nginx:1\", ports: [{name: http, containerPort: 8080}],");
    let run = Run::of(&named);
    let slice = of(Kind::EndpointSlice, &run.names(Kind::EndpointSlice)[0]);
    assert_eq!(run.get(&slice).rest.list("ports")[0].int("port"), Some(8080));
}
