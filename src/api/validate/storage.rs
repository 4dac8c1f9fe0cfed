//! Rules about claims, volumes and storage classes.
//!
//! Follows `pkg/apis/core/validation/validation.go` and `pkg/apis/storage/validation/validation.go` of Kubernetes v1.37.2,
//! Apache-2.0.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Errors, FieldError, format, resources, rules};
use crate::api::fields::Fields;
use crate::api::path::Path;
use crate::api::quantity::Quantity;

// Models pkg/apis/core/validation/validation.go ValidatePersistentVolumeClaimSpec
pub(super) fn access_modes(modes: &Value, path: &Path<'_>, errors: &mut Errors) {
    const SUPPORTED: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
    let (mut alone, mut others) = (false, false);
    for mode in modes.as_array().into_iter().flatten() {
        match mode.as_str().unwrap_or_default() {
            "ReadWriteOncePod" => alone = true,
            text if SUPPORTED.contains(&text) => others = true,
            _ => errors.not_supported(path, mode, &SUPPORTED),
        }
    }
    if alone && others {
        errors.forbidden(path, "may not use ReadWriteOncePod with other access modes");
    }
}

pub(super) fn claim_storage(resources: &Value, path: &Path<'_>, errors: &mut Errors) {
    let storage = resources.field("requests").field("storage");
    let place = path.key("storage");
    if storage.is_null() {
        errors.required(&place, "");
    } else if resources::positive(storage, &place, errors) {
        resources::quantity_value("storage", storage, &place, errors);
    }
}

// Models pkg/apis/core/validation/validation.go validateDataSource
pub(super) fn default_group(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let kind = source.text("kind");
    if source.text("apiGroup").is_empty() && kind != "PersistentVolumeClaim" {
        let detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
        errors.invalid(path, kind.into(), detail);
    }
}

pub(super) fn data_sources(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (source, reference) = (spec.field("dataSource"), spec.field("dataSourceRef"));
    if source.is_null() || reference.is_null() {
        return;
    }
    let mut refuse = |detail: &str| errors.add(FieldError::invalid_shown(path, "{}".to_owned(), detail));
    if !reference.text("namespace").is_empty() {
        refuse("may not be specified when dataSourceRef.namespace is specified");
    } else if ["apiGroup", "kind", "name"].iter().any(|name| source.field(name) != reference.field(name)) {
        refuse("must match dataSourceRef");
    }
}

// Models pkg/apis/core/validation/validation.go ValidatePersistentVolumeSpec
pub(super) fn volume_capacity(capacity: &Value, path: &Path<'_>, errors: &mut Errors) {
    let entries = capacity.as_object();
    let only_storage = entries.is_some_and(|entries| entries.len() == 1 && entries.contains_key("storage"));
    if !only_storage {
        errors.not_supported(path, capacity, &["storage"]);
    }
    for (name, value) in entries.into_iter().flatten() {
        let place = path.key(name);
        let quantity = value.as_str().and_then(|text| Quantity::parse(text).ok());
        if let Some(amount) = quantity.filter(Quantity::is_negative).map(|quantity| quantity.value()) {
            errors.invalid(&place, amount.into(), "must be a valid resource quantity");
        }
        resources::positive(value, &place, errors);
    }
}

pub(super) fn local_needs_affinity(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    // What comes before it in the specification is the volume's type, and the path is not looked at then.
    const NOT_BEFORE: [&str; 5] = ["claimRef", "local", "nodeAffinity", "storageos", "csi"];
    let before = |(name, value): (&String, &Value)| value.is_object() && !NOT_BEFORE.contains(&name.as_str());
    let is_first =
        spec.as_object().is_none_or(|fields| !fields.iter().any(|field| before(field) && field.0 != "capacity"));
    if spec.has("local") && is_first && !spec.has("nodeAffinity") {
        errors.required(&path.field("nodeAffinity"), "Local volume requires node affinity");
    }
}

