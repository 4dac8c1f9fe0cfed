//! `kubectl taint`
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/taint` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Value, json};

use super::context::Context;
use super::error::{Error, usage};
use super::flags::Flags;
use super::request::{DryRun, Say, dry_run_flags, find_args, patch, print_flags, validate_flags, value_of, visit};
use super::resources::kind_for;
use crate::api::fields::{Fields, as_map, map_in};
use crate::api::kind::Kind;
use crate::api::validate::format;
use crate::cluster::PatchType;

/// The command's flags.
pub const FLAGS: &str = concat!(
    print_flags!(),
    ";",
    dry_run_flags!(),
    ";",
    validate_flags!(),
    ";selector/l string;overwrite bool;all bool"
);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Taint {
    key: String,
    value: String,
    effect: String,
}

impl Taint {
    // Models staging/src/k8s.io/kubectl/pkg/cmd/taint/utils.go parseTaint
    fn parse(text: &str) -> Result<Taint, String> {
        let invalid = || format!("invalid taint spec: {text}");
        let parts: Vec<&str> = text.split(':').collect();
        let (key, value, effect) = match parts.as_slice() {
            [key] => (*key, "", ""),
            [pair, effect] => {
                if !matches!(*effect, "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
                    return Err(format!("invalid taint effect: {effect}, unsupported taint effect"));
                }
                let parts: Vec<&str> = pair.split('=').collect();
                match parts.as_slice() {
                    [key] => (*key, "", *effect),
                    [key, value] => (*key, *value, *effect),
                    _ => return Err(invalid()),
                }
            }
            _ => return Err(invalid()),
        };
        let mut errors = format::label_value(value);
        if errors.is_empty() {
            errors = format::label_key(key);
        }
        if !errors.is_empty() {
            return Err(format!("{}, {}", invalid(), errors.join("; ")));
        }
        Ok(Taint { key: key.to_owned(), value: value.to_owned(), effect: effect.to_owned() })
    }

    fn matches(&self, stored: &Value) -> bool {
        self.key == stored.text("key") && (self.effect.is_empty() || self.effect == stored.text("effect"))
    }

    fn to_value(&self) -> Value {
        let mut out = json!({"effect": self.effect, "key": self.key});
        if !self.value.is_empty() {
            as_map(&mut out).insert("value".to_owned(), Value::from(self.value.as_str()));
        }
        out
    }

    // Models staging/src/k8s.io/api/core/v1/taint.go ToString
    fn text(&self) -> String {
        match (self.effect.as_str(), self.value.as_str()) {
            ("", "") => self.key.clone(),
            ("", value) => format!("{}={value}:", self.key),
            (effect, "") => format!("{}:{effect}", self.key),
            (effect, value) => format!("{}={value}:{effect}", self.key),
        }
    }
}

/// The taints to add, and those to remove.
type Taints = (Vec<Taint>, Vec<Taint>);

// Models staging/src/k8s.io/kubectl/pkg/cmd/taint/utils.go parseTaints
fn parse_taints(args: &[String]) -> Result<Taints, String> {
    let (mut add, mut remove): Taints = (Vec::new(), Vec::new());
    for arg in args {
        if let Some(removed) = arg.strip_suffix('-') {
            let taint = Taint::parse(removed)?;
            remove.push(Taint { value: String::new(), ..taint });
            continue;
        }
        let taint = Taint::parse(arg)?;
        if taint.effect.is_empty() {
            return Err(format!("invalid taint spec: {arg}"));
        }
        if add.iter().any(|known| known.key == taint.key && known.effect == taint.effect) {
            let shown = format!("{{{} {} {} <nil>}}", taint.key, taint.value, taint.effect);
            return Err(format!("duplicated taints with the same key and effect: {shown}"));
        }
        add.push(taint);
    }
    Ok((add, remove))
}

/// Runs the command.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/taint/taint.go Complete, Validate, RunTaint
pub fn run(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let mut say = Say::of(context, flags)?;
    let is_taint = |arg: &String| arg.contains(['=', ':']) || arg.ends_with('-');
    let at = flags.args.iter().position(is_taint).unwrap_or(flags.args.len());
    let (resources, args) = flags.args.split_at(at);
    if let Some(stray) = args.iter().find(|arg| !is_taint(arg)) {
        return Err(format!("all resources must be specified before taint changes: {stray}").into());
    }
    let Some(resource) = resources.first() else {
        return Err("one or more resources must be specified as <resource> <name>".into());
    };
    if args.is_empty() {
        return Err("at least one taint update is required".into());
    }
    let (add, remove) = parse_taints(args).map_err(|why| usage("taint", why))?;
    let (all, selector) = (flags.flag("all"), flags.text("selector"));
    let kind = kind_for(&resource.to_lowercase())?;
    if kind != Kind::Node {
        let shown = resource.to_lowercase();
        return Err(format!("invalid resource type {shown}, only node types are supported").into());
    }
    let both: Vec<String> = add
        .iter()
        .flat_map(|add| remove.iter().map(move |remove| (add, remove)))
        .filter(|(add, remove)| add.key == remove.key && (remove.effect.is_empty() || add.effect == remove.effect))
        .map(|(_, remove)| format!("{}={}", remove.key, remove.effect))
        .collect();
    if !both.is_empty() {
        let both = both.join(", ");
        return Err(format!("can not both modify and remove the following taint(s) in the same command: {both}").into());
    }
    if all && !selector.is_empty() {
        return Err("setting 'all' parameter with a non empty selector is prohibited".into());
    }
    if !all && selector.is_empty() && resources.len() < 2 {
        return Err("at least one resource name must be specified since 'all' parameter is not set".into());
    }
    let mut named = vec!["node".to_owned()];
    if !all && selector.is_empty() {
        named = resources[1..].iter().map(|name| format!("node/{name}")).collect();
    }
    let found = find_args(context, flags, &named, &|query| query.all = all)?;
    visit(context, found, &mut |context, info| {
        let node = value_of(&info);
        let present = node.field("spec").list("taints").to_vec();
        let (operation, taints) = reorganize(&present, &add, &remove, flags.flag("overwrite"), &info.reference.name)?;
        let body =
            json!({"spec": {"taints": if taints.is_empty() { Value::Null } else { Value::Array(taints.clone()) }}});
        let mut value = node;
        map_in(as_map(&mut value), "spec").insert("taints".to_owned(), Value::Array(taints));
        if say.dry_run != DryRun::Client {
            value = patch(context, &info.reference, PatchType::Merge, &body, say.dry_run)?.object.to_value();
        }
        // The printer does not say here that it is a dry run.
        let dry_run = std::mem::replace(&mut say.dry_run, DryRun::None);
        let done = say.done(context, &value, operation);
        say.dry_run = dry_run;
        done
    })
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/taint/utils.go reorganizeTaints
fn reorganize(
    old: &[Value],
    add: &[Taint],
    remove: &[Taint],
    overwrite: bool,
    node: &str,
) -> Result<(&'static str, Vec<Value>), Error> {
    let same = |taint: &Taint, stored: &Value| taint.key == stored.text("key") && taint.effect == stored.text("effect");
    if !overwrite {
        let mut exists = Vec::new();
        for taint in add {
            exists.extend(old.iter().filter(|stored| same(taint, stored)).map(|_| taint.key.as_str()));
        }
        if !exists.is_empty() {
            let exists = exists.join(",");
            return Err(format!(
                "node {node} already has {exists} taint(s) with same effect(s) and --overwrite is false"
            )
            .into());
        }
    }
    let mut new: Vec<Value> = add.iter().map(Taint::to_value).collect();
    new.extend(old.iter().filter(|stored| !add.iter().any(|taint| same(taint, stored))).cloned());
    let added = old.len() != new.len();
    let (mut removed, mut errors) = (false, Vec::new());
    for taint in remove {
        let before = new.len();
        new.retain(|stored| !taint.matches(stored));
        removed = new.len() < before;
        if !removed {
            errors.push(Error::Plain(format!("taint {:?} not found", taint.text())));
        }
    }
    Error::collect(errors)?;
    let operation = match (added, removed) {
        (true, true) => "modified",
        _ if overwrite => "modified",
        (true, false) => "tainted",
        (false, _) => "untainted",
    };
    Ok((operation, new))
}
