//! Claims, volumes, classes and provisioners.

use statefulscope::api::fields::Fields;
use statefulscope::api::kind::Kind;
use statefulscope::cluster::Propagation;
use statefulscope::command::Command;
use statefulscope::controllers::reason::{Reason, VolumeMismatch};

use crate::support::{Run, WEB, claim, condition, of, pod, set};

/// A class of this name with these other fields.
fn class(name: &str, fields: &str) -> String {
    format!("apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {{name: {name}}}\n{fields}\n")
}

/// A volume that somebody made by hand.
fn volume(name: &str, size: &str, spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: {name}, labels: {{name: {name}}}}}\nspec: {{capacity: \
         {{storage: {size}}}, accessModes: [ReadWriteOnce], hostPath: {{path: /data}}, {spec}}}\n"
    )
}

fn lone_claim(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}, namespace: julin}}\nspec: {{accessModes: \
         [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}, {spec}}}\n"
    )
}

fn with_class(class: &str) -> String {
    WEB.replace("[ReadWriteOnce], ", &format!("[ReadWriteOnce], storageClassName: {class}, "))
}

fn phase(run: &Run, name: &str) -> String {
    run.get(&of(Kind::PersistentVolume, name)).status.text("phase").to_owned()
}

#[test]
fn a_claim_deleted_in_use_stays_until_its_pod_goes_and_a_new_one_comes() {
    let mut run = Run::of(WEB);
    let uid = run.get(&claim("www-web-1")).meta.uid.clone();
    run.delete(&claim("www-web-1"), Propagation::Background);
    run.settle();
    assert!(run.get(&claim("www-web-1")).meta.is_terminating());
    assert!(run.reasons(&claim("www-web-1")).contains(&Reason::ClaimInUse { pods: vec!["web-1".to_owned()] }));
    run.mark();
    run.delete(&pod("web-1"), Propagation::Background);
    run.settle();
    run.expect_order(&["web-1 deleted", "www-web-1 deleted", "www-web-1 created", "web-1 created", "web-1 Started"]);
    assert_ne!(run.get(&claim("www-web-1")).meta.uid, uid);
    assert_eq!(phase(&run, &format!("pvc-{uid}")), "Released");
    let reason = Reason::VolumeRetained { claim: "julin/www-web-1".to_owned() };
    assert_eq!(run.reasons(&of(Kind::PersistentVolume, &format!("pvc-{uid}"))), [reason]);
}

#[test]
fn a_provisioned_volume_goes_with_its_claim_under_delete() {
    let mut run = Run::new();
    run.apply(&class("fast", "provisioner: fuseim.pri/ifs"));
    run.apply(&with_class("fast"));
    run.settle();
    run.mark();
    let volume = run.get(&claim("www-web-2")).spec.text("volumeName").to_owned();
    run.scale(2);
    run.settle();
    run.delete(&claim("www-web-2"), Propagation::Background);
    run.settle();
    run.expect_order(&["www-web-2 terminating", "www-web-2 deleted", &format!("{volume} deleted")]);
    assert_eq!(run.names(Kind::PersistentVolume).len(), 2);
}

#[test]
fn a_volume_in_use_cannot_go() {
    let mut run = Run::of(WEB);
    let name = run.get(&claim("www-web-0")).spec.text("volumeName").to_owned();
    run.delete(&of(Kind::PersistentVolume, &name), Propagation::Background);
    run.settle();
    let reasons = run.reasons(&of(Kind::PersistentVolume, &name));
    assert_eq!(reasons[0], Reason::VolumeInUse { claim: "julin/www-web-0".to_owned() });
}

#[test]
fn a_claim_without_a_class_that_is_there_says_why_it_waits() {
    let mut run = Run::new();
    run.apply(&with_class("nosuch"));
    run.settle();
    let www = claim("www-web-0");
    assert_eq!(run.messages(&www, "ProvisioningFailed")[0], "storageclass.storage.k8s.io \"nosuch\" not found");
    assert_eq!(run.reasons(&www), [Reason::StorageClassMissing { class: "nosuch".to_owned() }]);
    run.apply(&class("nosuch", "provisioner: fuseim.pri/ifs"));
    run.settle();
    assert!(run.reasons(&www).is_empty());
    assert_eq!(run.names(Kind::Pod).len(), 3);
}

