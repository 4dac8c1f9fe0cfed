//! Probes: what the kubelet asks a container, and how often.

use serde_json::Value;

use crate::api::fields::Fields;
use crate::api::time::{Instant, Millis};

/// A probe and its results so far.
#[derive(Clone, Debug)]
pub struct Probe {
    initial_delay: Millis,
    period: Millis,
    success_threshold: u32,
    failure_threshold: u32,
    /// What is said of a probe that fails.
    pub complaint: String,
    /// How long a container killed for this probe may take, where the probe says so itself.
    pub grace_period: Option<Millis>,
    /// When it is asked next.
    pub next: Instant,
    /// Whether it counts as passed: at first a startup or readiness probe does not, and a liveness probe does not matter.
    pub passed: bool,
    successes: u32,
    /// How often it has failed in a row.
    pub failures: u32,
}

/// What an answer changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet.
    Undecided,
    /// It passes.
    Passed,
    /// It has failed as often as it may.
    Failed,
}

impl Probe {
    /// A probe that has not been asked.
    pub fn new(spec: &Value) -> Probe {
        let number = |name: &str, default: i64| spec.int(name).filter(|n| *n > 0).unwrap_or(default);
        Probe {
            initial_delay: Millis::from_secs(number("initialDelaySeconds", 0)),
            period: Millis::from_secs(number("periodSeconds", 10)),
            success_threshold: number("successThreshold", 1) as u32,
            failure_threshold: number("failureThreshold", 3) as u32,
            complaint: complaint(spec),
            grace_period: spec.int("terminationGracePeriodSeconds").map(Millis::from_secs),
            next: Instant(0),
            passed: false,
            successes: 0,
            failures: 0,
        }
    }

    /// Begins anew with a container that has just started.
    pub fn reset(&mut self, now: Instant) {
        self.next = now + self.initial_delay;
        self.passed = false;
        self.successes = 0;
        self.failures = 0;
    }

    /// Takes an answer.
    // Models pkg/kubelet/prober/worker.go doProbe
    pub fn answer(&mut self, success: bool, now: Instant) -> Verdict {
        self.next = now + self.period;
        let (count, threshold) = if success {
            self.failures = 0;
            self.successes += 1;
            (self.successes, self.success_threshold)
        } else {
            self.successes = 0;
            self.failures += 1;
            (self.failures, self.failure_threshold)
        };
        if count < threshold {
            return Verdict::Undecided;
        }
        self.passed = success;
        if success { Verdict::Passed } else { Verdict::Failed }
    }
}

/// What a probe of this kind says when it fails.
// Models pkg/probe/http/http.go, tcp/tcp.go, grpc/grpc.go
fn complaint(spec: &Value) -> String {
    if spec.has("tcpSocket") {
        let port = spec.field("tcpSocket").int("port").unwrap_or_default();
        return format!("dial tcp :{port}: connect: connection refused");
    }
    let words = if spec.has("grpc") {
        "service unhealthy (responded with \"NOT_SERVING\")"
    } else if spec.has("exec") {
        ""
    } else {
        "HTTP probe failed with statuscode: 503"
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn thresholds_count_answers_in_a_row() {
        let mut probe = Probe::new(&json!({"successThreshold": 2, "failureThreshold": 2, "periodSeconds": 5}));
        probe.reset(Instant(0));
        assert_eq!(probe.answer(true, Instant(0)), Verdict::Undecided);
        assert_eq!(probe.answer(false, Instant(5000)), Verdict::Undecided);
        assert_eq!(probe.answer(true, Instant(10_000)), Verdict::Undecided);
        assert_eq!(probe.answer(true, Instant(15_000)), Verdict::Passed);
        assert!(probe.passed);
        assert_eq!(probe.answer(false, Instant(20_000)), Verdict::Undecided);
        assert!(probe.passed);
        assert_eq!(probe.answer(false, Instant(25_000)), Verdict::Failed);
        assert!(!probe.passed);
        assert_eq!(probe.next, Instant(30_000));
    }
}
