//! `kubectl explain`: the fields of a type and what they hold, from the table of types. The table has no prose, so
//! descriptions are left out.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/explain/v2/templates/plaintext.tmpl` of Kubernetes v1.37.2, Apache-2.0.

use super::{Context, Error, Flags, resources};
use crate::api::kind::Kind;
use crate::api::schema::{Field, Schema, Ty, Type};

/// The flags.
pub const FLAGS: &str = "recursive bool;api-version string;output/o string=plaintext";

/// How many values of a field are listed beside it.
const FEW: usize = 4;

/// Runs the command.
///
/// # Errors
/// What kubectl refuses, or does not find.
// Models staging/src/k8s.io/kubectl/pkg/cmd/explain/explain.go Run
pub fn run(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let argument = match flags.args.as_slice() {
        [] => {
            return Err(
                "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete \
                        list of supported resources."
                    .into(),
            );
        }
        [one] => one,
        _ => return Err("We accept only this format: explain RESOURCE\n".into()),
    };
    let (kind, path) = find(argument)?;
    let version = match flags.text("api-version") {
        "" => kind.api_version(),
        given if Kind::of_manifest(given, kind.name()) == Some(kind) => given.to_owned(),
        given => {
            let (group, version) = given.split_once('/').unwrap_or(("", given));
            let why = format!("couldn't find resource for \"{group}/{version}, Resource={}\"", kind.resource().plural);
            return Err(Error::Plain(why));
        }
    };
    let Some(ty) = Schema::get().of_kind(kind) else {
        return Err(Error::Plain(format!("the fields of {} are not known here", kind.group_resource())));
    };
    let (group, version) = version.rsplit_once('/').unwrap_or(("", &version));
    if !group.is_empty() {
        context.out.print(&format!("GROUP:      {group}"));
    }
    context.out.print(&format!("KIND:       {}\nVERSION:    {version}\n", kind.name()));
    let mut current = Some(ty);
    let mut last: Option<&Field> = None;
    for name in &path {
        let field = current.and_then(|ty| ty.field(name));
        let Some(field) = field else {
            let name = path.last().copied().unwrap_or_default();
            return Err(Error::Plain(format!("field {name:?} does not exist")));
        };
        last = Some(field);
        current = inner_type(&field.ty);
    }
    if let Some(field) = last {
        context.out.print(&format!("FIELD: {} <{}>", field.name, field.ty.name()));
        if !field.values.is_empty() {
            context.out.print(&format!("ENUM:\n    {}", values(field).join("\n    ")));
        }
        context.out.print("");
    }
    if let Some(ty) = current {
        context.out.print("FIELDS:");
        let mut lines = String::new();
        list(ty, flags.flag("recursive"), &mut Vec::new(), &mut lines);
        context.out.write(&lines);
    }
    context.out.print("");
    Ok(())
}

/// The kind that an argument names, and the fields after it. A group may stand between: `statefulsets.apps.spec`.
// Models staging/src/k8s.io/kubectl/pkg/explain/explain.go SplitAndParseResourceRequest
fn find(argument: &str) -> Result<(Kind, Vec<&str>), Error> {
    let mut parts = argument.split('.').filter(|part| !part.is_empty());
    let resource = parts.next().unwrap_or_default();
    match resources::kind_for(resource) {
        Ok(kind) => Ok((kind, parts.collect())),
        Err(error) => Err(Error::Text(error.sentence())),
    }
}

/// The struct that a field holds, itself or as items.
fn inner_type(ty: &Ty) -> Option<&'static Type> {
    match ty {
        Ty::Pointer(inner) | Ty::List(inner) | Ty::Map(inner) => inner_type(inner),
        Ty::Struct(name) => Schema::get().find(name),
        _ => None,
    }
}

fn values(field: &Field) -> Vec<&'static str> {
    field.values.iter().map(|value| if value.is_empty() { "\"\"" } else { value }).collect()
}

/// A line for each field, and the fields below it where everything is wanted. A type within itself ends there.
// Models staging/src/k8s.io/kubectl/pkg/explain/v2/templates/plaintext.tmpl fieldList, fieldDetail
fn list(ty: &Type, recursive: bool, above: &mut Vec<&'static str>, out: &mut String) {
    above.push(ty.name);
    let indent = "  ".repeat(above.len());
    for field in &ty.fields {
        let required = if field.required { " -required-" } else { "" };
        // The table keeps one type for all raw JSON.
        let ty = if field.name == "fieldsV1" { "FieldsV1".to_owned() } else { field.ty.name() };
        out.push_str(&format!("{indent}{}\t<{ty}>{required}\n", field.name));
        if !field.values.is_empty() {
            let values = values(field);
            let few: Vec<&str> = values.iter().take(FEW).copied().collect();
            let more = if values.len() > FEW { ", ...." } else { "" };
            out.push_str(&format!("{indent}enum: {}{more}\n", few.join(", ")));
        }
        if recursive
            && let Some(inner) = inner_type(&field.ty)
            && !above.contains(&inner.name)
        {
            list(inner, recursive, above, out);
        }
    }
    above.pop();
}
