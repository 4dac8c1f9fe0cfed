//! `kubectl create -f`.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/create/create.go` of Kubernetes v1.37.2, Apache-2.0.

use super::Error;
use super::resource::{self, Info, Reading};
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, CreateOptions, Refusal};
use crate::command::{Answer, Diagnostic, Fix};
use crate::manifest;
use crate::{api::kind::Kind, api::status::Reason};

/// Creates every object of a manifest. One that is refused does not hide the others. With `dry_run` the server answers,
/// and stores nothing.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create.go RunCreate
pub fn create(cluster: &mut Cluster, text: &str, file: &str, dry_run: bool) -> Answer {
    let manifest = manifest::read(text);
    let visit = resource::visit(&manifest, &Reading::of(file));
    let unread = visit.failure();
    let mut answer = Answer { diagnostics: visit.diagnostics, ..Answer::default() };
    let mut failures = Vec::new();
    let options = CreateOptions { dry_run, ..CreateOptions::default() };
    let suffix = if dry_run { " (server dry run)" } else { "" };
    for info in &visit.infos {
        if let Err(why) = resource::usable_path(&info.reference.namespace, None) {
            failures.push(unaskable(why, info, &mut answer).when("creating", file));
            continue;
        }
        match cluster.request_create(Actor::User, info.reference.kind, &info.object, &options) {
            Ok(accepted) => {
                answer.warn(&accepted.warnings);
                answer.print(format!("{} created{suffix}", accepted.object.object_ref()));
            }
            Err(refusal) => failures.push(refused(refusal, info, &mut answer).when("creating", file)),
        }
    }
    failures.extend(unread);
    finish(answer, failures, visit.infos.is_empty(), "create")
}

/// Prints what went wrong, at the end, as kubectl does.
pub(super) fn finish(mut answer: Answer, mut failures: Vec<Error>, nothing: bool, verb: &str) -> Answer {
    if failures.is_empty() && nothing {
        answer.diagnostics.push(Diagnostic::of("there is no object in this text", ""));
        failures.push(Error::Plain(format!("no objects passed to {verb}")));
    }
    if let Err(failure) = Error::collect(failures) {
        let (text, _) = failure.report();
        answer.complain(text.strip_suffix('\n').unwrap_or(&text));
    }
    answer
}

/// Notes the place of what kubectl cannot ask the server for.
pub(super) fn unaskable(why: String, info: &Info<'_>, answer: &mut Answer) -> Error {
    let path = if why.contains("namespace") { "metadata.namespace" } else { "metadata.name" };
    let span = Some(info.entry.locate(path));
    answer.diagnostics.push(Diagnostic { span, ..Diagnostic::of(why.clone(), path) });
    Error::Plain(why)
}

/// Notes the places of a refusal.
pub(super) fn refused(refusal: Refusal, info: &Info<'_>, answer: &mut Answer) -> Error {
    answer.warn(&refusal.more.warnings);
    for diagnostic in diagnostics(&refusal, info) {
        if !answer.diagnostics.contains(&diagnostic) {
            answer.diagnostics.push(diagnostic);
        }
    }
    Error::from(refusal)
}

/// One diagnostic for each field that the refusal names, or one for the object.
fn diagnostics(refusal: &Refusal, info: &Info<'_>) -> Vec<Diagnostic> {
    let (status, entry) = (&refusal.status, &info.entry);
    let at =
        |message: String, path: &str| Diagnostic { span: Some(entry.locate(path)), ..Diagnostic::of(message, path) };
    if status.message.contains("strict decoding error: ") {
        let unknown = |path: &String| {
            let span = Some(entry.locate_key(path));
            Diagnostic { span, ..Diagnostic::of(format!("unknown field {path:?}"), path.as_str()) }
        };
        return refusal.more.paths.iter().map(unknown).collect();
    }
    // A patch's result that its type cannot hold is told by the patch, which is no part of the text.
    if let (false, Some(path)) = (refusal.more.detail.is_empty(), refusal.more.paths.first()) {
        return vec![at(refusal.more.detail.clone(), path)];
    }
    if !status.causes.is_empty() {
        return status.causes.iter().map(|cause| at(cause.body(), &cause.path)).collect();
    }
    let path = refusal.more.paths.first().cloned().unwrap_or_else(|| match status.reason {
        Reason::NotFound => "metadata.namespace".to_owned(),
        _ => "metadata.name".to_owned(),
    });
    let fix = match &status.about {
        Some((Kind::Namespace, name)) if status.is_not_found() && *name == info.reference.namespace => {
            Some(Fix::CreateNamespace(name.clone()))
        }
        _ => None,
    };
    let message = match status.message.split_once(": json: ") {
        Some((_, go)) => format!("json: {go}"),
        None => status.message.clone(),
    };
    vec![Diagnostic { fix, ..at(message, &path) }]
}