/// The fields of a volume that say what it is made of.
const SOURCES: &str = "hostPath gcePersistentDisk awsElasticBlockStore glusterfs flocker nfs rbd quobyte cephfs iscsi cinder \
                       fc flexVolume azureFile vsphereVolume photonPersistentDisk portworxVolume azureDisk scaleIO local \
                       storageos csi";

// Models pkg/apis/core/validation/validation.go ValidatePersistentVolumeUpdate
pub(super) fn volume_update(spec: &Value, old: &Value, errors: &mut Errors) {
    let spec_path = Path::ROOT.field("spec");
    if SOURCES.split_whitespace().any(|source| spec.field(source) != old.field(source)) {
        let diff = super::diff::of_fields("PersistentVolumeSource", old, spec, SOURCES);
        let detail = format!("spec.persistentvolumesource is immutable after creation\n{diff}");
        errors.forbidden(&spec_path.field("persistentvolumesource"), &detail);
    }
    errors.immutable(&Path::ROOT.field("volumeMode"), spec.field("volumeMode"), old.field("volumeMode"));
    // Models pkg/apis/core/validation/validation.go validatePvNodeAffinity
    let (affinity, old_affinity) = (spec.field("nodeAffinity"), old.field("nodeAffinity"));
    if !old_affinity.is_null() && *affinity != with_new_labels(old_affinity, affinity) {
        let shown = super::internal::shown("VolumeNodeAffinity", affinity);
        let detail = "field is immutable, except for updating from beta label to GA";
        errors.add(FieldError::invalid_shown(Path::ROOT.field("nodeAffinity"), shown, detail));
    }
    if old.has("volumeAttributesClassName") && !spec.has("volumeAttributesClassName") {
        let place = spec_path.field("volumeAttributesClassName");
        errors.forbidden(&place, "update from non-nil value to nil is forbidden");
    }
}

// Models pkg/apis/core/validation/validation.go ValidatePersistentVolumeClaimUpdate
pub(super) fn claim_update(claim: &Value, old_claim: &Value, errors: &mut Errors) {
    let (spec, old) = (claim.field("spec"), old_claim.field("spec"));
    let same = |(name, value): (&String, &Value)| name == "volumeName" || value == old.field(name);
    let count =
        |spec: &Value| spec.as_object().map_or(0, |spec| spec.len() - usize::from(spec.contains_key("volumeName")));
    if old.text("volumeName").is_empty()
        && count(spec) == count(old)
        && spec.as_object().into_iter().flatten().all(same)
    {
        // The most frequent change by far: the claim has got its volume.
        return;
    }
    let mut munged = spec.clone();
    let mut expected = old.clone();
    let bound = claim.field("status").text("phase") == "Bound";
    if let (Value::Object(munged), Value::Object(expected)) = (&mut munged, &mut expected) {
        let mut keep = |name: &str, from: &Value| match from.field(name) {
            Value::Null => munged.remove(name),
            value => munged.insert(name.to_owned(), value.clone()),
        };
        if bound {
            keep("volumeAttributesClassName", old);
        }
        if !old.has("storageClassName") && spec.has("storageClassName") {
            keep("storageClassName", old);
        }
        if old.text("volumeName").is_empty() {
            match spec.field("volumeName") {
                Value::Null => expected.remove("volumeName"),
                value => expected.insert("volumeName".to_owned(), value.clone()),
            };
        }
    }
    if bound && let Some(Value::Object(requests)) = munged.pointer_mut("/resources/requests") {
        requests.insert("storage".to_owned(), old.field("resources").field("requests").field("storage").clone());
    }
    let spec_path = Path::ROOT.field("spec");
    if munged != expected {
        let diff = super::diff::of("PersistentVolumeClaimSpec", &expected, &munged);
        let detail = format!(
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound \
             claims\n{diff}"
        );
        errors.forbidden(&spec_path, &detail);
    }
    let size = |spec: &Value| {
        let text = spec.field("resources").field("requests").text("storage");
        Quantity::parse(text).unwrap_or_else(|_| Quantity::zero())
    };
    let capacity = old_claim.field("status").field("capacity").text("storage");
    let capacity = Quantity::parse(capacity).unwrap_or_else(|_| Quantity::zero());
    if size(spec) < size(old) && size(spec) <= capacity {
        let resources = spec_path.field("resources");
        let requests = resources.field("requests");
        errors.forbidden(&requests.field("storage"), "field can not be less than status.capacity");
    }
    errors.immutable(&Path::ROOT.field("volumeMode"), spec.field("volumeMode"), old.field("volumeMode"));
}

