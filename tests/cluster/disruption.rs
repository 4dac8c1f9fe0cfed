//! Disruption budgets and evictions.

use statefulscope::api::fields::Fields;
use statefulscope::api::kind::Kind;
use statefulscope::api::meta::ObjectRef;
use statefulscope::command::Command;
use statefulscope::controllers::reason::Reason;

use crate::support::{Run, WEB, condition, field_of_condition, numbers, of, pod};

fn budget() -> ObjectRef {
    of(Kind::PodDisruptionBudget, "web-pdb")
}

fn with_budget(spec: &str) -> Run {
    let mut run = Run::of(WEB);
    run.apply(&format!(
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: web-pdb, namespace: julin}}\nspec: {{{spec}, \
         selector: {{matchLabels: {{app: nginx}}}}}}\n"
    ));
    run.settle();
    run.mark();
    run
}

fn status(run: &Run) -> [i64; 4] {
    numbers(run.get(&budget()), ["expectedPods", "desiredHealthy", "currentHealthy", "disruptionsAllowed"])
}

/// What the server says to an eviction; nothing where it allows it.
fn evict(run: &mut Run, name: &str) -> Option<String> {
    let answer = run.dispatch(Command::Evict { pod: pod(name) });
    answer.is_refused().then(|| answer.output[0].text.clone())
}

#[test]
fn a_budget_counts_by_number_and_by_percentage() {
    assert_eq!(status(&with_budget("minAvailable: 2")), [3, 2, 3, 1]);
    assert_eq!(status(&with_budget("maxUnavailable: 1")), [3, 2, 3, 1]);
    // A percentage is rounded up, of what is left and of what may go.
    assert_eq!(status(&with_budget("minAvailable: 50%")), [3, 2, 3, 1]);
    assert_eq!(status(&with_budget("maxUnavailable: 50%")), [3, 1, 3, 2]);
    assert_eq!(status(&with_budget("maxUnavailable: 0")), [3, 3, 3, 0]);
}

#[test]
fn a_budget_follows_the_pods_and_says_so_in_its_condition() {
    let mut run = with_budget("minAvailable: 2");
    assert_eq!(field_of_condition(run.get(&budget()), "DisruptionAllowed", "reason"), "SufficientPods");
    run.scale(2);
    run.settle();
    assert_eq!(status(&run), [2, 2, 2, 0]);
    assert_eq!(condition(run.get(&budget()), "DisruptionAllowed"), "False");
    assert_eq!(field_of_condition(run.get(&budget()), "DisruptionAllowed", "reason"), "InsufficientPods");
    assert_eq!(run.reasons(&budget()), [Reason::NoDisruptionAllowed { desired: 2, current: 2 }]);
}

#[test]
fn an_eviction_beyond_the_budget_is_answered_429() {
    let mut run = with_budget("minAvailable: 2");
    assert_eq!(evict(&mut run, "web-0"), None);
    let web_0 = run.get(&pod("web-0"));
    assert_eq!(field_of_condition(web_0, "DisruptionTarget", "reason"), "EvictionByEvictionAPI");
    assert!(web_0.meta.is_terminating());
    assert_eq!(run.get(&budget()).status.entries("disruptedPods").len(), 1);
    let refusal =
        "Error from server (TooManyRequests): Cannot evict pod as it would violate the pod's disruption budget.";
    assert_eq!(evict(&mut run, "web-1").as_deref(), Some(refusal));
    let reason = Reason::BudgetRefuses { budget: "web-pdb".to_owned(), desired: 2, current: 3 };
    assert_eq!(run.reasons(&pod("web-1")), [reason]);
    run.settle();
    // The pod has come back, and nobody is on the list of those that are about to go.
    assert_eq!(status(&run), [3, 2, 3, 1]);
    assert!(!run.get(&budget()).status.has("disruptedPods"));
    assert_eq!(evict(&mut run, "web-1"), None);
    assert!(run.reasons(&pod("web-1")).iter().all(|reason| !matches!(reason, Reason::BudgetRefuses { .. })));
}

#[test]
fn two_budgets_for_one_pod_are_refused() {
    let mut run = with_budget("minAvailable: 2");
    run.apply(
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: z, namespace: julin}\nspec: {minAvailable: 1, \
         selector: {matchLabels: {app: nginx}}}\n",
    );
    run.settle();
    let message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
    assert!(evict(&mut run, "web-0").unwrap().ends_with(message));
}

#[test]
fn a_budget_without_pods_says_so() {
    let mut run = Run::new();
    run.apply(
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web-pdb, namespace: julin}\nspec: {minAvailable: 1, \
         selector: {matchLabels: {app: none}}}\n",
    );
    run.settle();
    assert_eq!(run.messages(&budget(), "NoPods")[0], "No matching pods found");
    assert_eq!(status(&run), [0, 1, 0, 0]);
}