#[test]
fn the_default_class_is_given_at_once_and_afterwards() {
    let mut run = Run::new();
    let default = of(Kind::StorageClass, "nfs-storage");
    run.patch(&default, r#"{"metadata":{"annotations":null}}"#);
    run.apply(WEB);
    run.settle();
    let www = claim("www-web-0");
    let message = "no persistent volumes available for this claim and no storage class is set";
    assert_eq!(run.messages(&www, "FailedBinding")[0], message);
    assert_eq!(run.reasons(&www), [Reason::NoStorageClass]);
    run.patch(&default, r#"{"metadata":{"annotations":{"storageclass.kubernetes.io/is-default-class":"true"}}}"#);
    run.settle();
    assert_eq!(run.get(&www).spec.text("storageClassName"), "nfs-storage");
    assert_eq!(run.get(&www).status.text("phase"), "Bound");
}

#[test]
fn a_provisioner_that_is_down_is_waited_for() {
    let mut run = Run::new();
    let provisioner = "fuseim.pri/ifs".to_owned();
    run.dispatch(Command::SetProvisionerDown { provisioner: provisioner.clone(), down: true });
    run.apply(WEB);
    run.settle();
    let www = claim("www-web-0");
    assert_eq!(
        run.messages(&www, "ExternalProvisioning")[0],
        "Waiting for a volume to be created either by the external provisioner 'fuseim.pri/ifs' or manually by the system \
         administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
    );
    assert_eq!(run.reasons(&www), [Reason::WaitForProvisioner { provisioner: provisioner.clone(), down: true }]);
    run.dispatch(Command::SetProvisionerDown { provisioner, down: false });
    run.settle();
    assert_eq!(run.get(&set("web")).status.int("readyReplicas"), Some(3));
}

#[test]
fn a_volume_made_by_hand_is_matched_by_size_class_modes_and_selector() {
    let mut run = Run::new();
    run.apply(&lone_claim("data", "storageClassName: localhostpath, selector: {matchLabels: {name: right}}"));
    run.settle();
    let data = claim("data");
    let message = "no volume plugin matched name: kubernetes.io/no-provisioner";
    assert_eq!(run.messages(&data, "ProvisioningFailed")[0], message);
    run.apply(&volume("small", "1Mi", "storageClassName: localhostpath"));
    run.apply(&volume("other-class", "1Gi", "storageClassName: other"));
    run.apply(&volume("wrong", "1Gi", "storageClassName: localhostpath"));
    run.settle();
    let refused = [
        ("other-class", VolumeMismatch::StorageClass),
        ("small", VolumeMismatch::TooSmall),
        ("wrong", VolumeMismatch::Selector),
    ];
    let refused = refused.map(|(name, why)| (name.to_owned(), why)).to_vec();
    assert_eq!(run.reasons(&data), [Reason::NoVolumeFits { class: "localhostpath".to_owned(), refused }]);
    run.apply(&volume("right", "2Gi", "storageClassName: localhostpath"));
    run.settle();
    assert_eq!(run.get(&data).spec.text("volumeName"), "right");
    assert_eq!(run.get(&data).status.field("capacity").text("storage"), "2Gi");
    assert_eq!((phase(&run, "right"), phase(&run, "wrong")), ("Bound".to_owned(), "Available".to_owned()));
}

#[test]
fn the_smallest_volume_that_fits_is_taken() {
    let mut run = Run::new();
    for (name, size) in [("a", "5Gi"), ("b", "2Gi"), ("c", "3Gi")] {
        run.apply(&volume(name, size, "storageClassName: localhostpath"));
    }
    run.settle();
    run.apply(&lone_claim("data", "storageClassName: localhostpath"));
    run.settle();
    assert_eq!(run.get(&claim("data")).spec.text("volumeName"), "b");
}

#[test]
fn a_claim_can_ask_for_a_volume_by_name_and_is_told_what_is_wrong_with_it() {
    let mut run = Run::new();
    run.apply(&lone_claim("data", "storageClassName: localhostpath, volumeName: mine"));
    run.settle();
    assert_eq!(run.reasons(&claim("data")), [Reason::VolumeMissing { volume: "mine".to_owned() }]);
    run.apply(&volume("mine", "1Mi", "storageClassName: localhostpath"));
    run.patch(&claim("data"), r#"{"metadata":{"labels":{"look":"again"}}}"#);
    run.settle();
    let message = "Cannot bind to requested volume \"mine\": requested PV is too small";
    assert_eq!(run.messages(&claim("data"), "VolumeMismatch")[0], message);
}

#[test]
fn a_volume_reserved_for_a_claim_is_taken_by_that_claim_alone() {
    let mut run = Run::new();
    let reserved = "storageClassName: localhostpath, claimRef: {namespace: julin, name: data}";
    run.apply(&volume("mine", "5Gi", reserved));
    run.apply(&lone_claim("other", "storageClassName: localhostpath"));
    run.settle();
    assert_eq!(run.get(&claim("other")).status.text("phase"), "Pending");
    run.apply(&lone_claim("data", "storageClassName: localhostpath"));
    run.settle();
    assert_eq!(run.get(&claim("data")).spec.text("volumeName"), "mine");
    // The claim goes; whoever wants the data again takes the uid off the reference.
    run.delete(&claim("data"), Propagation::Background);
    run.settle();
    assert_eq!(phase(&run, "mine"), "Released");
    run.patch(&of(Kind::PersistentVolume, "mine"), r#"{"spec":{"claimRef":{"uid":null}}}"#);
    run.apply(&lone_claim("data", "storageClassName: localhostpath"));
    run.settle();
    assert_eq!((phase(&run, "mine"), run.get(&claim("data")).status.text("phase")), ("Bound".to_owned(), "Bound"));
}

#[test]
fn a_volume_by_hand_under_delete_fails_where_nobody_can_delete_it() {
    let mut run = Run::new();
    run.apply(&volume("mine", "5Gi", "storageClassName: localhostpath, persistentVolumeReclaimPolicy: Delete"));
    run.apply(&lone_claim("data", "storageClassName: localhostpath"));
    run.settle();
    run.delete(&claim("data"), Propagation::Background);
    run.settle();
    assert_eq!(phase(&run, "mine"), "Failed");
    let message = "host_path deleter only supports /tmp/.+ but received provided /data";
    assert_eq!(run.messages(&of(Kind::PersistentVolume, "mine"), "VolumeFailedDelete"), [message]);
}

#[test]
fn a_claim_whose_volume_is_gone_is_lost() {
    let mut run = Run::of(WEB);
    let name = run.get(&claim("www-web-0")).spec.text("volumeName").to_owned();
    run.patch(&of(Kind::PersistentVolume, &name), r#"{"metadata":{"finalizers":null}}"#);
    run.delete(&of(Kind::PersistentVolume, &name), Propagation::Background);
    run.settle();
    assert_eq!(run.get(&claim("www-web-0")).status.text("phase"), "Lost");
    let message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
    assert_eq!(run.messages(&claim("www-web-0"), "ClaimLost"), [message]);
}

#[test]
fn a_claim_says_whether_a_pod_uses_it() {
    let mut run = Run::of(WEB);
    assert_eq!(condition(run.get(&claim("www-web-2")), "Unused"), "False");
    run.scale(2);
    run.settle();
    assert_eq!(condition(run.get(&claim("www-web-2")), "Unused"), "True");
}

#[test]
fn a_claim_grows_where_its_class_allows_that_and_a_pod_finishes_it() {
    let mut run = Run::new();
    run.apply(&class("fast", "provisioner: fuseim.pri/ifs\nallowVolumeExpansion: true"));
    run.apply(&with_class("fast"));
    run.settle();
    run.mark();
    let www = claim("www-web-0");
    let name = run.get(&www).spec.text("volumeName").to_owned();
    run.patch(&www, r#"{"spec":{"resources":{"requests":{"storage":"5Gi"}}}}"#);
    run.advance(1500);
    assert_eq!(condition(run.get(&www), "Resizing"), "True");
    let from_to = |on_node| Reason::Resizing { from: "1Gi".to_owned(), to: "5Gi".to_owned(), on_node };
    run.advance(1000);
    assert_eq!(condition(run.get(&www), "FileSystemResizePending"), "True");
    assert_eq!(run.get(&www).status.field("capacity").text("storage"), "1Gi");
    assert_eq!(run.reasons(&www), [from_to(false)]);
    run.settle();
    assert_eq!(run.get(&www).status.field("capacity").text("storage"), "5Gi");
    assert_eq!(run.get(&of(Kind::PersistentVolume, &name)).spec.field("capacity").text("storage"), "5Gi");
    assert_eq!(condition(run.get(&www), "FileSystemResizePending"), "");
    run.expect_order(&[
        "www-web-0 ExternalExpanding",
        "www-web-0 Resizing",
        "www-web-0 FileSystemResizeRequired",
        "web-0 FileSystemResizeSuccessful",
        "www-web-0 FileSystemResizeSuccessful",
    ]);
    let said = "waiting for an external controller to expand this PVC";
    assert_eq!(run.messages(&www, "ExternalExpanding"), [said]);
    assert!(run.reasons(&www).is_empty());
    // Without a pod that runs, the last step waits.
    run.scale(0);
    run.settle();
    run.patch(&www, r#"{"spec":{"resources":{"requests":{"storage":"6Gi"}}}}"#);
    run.settle();
    assert_eq!(condition(run.get(&www), "FileSystemResizePending"), "True");
    run.scale(1);
    run.settle();
    assert_eq!(run.get(&www).status.field("capacity").text("storage"), "6Gi");
}

#[test]
fn a_claim_may_not_grow_where_its_class_does_not_say_so() {
    let mut run = Run::of(WEB);
    let answer = run.patch(&claim("www-web-0"), r#"{"spec":{"resources":{"requests":{"storage":"5Gi"}}}}"#);
    assert_eq!(
        answer.output[0].text,
        "Error from server (Forbidden): persistentvolumeclaims \"www-web-0\" is forbidden: only dynamically provisioned pvc can \
         be resized and the storageclass that provisions the pvc must support resize"
    );
}
