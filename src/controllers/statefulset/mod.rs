//! The StatefulSet controller, ported function by function from Kubernetes v1.37.2.
//!
//! It decides over the [`client::Client`] it is given: the simulated cluster in the product, recorded histories in the
//! tests.

pub mod client;
pub mod error;
pub mod history;
mod member;
pub mod retry;
pub mod set;
mod stateful_pod_control;
pub mod stateful_set;
pub mod stateful_set_control;
pub mod stateful_set_utils;
#[cfg(test)]
mod testing;
pub mod wait;
