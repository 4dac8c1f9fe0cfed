//! Which slice has which endpoint.
//!
//! Follows `staging/src/k8s.io/endpointslice/reconciler.go` of Kubernetes v1.37.2, Apache-2.0. Go takes endpoints and slices
//! out of its maps in no defined order; here they keep the order of the pods' and the slices' names.

use std::cmp::Reverse;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::api::fields::Fields;
use crate::api::object::{Object, Rest};
use crate::api::order;

/// The most endpoints that a slice has.
// Models pkg/controller/endpointslice/config/v1alpha1/defaults.go RecommendedDefaultEndpointSliceControllerConfiguration
const MAX_ENDPOINTS: usize = 100;

/// The ports of endpoints, as a slice lists them.
pub type Ports = Arc<Vec<Value>>;

/// An endpoint.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The pod behind it.
    pub pod: String,
    /// The ports of the slice that it is in.
    pub ports: Ports,
    /// The endpoint, as a slice lists it.
    pub value: Value,
}

/// The endpoints of a slice, which the versions of the slice share.
pub type Endpoints = Arc<Vec<Arc<Endpoint>>>;

impl Endpoint {
    /// Whether these are the same endpoint, perhaps in another state.
    // Models staging/src/k8s.io/endpointslice/util/endpointset.go hashEndpoint
    fn is_same(&self, other: &Endpoint) -> bool {
        self.pod == other.pod
            && self.value.field("addresses") == other.value.field("addresses")
            && self.value.field("hostname") == other.value.field("hostname")
    }
}

/// A slice as it is, or as it is to be.
#[derive(Debug)]
pub struct Slice {
    /// The stored object; `None` where there is none yet.
    pub object: Option<Arc<Object>>,
    /// Its ports.
    pub ports: Ports,
    /// Its endpoints.
    pub endpoints: Endpoints,
    /// What is to be done with it.
    pub change: Change,
}

/// What is to be done with a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    Keep,
    /// Write it.
    Write,
    /// Delete it.
    Delete,
}

impl Slice {
    /// A stored slice. `known` are its endpoints, where they are known.
    pub fn stored(object: &Arc<Object>, known: Option<Endpoints>) -> Slice {
        let ports = || Arc::new(object.rest.list("ports").to_vec());
        let endpoints = known.unwrap_or_else(|| {
            let ports = ports();
            let endpoint = |value: &Value| {
                let (pod, value) = (value.field("targetRef").text("name").to_owned(), value.clone());
                Arc::new(Endpoint { pod, ports: Arc::clone(&ports), value })
            };
            Arc::new(object.rest.list("endpoints").iter().map(endpoint).collect())
        });
        let ports = endpoints.first().map_or_else(ports, |endpoint| Arc::clone(&endpoint.ports));
        Slice { object: Some(Arc::clone(object)), ports, endpoints, change: Change::Keep }
    }

    fn new(ports: Ports) -> Slice {
        Slice { object: None, ports, endpoints: Arc::default(), change: Change::Write }
    }

    fn fill(&mut self, endpoints: &mut impl Iterator<Item = Arc<Endpoint>>) {
        let room = MAX_ENDPOINTS.saturating_sub(self.endpoints.len());
        Arc::make_mut(&mut self.endpoints).extend(endpoints.take(room));
        self.change = Change::Write;
    }

    /// The slice's fields. They are made when somebody reads them.
    pub fn rest(&self) -> Rest {
        let (ports, endpoints) = (Arc::clone(&self.ports), Arc::clone(&self.endpoints));
        Rest::made_by(move || {
            // An empty list comes back from the server as none at all.
            let list = |items: Vec<Value>| if items.is_empty() { Value::Null } else { Value::Array(items) };
            let mut fields = Map::new();
            fields.insert("addressType".to_owned(), json!("IPv4"));
            fields.insert("endpoints".to_owned(), list(endpoints.iter().map(|item| item.value.clone()).collect()));
            fields.insert("ports".to_owned(), list(ports.to_vec()));
            fields
        })
    }
}

