//! The controllers of the cluster.

pub mod statefulset;