// Models pkg/apis/storage/validation/validation.go validateParameters
pub(super) fn parameters(parameters: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Value::Object(entries) = parameters else { return };
    if entries.len() > 512 {
        return errors.too_long(path, 512);
    }
    if entries.contains_key("") {
        errors.invalid(path, "".into(), "field can not be empty.");
    }
    let size: usize = entries.iter().map(|(key, value)| key.len() + value.as_str().map_or(0, str::len)).sum();
    if size > 256 << 10 {
        errors.too_long(path, 256 << 10);
    }
}

/// An affinity with the labels that took the place of older ones where the new one has them.
fn with_new_labels(old: &Value, new: &Value) -> Value {
    const STABLE: [(&str, &str); 5] = [
        ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
        ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
        ("beta.kubernetes.io/os", "kubernetes.io/os"),
        ("beta.kubernetes.io/arch", "kubernetes.io/arch"),
        ("beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type"),
    ];
    let mut out = old.clone();
    let terms = out.pointer_mut("/required/nodeSelectorTerms").and_then(Value::as_array_mut);
    for (term, new) in terms.into_iter().flatten().zip(new.field("required").list("nodeSelectorTerms")) {
        let expressions = term.get_mut("matchExpressions").and_then(Value::as_array_mut);
        for (expression, new) in expressions.into_iter().flatten().zip(new.list("matchExpressions")) {
            // A key that never had a beta label may become an empty one, which is refused for what it is.
            let stable = STABLE.iter().find(|(old, _)| expression.text("key") == *old).map_or("", |(_, new)| *new);
            if new.text("key") == stable {
                expression["key"] = Value::from(stable);
            }
        }
    }
    out
}

// Models pkg/apis/core/validation/validation.go ValidateTopologySelectorTerm
pub(super) fn topology_selector(term: &Value, path: &Path<'_>, errors: &mut Errors) {
    topologies_of(term, path, errors);
}

/// The keys of a term with their values.
fn topologies_of<'a>(term: &'a Value, path: &Path<'_>, errors: &mut Errors) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let list = path.field("matchLabelExpressions");
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (i, expression) in term.list("matchLabelExpressions").iter().enumerate() {
        let place = list.index(i);
        let values_path = place.field("values");
        let mut values = BTreeSet::new();
        if expression.list("values").is_empty() {
            errors.required(&values_path, "");
        }
        for (i, value) in expression.list("values").iter().filter_map(Value::as_str).enumerate() {
            if !values.insert(value) {
                errors.add(FieldError::duplicate(values_path.index(i), &value.into()));
            }
        }
        let key = expression.text("key");
        errors.malformed(&place.field("key"), key, format::label_key(key));
        if found.insert(key, values).is_some() {
            errors.add(FieldError::duplicate(place.field("key"), &key.into()));
        }
    }
    found
}

// Models pkg/apis/storage/validation/validation.go ValidateStorageClass
pub(super) fn validate_storage_class(class: &Value, errors: &mut Errors) {
    rules::run("StorageClass", class, &Path::ROOT, errors);
    let mut known = Vec::new();
    for (i, topology) in class.list("allowedTopologies").iter().enumerate() {
        let list = Path::ROOT.field("allowedTopologies");
        let place = list.index(i);
        let found = topologies_of(topology, &place, &mut Errors::default());
        // A term without keys is equal to those that the server has not looked at yet.
        let is_known = found.is_empty() || known.contains(&found);
        known.push(found);
        if is_known {
            errors.add(FieldError::duplicate(place.field("matchLabelExpressions"), &"".into()));
        }
    }
}
