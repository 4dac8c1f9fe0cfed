//! Owners and dependents.

use statefulscope::api::fields::Fields;
use statefulscope::api::kind::Kind;
use statefulscope::api::meta::ObjectRef;
use statefulscope::cluster::Propagation;
use statefulscope::controllers::reason::Reason;

use crate::support::{Run, WEB, claim, of, pod, set};

#[test]
fn background_deletion_takes_the_owner_first_and_all_pods_at_once() {
    let mut run = Run::of(WEB);
    run.delete(&set("web"), Propagation::Background);
    run.settle();
    run.expect_order(&["web deleted", "web-0 terminating", "web-1 terminating", "web-2 terminating", "web-0 deleted"]);
    assert!(run.names(Kind::Pod).is_empty());
    assert!(run.names(Kind::ControllerRevision).is_empty());
    assert_eq!(run.names(Kind::PersistentVolumeClaim).len(), 3);
}

#[test]
fn foreground_deletion_takes_the_owner_last() {
    let mut run = Run::of(WEB);
    run.delete(&set("web"), Propagation::Foreground);
    run.advance(100);
    let web = run.get(&set("web"));
    assert_eq!(*web.meta.finalizers, ["foregroundDeletion"]);
    assert!(web.meta.is_terminating());
    // The pods have no dependents of their own, so they are deleted in the background.
    assert!(run.get(&pod("web-0")).meta.finalizers.is_empty());
    let waits_for_pod = |reason: &Reason| match reason {
        Reason::Dependents { objects } => objects.contains(&pod("web-0")),
        _ => false,
    };
    assert!(run.reasons(&set("web")).iter().any(waits_for_pod));
    run.settle();
    run.expect_order(&["web terminating", "web-2 terminating", "web-2 deleted", "web deleted"]);
    assert!(run.names(Kind::ControllerRevision).is_empty());
}

#[test]
fn a_dependent_that_does_not_block_is_left_behind_by_foreground_deletion() {
    let mut run = Run::of(WEB);
    let owner = run.get(&set("web")).meta.uid.clone();
    run.apply(&format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: extra\n  namespace: julin\n  finalizers: [example.com/hold]\n  \
         ownerReferences: [{{apiVersion: apps/v1, kind: StatefulSet, name: web, uid: {owner}, blockOwnerDeletion: false}}]\n"
    ));
    run.delete(&set("web"), Propagation::Foreground);
    run.settle();
    assert!(run.find(&set("web")).is_none());
    let extra = of(Kind::ConfigMap, "extra");
    assert!(run.get(&extra).meta.is_terminating());
    assert_eq!(run.reasons(&extra), [Reason::Finalizers { finalizers: vec!["example.com/hold".to_owned()] }]);
    run.patch(&extra, r#"{"metadata":{"finalizers":null}}"#);
    assert!(run.find(&extra).is_none());
}

#[test]
fn orphaned_pods_and_revisions_lose_their_owner_and_are_adopted_again() {
    let mut run = Run::of(WEB);
    let uid = run.get(&pod("web-0")).meta.uid.clone();
    run.delete(&set("web"), Propagation::Orphan);
    run.settle();
    assert!(run.find(&set("web")).is_none());
    assert!(run.get(&pod("web-0")).meta.owner_references.is_empty());
    let revision = of(Kind::ControllerRevision, &run.names(Kind::ControllerRevision)[0]);
    assert!(run.get(&revision).meta.owner_references.is_empty());
    run.apply(WEB);
    run.settle();
    assert_eq!(run.get(&pod("web-0")).meta.uid, uid);
    assert_eq!(run.get(&pod("web-0")).meta.owner_references[0].uid, run.get(&set("web")).meta.uid);
    assert_eq!(run.names(Kind::ControllerRevision), [revision.name.as_str()]);
}

#[test]
fn an_object_whose_owner_never_was_is_collected() {
    let mut run = Run::new();
    let config_map = |owner: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: lost, namespace: julin, ownerReferences: [{{apiVersion: v1, \
             kind: {owner}, name: nobody, uid: 1-2-3}}]}}\n"
        )
    };
    run.apply(&config_map("Service"));
    run.settle();
    assert!(run.find(&of(Kind::ConfigMap, "lost")).is_none());
}

#[test]
fn an_owner_in_another_namespace_is_none_and_that_is_said() {
    let mut run = Run::of(WEB);
    let uid = run.get(&set("web")).meta.uid.clone();
    run.apply(&format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: stray, namespace: default, ownerReferences: [{{apiVersion: \
         apps/v1, kind: StatefulSet, name: web, uid: {uid}}}]}}\n"
    ));
    run.settle();
    let stray = ObjectRef::new(Kind::ConfigMap, "default", "stray");
    let said = format!(
        "ownerRef [apps/v1/StatefulSet, namespace: default, name: web, uid: {uid}] does not exist in namespace \"default\""
    );
    assert_eq!(run.messages(&stray, "OwnerRefInvalidNamespace"), [said]);
    assert!(run.find(&stray).is_none());
}

#[test]
fn an_object_with_one_owner_left_loses_the_reference_to_the_other() {
    let mut run = Run::of(WEB);
    let owner = run.get(&set("web")).meta.uid.clone();
    run.apply(&format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: both\n  namespace: julin\n  ownerReferences:\n  \
         - {{apiVersion: apps/v1, kind: StatefulSet, name: web, uid: {owner}}}\n  \
         - {{apiVersion: v1, kind: Service, name: nobody, uid: 1-2-3}}\n"
    ));
    run.settle();
    let owners = &run.get(&of(Kind::ConfigMap, "both")).meta.owner_references;
    assert_eq!(owners.iter().map(|owner| owner.name.as_str()).collect::<Vec<_>>(), ["web"]);
}

#[test]
fn claims_go_with_the_set_where_the_policy_says_so_and_only_after_their_pods() {
    let policy = "spec:\n  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}\n  serviceName";
    let mut run = Run::of(&WEB.replace("spec:\n  serviceName", policy));
    assert_eq!(run.get(&claim("www-web-0")).meta.owner_references[0].name, "web");
    run.delete(&set("web"), Propagation::Background);
    run.advance(300);
    assert!(run.get(&claim("www-web-0")).meta.is_terminating());
    let pods = vec!["web-0".to_owned()];
    assert!(run.reasons(&claim("www-web-0")).contains(&Reason::ClaimInUse { pods }));
    run.settle();
    run.expect_order(&["web deleted", "www-web-0 terminating", "web-0 deleted", "www-web-0 deleted"]);
    assert!(run.names(Kind::PersistentVolumeClaim).is_empty());
}

#[test]
fn a_namespace_goes_when_everything_in_it_is_gone() {
    let mut run = Run::of(WEB);
    let namespace = of(Kind::Namespace, "julin");
    run.delete(&namespace, Propagation::Background);
    assert_eq!(run.get(&namespace).status.text("phase"), "Terminating");
    run.advance(100);
    assert!(run.reasons(&namespace).iter().any(|reason| matches!(reason, Reason::NamespaceContents { .. })));
    run.settle();
    assert!(run.find(&namespace).is_none());
    assert!(run.names(Kind::Pod).is_empty() && run.names(Kind::PersistentVolumeClaim).is_empty());
    let answer = run.delete(&of(Kind::Namespace, "default"), Propagation::Background);
    let refusal =
        "Error from server (Forbidden): namespaces \"default\" is forbidden: this namespace may not be deleted";
    assert_eq!(answer.output[0].text, refusal);
}
