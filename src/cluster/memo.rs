//! What was worked out from stored objects, for as long as they stay as they are.

use std::sync::Arc;

use crate::api::object::Object;

/// Something that was worked out from each of a list of objects. It is kept for as long as the object's stored version
/// stays, which the object's address tells: nobody changes an object that is stored.
#[derive(Clone, Debug)]
pub struct ByVersion<T> {
    known: Arc<Vec<(Arc<Object>, T)>>,
}

impl<T> Default for ByVersion<T> {
    fn default() -> ByVersion<T> {
        ByVersion { known: Arc::default() }
    }
}

impl<T: Clone> ByVersion<T> {
    /// What is known of these objects, which come in the order of their names. What is not known of a version is worked
    /// out from it, and from what was known of the version before it; where `everything` is set, for all objects.
    pub fn renew<'a>(
        &mut self,
        objects: impl Iterator<Item = &'a Arc<Object>>,
        everything: bool,
        mut work_out: impl FnMut(&Arc<Object>, Option<&T>) -> T,
    ) -> Arc<Vec<(Arc<Object>, T)>> {
        let mut renewed = Vec::with_capacity(self.known.len() + 1);
        let mut old = self.known.iter().peekable();
        for object in objects {
            let value = match old.next_if(|(known, _)| Arc::ptr_eq(known, object)) {
                Some((_, value)) if !everything => value.clone(),
                Some((_, value)) => work_out(object, Some(value)),
                None => {
                    while old.next_if(|(known, _)| known.meta.name < object.meta.name).is_some() {}
                    let before = old.next_if(|(known, _)| known.meta.name == object.meta.name);
                    work_out(object, before.map(|(_, value)| value))
                }
            };
            renewed.push((Arc::clone(object), value));
        }
        self.known = Arc::new(renewed);
        Arc::clone(&self.known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::kind::Kind;
    use crate::api::meta::ObjectMeta;

    fn pod(name: &str) -> Arc<Object> {
        Arc::new(Object::new(Kind::Pod, ObjectMeta { name: name.to_owned(), ..ObjectMeta::default() }))
    }

    #[test]
    fn a_version_is_looked_at_once() {
        let mut pods = vec![pod("a"), pod("b"), pod("d")];
        let mut memo: ByVersion<u32> = ByVersion::default();
        let mut looked = |pods: &[Arc<Object>], everything| {
            let mut names = Vec::new();
            let known = memo.renew(pods.iter(), everything, |pod, before| {
                names.push(format!("{} {}", pod.meta.name, before.copied().unwrap_or_default()));
                before.map_or(1, |before| before + 1)
            });
            assert!(known.iter().map(|(pod, _)| &pod.meta.name).eq(pods.iter().map(|pod| &pod.meta.name)));
            names.join(", ")
        };
        assert_eq!(looked(&pods, false), "a 0, b 0, d 0");
        assert_eq!(looked(&pods, false), "");
        // A new version, one that is gone, one that has come.
        pods[1] = pod("b");
        pods[2] = pod("c");
        assert_eq!(looked(&pods, false), "b 1, c 0");
        assert_eq!(looked(&pods[1..], true), "b 2, c 1");
        assert_eq!(looked(&pods[..2], false), "a 0");
    }
}
