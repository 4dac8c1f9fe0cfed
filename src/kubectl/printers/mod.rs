//! What kubectl's tables say about objects.

pub mod pod;
