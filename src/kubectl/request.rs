//! What commands that change something have in common: dry runs, requests to the API server, and the line that says what
//! was done.

use serde_json::Value;

use super::context::Context;
use super::error::Error;
use super::flags::{Flags, parse_bool};
use super::output::printer::{FORMATS, Printer, Request};
use super::resources::{Found, Info, Query, namespace, sources};
use crate::api::fields::Fields;
use crate::api::meta::ObjectRef;
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, FieldValidation, PatchType, Patched, Refusal};

/// The flags of commands that print what they did to an object.
macro_rules! print_flags {
    () => {
        "output/o string;template string;allow-missing-template-keys bool=true;show-managed-fields bool"
    };
}
/// The flags that name files.
macro_rules! file_flags {
    () => {
        "filename/f slice;kustomize/k string;recursive/R bool"
    };
}
/// The flags of commands that can be tried out.
macro_rules! dry_run_flags {
    () => {
        "dry-run string=none?unchanged;field-manager string"
    };
}
/// The flags of commands that change objects, which files or arguments name.
macro_rules! change_flags {
    () => {
        concat!(
            $crate::kubectl::request::print_flags!(),
            ";",
            $crate::kubectl::request::file_flags!(),
            ";",
            $crate::kubectl::request::dry_run_flags!()
        )
    };
}
/// The flags that say how strictly fields are checked.
macro_rules! validate_flags {
    () => {
        "validate string=strict?strict"
    };
}
pub(super) use {change_flags, dry_run_flags, file_flags, print_flags, validate_flags};

/// Whether a command only shows what it would do, and who finds that out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DryRun {
    /// It does it.
    None,
    /// kubectl.
    Client,
    /// The API server.
    Server,
}

impl DryRun {
    /// What a line asks for.
    ///
    /// # Errors
    /// kubectl's sentence where the value is none.
    // Models staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go GetDryRunStrategy
    pub fn of(context: &mut Context<'_>, flags: &Flags) -> Result<DryRun, Error> {
        let value = flags.text("dry-run");
        let mut deprecated = |old: &str, new: &str| {
            let time = context.cluster.now().timestamp().to_string();
            let (date, clock) = (time[5..10].replace('-', ""), &time[11..19]);
            context.out.complain(&format!(
                "W{date} {clock}.000000       1 helpers.go:714] --dry-run{old} is deprecated{} and can be replaced with \
                 --dry-run={new}.",
                if old.is_empty() { "" } else { " (boolean value)" }
            ));
        };
        match (parse_bool(value), value) {
            (Some(true), _) => {
                deprecated(&format!("={value}"), "client");
                Ok(DryRun::Client)
            }
            (Some(false), _) => {
                deprecated(&format!("={value}"), "none");
                Ok(DryRun::None)
            }
            (None, "unchanged") => {
                deprecated("", "client");
                Ok(DryRun::Client)
            }
            (None, "client") => Ok(DryRun::Client),
            (None, "server") => Ok(DryRun::Server),
            (None, "none" | "") => Ok(DryRun::None),
            (None, _) => {
                Err(format!("Invalid dry-run value ({value}). Must be \"none\", \"server\", or \"client\".").into())
            }
        }
    }

    /// What stands after an operation.
    pub fn suffix(self) -> &'static str {
        match self {
            DryRun::None => "",
            DryRun::Client => " (dry run)",
            DryRun::Server => " (server dry run)",
        }
    }

    /// Sends a request: to the cluster, or to a copy of it that is thrown away.
    pub fn send<T>(self, cluster: &mut Cluster, request: impl FnOnce(&mut Cluster) -> T) -> T {
        if self == DryRun::None {
            return request(cluster);
        }
        request(&mut cluster.trial())
    }
}

