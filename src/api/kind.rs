//! The kinds of object that the cluster knows, as its discovery documents list them.

use std::fmt;

/// What discovery says of a resource.
#[derive(Debug)]
pub struct Resource {
    /// The API group, empty for the core group.
    pub group: &'static str,
    /// The versions that are served, the preferred one first.
    pub versions: &'static [&'static str],
    /// The kind, as a manifest spells it.
    pub kind: &'static str,
    /// The resource name, which is the plural in URLs and messages.
    pub plural: &'static str,
    /// The short names that kubectl takes.
    pub short_names: &'static [&'static str],
    /// Whether objects live in a namespace.
    pub namespaced: bool,
}

macro_rules! kinds {
    ($($variant:ident $group:literal [$($version:literal)+] $plural:literal [$($short:literal)*] $namespaced:literal;)*) => {
        /// A built-in kind. The order is that of `kubectl api-resources`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[allow(missing_docs)] $variant,)*
        }

        static RESOURCES: &[Resource] = &[
            $(Resource {
                group: $group,
                versions: &[$($version),+],
                kind: stringify!($variant),
                plural: $plural,
                short_names: &[$($short),*],
                namespaced: $namespaced,
            },)*
        ];

        impl Kind {
            /// Every built-in kind.
            pub const ALL: &[Kind] = &[$(Kind::$variant),*];
        }
    };
}

kinds! {
    Binding "" ["v1"] "bindings" [] true;
    ComponentStatus "" ["v1"] "componentstatuses" ["cs"] false;
    ConfigMap "" ["v1"] "configmaps" ["cm"] true;
    Endpoints "" ["v1"] "endpoints" ["ep"] true;
    Event "" ["v1"] "events" ["ev"] true;
    LimitRange "" ["v1"] "limitranges" ["limits"] true;
    Namespace "" ["v1"] "namespaces" ["ns"] false;
    Node "" ["v1"] "nodes" ["no"] false;
    PersistentVolumeClaim "" ["v1"] "persistentvolumeclaims" ["pvc"] true;
    PersistentVolume "" ["v1"] "persistentvolumes" ["pv"] false;
    Pod "" ["v1"] "pods" ["po"] true;
    PodTemplate "" ["v1"] "podtemplates" [] true;
    ReplicationController "" ["v1"] "replicationcontrollers" ["rc"] true;
    ResourceQuota "" ["v1"] "resourcequotas" ["quota"] true;
    Secret "" ["v1"] "secrets" [] true;
    ServiceAccount "" ["v1"] "serviceaccounts" ["sa"] true;
    Service "" ["v1"] "services" ["svc"] true;
    MutatingAdmissionPolicy "admissionregistration.k8s.io" ["v1"] "mutatingadmissionpolicies" [] false;
    MutatingAdmissionPolicyBinding "admissionregistration.k8s.io" ["v1"] "mutatingadmissionpolicybindings" [] false;
    MutatingWebhookConfiguration "admissionregistration.k8s.io" ["v1"] "mutatingwebhookconfigurations" [] false;
    ValidatingAdmissionPolicy "admissionregistration.k8s.io" ["v1"] "validatingadmissionpolicies" [] false;
    ValidatingAdmissionPolicyBinding "admissionregistration.k8s.io" ["v1"] "validatingadmissionpolicybindings" [] false;
    ValidatingWebhookConfiguration "admissionregistration.k8s.io" ["v1"] "validatingwebhookconfigurations" [] false;
    CustomResourceDefinition "apiextensions.k8s.io" ["v1"] "customresourcedefinitions" ["crd" "crds"] false;
    APIService "apiregistration.k8s.io" ["v1"] "apiservices" [] false;
    ControllerRevision "apps" ["v1"] "controllerrevisions" [] true;
    DaemonSet "apps" ["v1"] "daemonsets" ["ds"] true;
    Deployment "apps" ["v1"] "deployments" ["deploy"] true;
    ReplicaSet "apps" ["v1"] "replicasets" ["rs"] true;
    StatefulSet "apps" ["v1"] "statefulsets" ["sts"] true;
    SelfSubjectReview "authentication.k8s.io" ["v1"] "selfsubjectreviews" [] false;
    TokenReview "authentication.k8s.io" ["v1"] "tokenreviews" [] false;
    LocalSubjectAccessReview "authorization.k8s.io" ["v1"] "localsubjectaccessreviews" [] true;
    SelfSubjectAccessReview "authorization.k8s.io" ["v1"] "selfsubjectaccessreviews" [] false;
    SelfSubjectRulesReview "authorization.k8s.io" ["v1"] "selfsubjectrulesreviews" [] false;
    SubjectAccessReview "authorization.k8s.io" ["v1"] "subjectaccessreviews" [] false;
    HorizontalPodAutoscaler "autoscaling" ["v2" "v1"] "horizontalpodautoscalers" ["hpa"] true;
    CronJob "batch" ["v1"] "cronjobs" ["cj"] true;
    Job "batch" ["v1"] "jobs" [] true;
    CertificateSigningRequest "certificates.k8s.io" ["v1"] "certificatesigningrequests" ["csr"] false;
    ClusterTrustBundle "certificates.k8s.io" ["v1"] "clustertrustbundles" [] false;
    PodCertificateRequest "certificates.k8s.io" ["v1"] "podcertificaterequests" [] true;
    Lease "coordination.k8s.io" ["v1"] "leases" [] true;
    EndpointSlice "discovery.k8s.io" ["v1"] "endpointslices" [] true;
    FlowSchema "flowcontrol.apiserver.k8s.io" ["v1"] "flowschemas" [] false;
    PriorityLevelConfiguration "flowcontrol.apiserver.k8s.io" ["v1"] "prioritylevelconfigurations" [] false;
    IngressClass "networking.k8s.io" ["v1"] "ingressclasses" [] false;
    Ingress "networking.k8s.io" ["v1"] "ingresses" ["ing"] true;
    IPAddress "networking.k8s.io" ["v1"] "ipaddresses" ["ip"] false;
    NetworkPolicy "networking.k8s.io" ["v1"] "networkpolicies" ["netpol"] true;
    ServiceCIDR "networking.k8s.io" ["v1"] "servicecidrs" [] false;
    RuntimeClass "node.k8s.io" ["v1"] "runtimeclasses" [] false;
    PodDisruptionBudget "policy" ["v1"] "poddisruptionbudgets" ["pdb"] true;
    ClusterRoleBinding "rbac.authorization.k8s.io" ["v1"] "clusterrolebindings" [] false;
    ClusterRole "rbac.authorization.k8s.io" ["v1"] "clusterroles" [] false;
    RoleBinding "rbac.authorization.k8s.io" ["v1"] "rolebindings" [] true;
    Role "rbac.authorization.k8s.io" ["v1"] "roles" [] true;
    DeviceClass "resource.k8s.io" ["v1"] "deviceclasses" [] false;
    DeviceTaintRule "resource.k8s.io" ["v1"] "devicetaintrules" [] false;
    ResourceClaim "resource.k8s.io" ["v1"] "resourceclaims" [] true;
    ResourceClaimTemplate "resource.k8s.io" ["v1"] "resourceclaimtemplates" [] true;
    ResourceSlice "resource.k8s.io" ["v1"] "resourceslices" [] false;
    PriorityClass "scheduling.k8s.io" ["v1"] "priorityclasses" ["pc"] false;
    CSIDriver "storage.k8s.io" ["v1"] "csidrivers" [] false;
    CSINode "storage.k8s.io" ["v1"] "csinodes" [] false;
    CSIStorageCapacity "storage.k8s.io" ["v1"] "csistoragecapacities" [] true;
    StorageClass "storage.k8s.io" ["v1"] "storageclasses" ["sc"] false;
    VolumeAttachment "storage.k8s.io" ["v1"] "volumeattachments" [] false;
    VolumeAttributesClass "storage.k8s.io" ["v1"] "volumeattributesclasses" ["vac"] false;
    StorageVersionMigration "storagemigration.k8s.io" ["v1"] "storageversionmigrations" [] false;
}

