//! kubectl's lines for what a button does: what the button shows, and runs.

use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;

/// A word of a line, in quotes where the shell would read more into it.
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// An object as arguments: its type, its name, and its namespace where it has one.
fn arguments(object: &ObjectRef) -> String {
    let singular = object.kind.name().to_lowercase();
    let ty = match object.kind {
        Kind::PersistentVolumeClaim => "pvc",
        Kind::PersistentVolume => "pv",
        _ => &singular,
    };
    let namespace = match object.namespace.as_str() {
        "" => String::new(),
        namespace => format!(" -n {}", quoted(namespace)),
    };
    format!("{ty} {}{namespace}", quoted(&object.name))
}

/// Sets the replicas of a set.
pub fn scale(set: &ObjectRef, replicas: i64) -> String {
    format!("kubectl scale {} --replicas={replicas}", arguments(set))
}

/// Sets the image of a container.
pub fn set_image(set: &ObjectRef, container: &str, image: &str) -> String {
    let image = quoted(&format!("{container}={image}"));
    let namespace = quoted(&set.namespace);
    format!("kubectl set image {}/{} {image} -n {namespace}", set.kind.name().to_lowercase(), quoted(&set.name))
}

/// Patches an object.
pub fn patch(object: &ObjectRef, patch: &str) -> String {
    format!("kubectl patch {} -p {}", arguments(object), quoted(patch))
}

/// Deletes an object.
pub fn delete(object: &ObjectRef) -> String {
    format!("kubectl delete {}", arguments(object))
}

/// Restarts a set's pods, or takes its template back.
pub fn rollout(verb: &str, set: &ObjectRef) -> String {
    format!("kubectl rollout {verb} {}", arguments(set))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::config::Config;
    use crate::command::Command;
    use crate::workbench::Workbench;

    #[test]
    fn words_are_quoted_where_the_shell_would_read_more_into_them() {
        assert_eq!(quoted("web-0"), "web-0");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }

    #[test]
    fn each_line_does_what_it_says() {
        let set = ObjectRef::new(Kind::StatefulSet, "julin", "web");
        let mut bench = Workbench::new(Config::default());
        bench.execute(&Command::Apply { manifest: include_str!("../../scenarios/web.yaml").to_owned() });
        let mut run = |line: String| {
            let answer = bench.execute(&Command::Run { terminal: 0, line });
            answer.output.into_iter().map(|line| line.text).collect::<Vec<_>>()
        };
        assert_eq!(run(scale(&set, 5)), ["statefulset.apps/web scaled"]);
        assert_eq!(run(set_image(&set, "nginx", "nginx:1.29")), ["statefulset.apps/web image updated"]);
        assert_eq!(run(patch(&set, "{\"spec\": {\"replicas\": 3}}")), ["statefulset.apps/web patched"]);
        assert_eq!(run(delete(&set)), ["statefulset.apps \"web\" deleted from julin namespace"]);
    }
}