/// What becomes of fields that no type has, as a line asks for it.
///
/// # Errors
/// kubectl's sentence where the value is none.
// Models staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go GetValidationDirective
pub fn validation(flags: &Flags) -> Result<FieldValidation, Error> {
    let value = flags.text("validate");
    match (parse_bool(value), value) {
        (Some(true), _) | (None, "strict") => Ok(FieldValidation::Strict),
        (Some(false), _) | (None, "ignore") => Ok(FieldValidation::Ignore),
        (None, "warn") => Ok(FieldValidation::Warn),
        (None, _) => Err(format!(
            "invalid - validate option {value:?}; must be one of: strict (or true), warn, ignore (or false)"
        )
        .into()),
    }
}

/// What is checked of files where fields are checked so.
pub fn validates(validation: FieldValidation) -> Option<FieldValidation> {
    (validation != FieldValidation::Ignore).then_some(validation)
}

/// Says what was done to objects, or prints them.
#[derive(Clone, Debug)]
pub struct Say {
    printer: Option<Printer>,
    /// Whether nothing is really done.
    pub dry_run: DryRun,
}

impl Say {
    /// What a line asks for.
    ///
    /// # Errors
    /// kubectl's sentence about `--dry-run` or `-o`.
    pub fn of(context: &mut Context<'_>, flags: &Flags) -> Result<Say, Error> {
        let dry_run = DryRun::of(context, flags)?;
        let (output, template) = (flags.text("output"), flags.text("template"));
        let request = Request {
            output,
            template,
            allow_missing_keys: flags.flag("allow-missing-template-keys"),
            no_headers: false,
            formats: FORMATS,
            files: context.files,
        };
        let printer = if output.is_empty() && template.is_empty() { None } else { Some(Printer::new(&request)?) };
        Ok(Say { printer, dry_run })
    }

    /// The same for objects that kubectl makes itself.
    ///
    /// # Errors
    /// As for others.
    pub fn of_made(context: &mut Context<'_>, flags: &Flags) -> Result<Say, Error> {
        let mut say = Say::of(context, flags)?;
        say.made();
        Ok(say)
    }

    /// What is printed from now on, kubectl has made itself.
    pub fn made(&mut self) {
        if let Some(printer) = &mut self.printer {
            printer.typed = true;
        }
    }

    /// Whether objects themselves are printed.
    pub fn prints_objects(&self) -> bool {
        self.printer.is_some()
    }

    /// Says that something was done to an object.
    ///
    /// # Errors
    /// Where a template does not fit the object.
    // Models staging/src/k8s.io/cli-runtime/pkg/printers/name.go PrintObj
    pub fn done(&mut self, context: &mut Context<'_>, object: &Value, operation: &str) -> Result<(), Error> {
        if let Some(printer) = &mut self.printer {
            return printer.print(object, context.out);
        }
        let kind = object.text("kind").to_lowercase();
        let group = object.text("apiVersion").split_once('/').map(|(group, _)| format!(".{group}")).unwrap_or_default();
        let name = object.field("metadata").text("name");
        context.out.print(&format!("{kind}{group}/{name} {operation}{}", self.dry_run.suffix()));
        Ok(())
    }
}

/// Finds the objects that a line names.
///
/// # Errors
/// Where the line makes no sense.
pub fn find(context: &Context<'_>, flags: &Flags, change: &dyn Fn(&mut Query<'_>)) -> Result<Found, Error> {
    find_args(context, flags, &flags.args, change)
}

