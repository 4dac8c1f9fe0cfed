//! Why a pod, or the pods of a set, have no name in the cluster's DNS though they are Ready.

use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::{ObjectRef, string_map};
use crate::cluster::Cluster;
use crate::controllers::endpointslice;
use crate::controllers::reason::Reason;
use crate::controllers::statefulset::stateful_set_utils::parent_name_and_ordinal;
use crate::dns;

/// Why there are no names; nothing where there are, or where the object is neither a set nor the pod of one.
pub(super) fn missing(cluster: &Cluster, object: &ObjectRef) -> Option<Reason> {
    let store = cluster.store();
    let set = match object.kind {
        Kind::StatefulSet => object.clone(),
        Kind::Pod => ObjectRef::new(Kind::StatefulSet, &object.namespace, parent_name_and_ordinal(&object.name).0),
        _ => return None,
    };
    let set = store.find(&set)?;
    let service = set.spec.text("serviceName").to_owned();
    if service.is_empty() {
        return None;
    }
    let template = string_map(set.spec.field("template").field("metadata").entries("labels"));
    let own = store.find(object).filter(|found| found.kind == Kind::Pod).map_or(&template, |pod| &pod.meta.labels);
    let found = store.get(Kind::Service, &object.namespace, &service);
    let selects = |selector: crate::api::selector::Selector| selector.matches(own);
    let is_selected = found.is_some_and(|service| endpointslice::selector(service).is_some_and(selects));
    let labels = || {
        let labels = set.spec.field("selector").entries("matchLabels").iter();
        labels.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
    };
    match found {
        None => Some(Reason::ServiceMissing { labels: labels(), service }),
        Some(found) if !dns::is_headless(found) => Some(Reason::ServiceNotHeadless { labels: labels(), service }),
        Some(_) if !is_selected => Some(Reason::ServiceSelectsOthers { labels: labels(), service }),
        Some(_) => None,
    }
}