/// Places the endpoints that are wanted in slices: each stays in its slice, new ones fill slices that change anyway, then
/// one that has room for all of them, then new slices. `existing` are slices that the Service owns.
// Models staging/src/k8s.io/endpointslice/reconciler.go reconcileByAddressType
pub fn reconcile(existing: Vec<Slice>, desired: &[Arc<Endpoint>], relabel: &dyn Fn(&Object) -> bool) -> Vec<Slice> {
    let mut groups: Vec<(Ports, Vec<Arc<Endpoint>>)> = Vec::new();
    for endpoint in desired {
        match groups.iter_mut().find(|(ports, _)| *ports == endpoint.ports) {
            Some((_, group)) => group.push(Arc::clone(endpoint)),
            None => groups.push((Arc::clone(&endpoint.ports), vec![Arc::clone(endpoint)])),
        }
    }
    let mut unmatched = existing;
    let mut slices = Vec::new();
    for (ports, group) in groups {
        let (matching, others) = unmatched.into_iter().partition(|slice| slice.ports == ports);
        unmatched = others;
        slices.extend(reconcile_by_port_mapping(matching, &ports, &group, relabel));
    }
    for mut slice in unmatched {
        slice.change = Change::Delete;
        slices.push(slice);
    }
    if slices.iter().all(|slice| slice.change == Change::Delete) {
        match slices.as_mut_slice() {
            [only] if only.is_placeholder(relabel) => only.change = Change::Keep,
            _ => slices.push(Slice::new(Ports::default())),
        }
    }
    reuse(&mut slices);
    slices
}

impl Slice {
    /// Whether this is the slice that a Service without endpoints has.
    fn is_placeholder(&self, relabel: &dyn Fn(&Object) -> bool) -> bool {
        self.endpoints.is_empty()
            && self.ports.is_empty()
            && self.object.as_ref().is_some_and(|object| !relabel(object))
    }
}

/// Writes new slices over old ones that would be deleted.
// Models staging/src/k8s.io/endpointslice/reconciler.go finalize
fn reuse(slices: &mut Vec<Slice>) {
    for at in 0..slices.len() {
        if slices[at].change == Change::Delete
            && let Some(new) = slices.iter().rposition(|new| new.change == Change::Write && new.object.is_none())
        {
            let object = slices[at].object.take();
            slices[new].object = object;
        }
    }
    slices.retain(|slice| slice.change != Change::Delete || slice.object.is_some());
}