impl Kind {
    /// What discovery says of this kind.
    pub fn resource(self) -> &'static Resource {
        &RESOURCES[self as usize]
    }

    /// The kind's name, as a manifest spells it.
    pub fn name(self) -> &'static str {
        self.resource().kind
    }

    /// The preferred `apiVersion`: `v1`, `apps/v1`.
    pub fn api_version(self) -> String {
        let resource = self.resource();
        match resource.group {
            "" => resource.versions[0].to_owned(),
            group => format!("{group}/{}", resource.versions[0]),
        }
    }

    /// Group and resource as messages have them: `pods`, `statefulsets.apps`.
    pub fn group_resource(self) -> String {
        self.qualified(self.resource().plural)
    }

    /// Group and kind in lower case as kubectl prints them before a name: `service`, `statefulset.apps`.
    pub fn group_kind(self) -> String {
        self.qualified(&self.name().to_ascii_lowercase())
    }

    fn qualified(self, name: &str) -> String {
        match self.resource().group {
            "" => name.to_owned(),
            group => format!("{name}.{group}"),
        }
    }

    /// The kind of a manifest's `apiVersion` and `kind`; `None` when no such kind is served.
    pub fn of_manifest(api_version: &str, kind: &str) -> Option<Kind> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Kind::ALL.iter().copied().find(|k| {
            let resource = k.resource();
            resource.kind == kind && resource.group == group && resource.versions.contains(&version)
        })
    }

    /// The kind whose name in lower case a manifest gives as its `kind`. kubectl finds the resource of such a manifest, and
    /// only the API server refuses it.
    pub fn of_lower_case(api_version: &str, kind: &str) -> Option<Kind> {
        let known = Kind::ALL.iter().copied().find(|known| known.name().to_ascii_lowercase() == kind)?;
        Kind::of_manifest(api_version, known.name())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_a_kind_by_group_version_and_kind() {
        assert_eq!(Kind::of_manifest("apps/v1", "StatefulSet"), Some(Kind::StatefulSet));
        assert_eq!(Kind::of_manifest("v1", "StatefulSet"), None);
        assert_eq!(Kind::of_manifest("app/v1", "StatefulSet"), None);
        assert_eq!(Kind::of_manifest("v1", "Pod"), Some(Kind::Pod));
        assert_eq!(Kind::StatefulSet.group_resource(), "statefulsets.apps");
        assert_eq!(Kind::StatefulSet.group_kind(), "statefulset.apps");
        assert_eq!(Kind::StorageClass.api_version(), "storage.k8s.io/v1");
    }
}