/// The same for some of the line's arguments.
///
/// # Errors
/// Where the line makes no sense.
pub fn find_args(
    context: &Context<'_>,
    flags: &Flags,
    args: &[String],
    change: &dyn Fn(&mut Query<'_>),
) -> Result<Found, Error> {
    let (namespace, enforce_namespace) = namespace(context, flags);
    let mut query = Query {
        namespace: &namespace,
        enforce_namespace,
        all_namespaces: flags.flag("all-namespaces"),
        selector: flags.text("selector"),
        field_selector: flags.text("field-selector"),
        all: false,
        args,
        sources: sources(context, flags)?,
        latest: true,
        ..Query::default()
    };
    change(&mut query);
    query.find(context.cluster)
}

/// Sends a patch, and prints the server's warnings.
///
/// # Errors
/// The API server's refusal.
pub fn patch(
    context: &mut Context<'_>,
    reference: &ObjectRef,
    ty: PatchType,
    body: &Value,
    dry_run: DryRun,
) -> Result<Patched, Error> {
    let patched = dry_run.send(context.cluster, |cluster| cluster.patch(Actor::User, reference, ty, body));
    let patched = told(context, patched)?;
    warn(context, &patched.warnings);
    Ok(patched)
}

/// Prints the server's warnings.
pub fn warn(context: &mut Context<'_>, warnings: &[String]) {
    for warning in warnings {
        context.out.complain(&format!("Warning: {warning}"));
    }
}

/// Prints the warnings that come with a refusal.
///
/// # Errors
/// The refusal.
pub fn told<T>(context: &mut Context<'_>, result: Result<T, Refusal>) -> Result<T, Error> {
    result.map_err(|refusal| {
        warn(context, &refusal.more.warnings);
        Error::from(refusal)
    })
}

/// Does something with each object, and gathers what goes wrong.
///
/// # Errors
/// Everything that went wrong.
pub fn visit(
    context: &mut Context<'_>,
    found: Found,
    work: &mut dyn FnMut(&mut Context<'_>, Info) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut errors = Vec::new();
    for item in found.items {
        if let Err(error) = item.and_then(|info| work(context, info)) {
            errors.push(error);
        }
    }
    Error::collect(errors)
}

/// The object as kubectl holds it: as it is stored, or as the file has it.
pub fn value_of(info: &Info) -> Value {
    match (&info.object, &info.manifest) {
        (Some(object), _) => object.to_value(),
        (None, Some(manifest)) => manifest.clone(),
        (None, None) => Value::Null,
    }
}

/// The arguments before the first that is a pair, and the pairs.
///
/// # Errors
/// kubectl's sentence where an argument stands after them.
// Models staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go GetResourcesAndPairs
pub fn resources_and_pairs(args: &[String], pair_type: &str) -> Result<(Vec<String>, Vec<String>), Error> {
    let is_pair =
        |arg: &String| (arg.contains('=') && !arg.starts_with('=')) || (arg.ends_with('-') && arg.as_str() != "-");
    let at = args.iter().position(is_pair).unwrap_or(args.len());
    if let Some(stray) = args[at..].iter().find(|arg| !is_pair(arg)) {
        return Err(format!("all resources must be specified before {pair_type} changes: {stray}").into());
    }
    Ok((args[..at].to_vec(), args[at..].to_vec()))
}

/// What pairs set, and what they remove.
pub struct Pairs {
    /// Keys with their new values; of the same key the last counts.
    pub set: Vec<(String, String)>,
    /// Keys to remove.
    pub remove: Vec<String>,
}

/// Reads `KEY=VALUE` and, where that is allowed, `KEY-`.
///
/// # Errors
/// kubectl's sentence about what is neither.
// Models staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go ParsePairs
pub fn parse_pairs(args: &[String], pair_type: &str, removes: bool) -> Result<Pairs, Error> {
    let mut pairs = Pairs { set: Vec::new(), remove: Vec::new() };
    let mut invalid: Vec<&str> = Vec::new();
    for arg in args {
        match (arg.split_once('='), arg.strip_suffix('-')) {
            (Some((key, value)), _) if !key.is_empty() => {
                pairs.set.retain(|(known, _)| known != key);
                pairs.set.push((key.to_owned(), value.to_owned()));
            }
            (_, Some(key)) if removes && !key.is_empty() => pairs.remove.push(key.to_owned()),
            _ => invalid.push(arg),
        }
    }
    if invalid.is_empty() {
        Ok(pairs)
    } else {
        Err(format!("invalid {pair_type} format: {}", invalid.join(", ")).into())
    }
}