// Models staging/src/k8s.io/endpointslice/reconciler.go reconcileByPortMapping
fn reconcile_by_port_mapping(
    mut slices: Vec<Slice>,
    ports: &Ports,
    desired: &[Arc<Endpoint>],
    relabel: &dyn Fn(&Object) -> bool,
) -> Vec<Slice> {
    let mut placed = vec![false; desired.len()];
    let mut next = 0;
    for slice in &mut slices {
        let mut kept = Vec::with_capacity(slice.endpoints.len() + 1);
        for endpoint in slice.endpoints.iter() {
            // The endpoints that are wanted are in the order of their pods' names.
            let is_next = desired.get(next).is_some_and(|known| Arc::ptr_eq(known, endpoint));
            let found = if is_next { Ok(next) } else { desired.binary_search_by(|known| known.pod.cmp(&endpoint.pod)) };
            if let Ok(at) = found
                && !placed[at]
                && (is_next || desired[at].is_same(endpoint))
            {
                placed[at] = true;
                next = at + 1;
                kept.push(Arc::clone(&desired[at]));
            }
        }
        if kept != *slice.endpoints {
            slice.change = if kept.is_empty() { Change::Delete } else { Change::Write };
        } else if slice.object.as_ref().is_some_and(|object| relabel(object)) {
            slice.change = Change::Write;
        }
        slice.endpoints = Arc::new(kept);
    }
    let left: Vec<Arc<Endpoint>> =
        desired.iter().zip(placed).filter(|(_, placed)| !placed).map(|(endpoint, _)| Arc::clone(endpoint)).collect();
    let mut left = left.into_iter();
    // The fullest first.
    let mut changed: Vec<&mut Slice> = slices.iter_mut().filter(|slice| slice.change == Change::Write).collect();
    order::sort_by_key(&mut changed, |slice| Reverse(slice.endpoints.len()));
    for slice in changed {
        slice.fill(&mut left);
    }
    while left.len() > 0 {
        let count = left.len();
        let room = |slice: &Slice| MAX_ENDPOINTS.checked_sub(count + slice.endpoints.len());
        let unchanged = slices.iter_mut().filter(|slice| slice.change == Change::Keep && count < MAX_ENDPOINTS);
        let fitting = unchanged.filter(|slice| room(slice).is_some_and(|room| room < MAX_ENDPOINTS));
        match fitting.min_by_key(|slice| room(slice)) {
            Some(slice) => slice.fill(&mut left),
            None => {
                let mut slice = Slice::new(Arc::clone(ports));
                slice.fill(&mut left);
                slices.push(slice);
            }
        }
    }
    slices
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::kind::Kind;
    use crate::api::meta::ObjectMeta;

    fn endpoint(pod: &str, port: i64) -> Arc<Endpoint> {
        let value = json!({"addresses": [format!("ip of {pod}")], "targetRef": {"name": pod}});
        Arc::new(Endpoint { pod: pod.to_owned(), ports: Arc::new(vec![json!({"port": port})]), value })
    }

    fn pods(numbers: std::ops::Range<usize>) -> Vec<Arc<Endpoint>> {
        numbers.map(|number| endpoint(&format!("web-{number:04}"), 80)).collect()
    }

    /// Has the slices written, and says how many endpoints each has, and what became of it.
    fn write(slices: &mut Vec<Slice>, desired: &[Arc<Endpoint>]) -> Vec<(usize, Change)> {
        let existing = std::mem::take(slices);
        let reconciled = reconcile(existing, desired, &|_| false);
        let told = reconciled.iter().map(|slice| (slice.endpoints.len(), slice.change)).collect();
        for (number, slice) in reconciled.into_iter().enumerate() {
            if slice.change != Change::Delete {
                let name = ObjectMeta { name: format!("nginx-{number}"), ..ObjectMeta::default() };
                let mut object =
                    slice.object.as_deref().cloned().unwrap_or_else(|| Object::new(Kind::EndpointSlice, name));
                object.rest = slice.rest();
                slices.push(Slice::stored(&Arc::new(object), None));
            }
        }
        told
    }

    #[test]
    fn endpoints_stay_in_their_slice_and_new_ones_go_where_there_is_room() {
        use Change::{Delete, Keep, Write};
        let mut slices = Vec::new();
        assert_eq!(write(&mut slices, &[]), [(0, Write)]);
        assert_eq!(write(&mut slices, &[]), [(0, Keep)]);
        let first = slices[0].object.clone().unwrap().meta.name.clone();
        assert_eq!(write(&mut slices, &pods(0..250)), [(100, Write), (100, Write), (50, Write)]);
        // The first slice is the one that stood for no endpoints.
        assert!(slices.iter().any(|slice| slice.object.as_ref().unwrap().meta.name == first));
        assert_eq!(write(&mut slices, &pods(0..250)), [(100, Keep), (100, Keep), (50, Keep)]);
        // One more fits into the last; fifty more do not.
        assert_eq!(write(&mut slices, &pods(0..251)), [(100, Keep), (100, Keep), (51, Write)]);
        assert_eq!(write(&mut slices, &pods(0..301)), [(100, Keep), (100, Keep), (51, Keep), (50, Write)]);
        // A slice that loses an endpoint is filled up first.
        let some: Vec<_> = pods(0..302).into_iter().filter(|endpoint| endpoint.pod != "web-0007").collect();
        assert_eq!(write(&mut slices, &some), [(100, Write), (100, Keep), (51, Keep), (50, Keep)]);
        assert_eq!(write(&mut slices, &pods(100..200)), [(0, Delete), (100, Keep), (0, Delete), (0, Delete)]);
        assert_eq!(write(&mut slices, &[]), [(0, Write)]);
        assert_eq!(slices.len(), 1);
    }

    #[test]
    fn endpoints_with_other_ports_have_slices_of_their_own() {
        let mut slices = Vec::new();
        let mixed = [endpoint("web-0", 80), endpoint("web-1", 8080), endpoint("web-2", 80)];
        assert_eq!(write(&mut slices, &mixed), [(2, Change::Write), (1, Change::Write)]);
        let changed = [endpoint("web-0", 80), endpoint("web-1", 80), endpoint("web-2", 80)];
        assert_eq!(write(&mut slices, &changed), [(3, Change::Write), (1, Change::Delete)]);
    }
}
