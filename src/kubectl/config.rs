//! `kubectl config`, as far as it changes something; and what is refused here.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/config` of Kubernetes v1.37.2, Apache-2.0.

use super::context::Context;
use super::error::{Error, usage};
use super::exec::with_type;
use super::flags::Flags;
use super::request::find_args;
use crate::api::status::{Reason, Status};

/// The flags of `set-context`.
pub const SET_CONTEXT_FLAGS: &str = "current bool";

/// Runs `kubectl config set-context`.
///
/// # Errors
/// Where the line names no context.
// Models staging/src/k8s.io/kubectl/pkg/cmd/config/set_context.go
pub fn set_context(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let current = flags.flag("current");
    let name = match (flags.args.as_slice(), current) {
        ([], true) => context.config.context.clone(),
        ([name], false) => name.clone(),
        ([_], true) => return Err("you cannot specify both a context name and --current".into()),
        ([], false) => return Err("you must specify a non-empty context name or --current".into()),
        (args, _) => return Err(usage("config set-context", format!("Unexpected args: [{}]", args.join(" ")))),
    };
    let known = name == context.config.context;
    if known && flags.is_set("namespace") {
        flags.text("namespace").clone_into(&mut context.config.namespace);
    }
    context.out.print(&format!("Context {name:?} {}.", if known { "modified" } else { "created" }));
    Ok(())
}

/// Runs `kubectl config use-context`.
///
/// # Errors
/// Where there is no such context.
// Models staging/src/k8s.io/kubectl/pkg/cmd/config/use_context.go
pub fn use_context(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let [name] = flags.args.as_slice() else {
        return Err(usage("config use-context", format!("Unexpected args: [{}]", flags.args.join(" "))));
    };
    if *name != context.config.context {
        return Err(format!("no context exists with the name: {name:?}").into());
    }
    context.out.print(&format!("Switched to context {name:?}."));
    Ok(())
}

/// Runs `kubectl config current-context`.
///
/// # Errors
/// Never.
pub fn current_context(context: &mut Context<'_>, _flags: &Flags) -> Result<(), Error> {
    let name = context.config.context.clone();
    context.out.print(&name);
    Ok(())
}

/// The flags of `auth can-i`.
pub const CAN_I_FLAGS: &str = "all-namespaces/A bool;quiet/q bool;subresource string;list bool;no-headers bool";

/// Runs `kubectl auth can-i`: everybody here may do everything.
///
/// # Errors
/// Where the line asks nothing.
// Models staging/src/k8s.io/kubectl/pkg/cmd/auth/cani.go
pub fn can_i(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    if flags.flag("list") {
        if !flags.flag("no-headers") {
            context.out.print("Resources   Non-Resource URLs   Resource Names   Verbs");
        }
        context.out.print("*.*         []                  []               [*]");
        context.out.print("            [*]                 []               [*]");
        return Ok(());
    }
    // Models staging/src/k8s.io/kubectl/pkg/cmd/auth/cani.go Validate
    const VERBS: &str = "get list watch create update patch delete deletecollection use bind escalate impersonate * \
        approve sign attest";
    const URL_VERBS: &str = "get put post head options delete patch *";
    let (resource, name) = match flags.args.as_slice() {
        [_, resource] => match resource.split_once('/') {
            Some((resource, name)) if !resource.is_empty() => (resource, name),
            _ => (resource.as_str(), ""),
        },
        [_, resource, name] => (resource.as_str(), name.as_str()),
        _ => {
            return Err(
                "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth \
                        can-i -h' for help and examples."
                    .into(),
            );
        }
    };
    let _ = name;
    let (verb, known) = (&flags.args[0], if resource.starts_with('/') { URL_VERBS } else { VERBS });
    if !known.split_whitespace().any(|known| known == verb) {
        context.out.complain(&format!("Warning: verb '{verb}' is not a known verb\n"));
    }
    if let Ok(kind) = super::resources::kind_for(resource)
        && !kind.resource().namespaced
        && !flags.flag("all-namespaces")
    {
        let resource = kind.resource();
        let place = if resource.group.is_empty() { String::new() } else { format!(" in group '{}'", resource.group) };
        context.out.complain(&format!("Warning: resource '{}' is not namespace scoped{place}\n", resource.plural));
    }
    if resource != "*" && !resource.starts_with('/') && super::resources::kind_for(resource).is_err() {
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        let place = if group.is_empty() { String::new() } else { format!(" in group '{group}'") };
        context.out.complain(&format!("Warning: the server doesn't have a resource type '{resource}'{place}\n"));
    }
    if !flags.flag("quiet") {
        context.out.print("yes");
    }
    Ok(())
}

/// Runs `kubectl auth whoami`: everybody here is the administrator.
///
/// # Errors
/// None.
// Models staging/src/k8s.io/kubectl/pkg/cmd/auth/whoami.go
pub fn whoami(context: &mut Context<'_>, _flags: &Flags) -> Result<(), Error> {
    context.out.write(
        "ATTRIBUTE   VALUE\nUsername    admin\nUID         admin\nGroups      [system:masters system:authenticated]\n",
    );
    Ok(())
}

/// Refuses `kubectl completion`: Tab completes here without a script.
///
/// # Errors
/// Always.
// Models staging/src/k8s.io/kubectl/pkg/cmd/completion/completion.go RunCompletion
pub fn completion(_context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    match flags.args.as_slice() {
        [] => Err(usage("completion", "Shell not specified.")),
        [shell] if !matches!(shell.as_str(), "bash" | "zsh" | "fish" | "powershell") => {
            Err(usage("completion", format!("Unsupported shell type {shell:?}.")))
        }
        [_] => Err("the terminals of this page complete commands, names and flags without a script: press Tab".into()),
        _ => Err(usage("completion", "Too many arguments. Expected only the shell type.")),
    }
}

/// The flags of `top`.
pub const TOP_FLAGS: &str = "all-namespaces/A bool;containers bool;field-selector string;no-headers bool;selector/l string;\
    sort-by string;sum bool;show-capacity bool;use-protocol-buffers bool;show-swap bool";

/// Refuses `kubectl top`, as where no metrics server runs.
///
/// # Errors
/// Always.
pub fn top(_context: &mut Context<'_>, _flags: &Flags) -> Result<(), Error> {
    Err("Metrics API not available".into())
}

/// The flags of `port-forward` and `proxy`.
pub const FORWARD_FLAGS: &str =
    "address slice;pod-running-timeout duration=1m0s;port/p int=8001;www string;www-prefix string;api-prefix string";

/// Refuses `kubectl port-forward`, with kubectl's words where the line is wrong.
///
/// # Errors
/// Always.
// Models staging/src/k8s.io/kubectl/pkg/cmd/portforward/portforward.go Complete
pub fn port_forward(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let [named, _, ..] = flags.args.as_slice() else {
        return Err(usage("port-forward", "TYPE/NAME and list of ports are required for port-forward"));
    };
    find_args(context, flags, &[with_type(named)], &|_| {})?.infos()?;
    no_network(context, flags)
}

/// Refuses what would open a connection from outside the cluster.
///
/// # Errors
/// Always.
pub fn no_network(_context: &mut Context<'_>, _flags: &Flags) -> Result<(), Error> {
    let sentence = "no connection can be opened from this page into the simulated cluster; use kubectl exec with curl or wget \
                    in a pod instead";
    Err(Status { reason: Reason::MethodNotAllowed, message: sentence.to_owned(), about: None, causes: Vec::new() }
        .into())
}
