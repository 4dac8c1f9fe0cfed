//! What surrounds the StatefulSet controller, one behaviour after the other, in the whole cluster.

mod support;

mod chaos;
mod disruption;
mod endpoints;
mod faults;
mod first_light;
mod garbage;
mod kubelet;
mod nodes;
mod scheduling;
mod volumes;
