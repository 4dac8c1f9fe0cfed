//! The API's types as a table: which fields a type has, of which Go type, how patches merge them.
//!
//! `schema.txt` has a block for each type: its name at the margin, then a line for each field, indented by one blank:
//! `name type [always] [omitzero] [required] [merge[=key]] [retainKeys] [replace] [map=keys|set] [enum=A|B]`. `always` says that Go
//! writes the field also when it is zero. A named scalar is written `v1.PullPolicy:string`, so that a refusal can name the
//! Go type. Embedded structs are flattened. Fields stand in
//! Go's order, which is that of what Go writes. The table holds facts of `k8s.io/api` v0.37.2, read by reflection, and the
//! list and patch keys of its OpenAPI document.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::kind::Kind;
use super::order::sort_by_key;

/// The table, read once.
pub struct Schema {
    types: BTreeMap<&'static str, Type>,
}

/// A struct of the API.
#[derive(Debug)]
pub struct Type {
    /// Its name, without its package.
    pub name: &'static str,
    /// Its fields, by name.
    pub fields: Vec<Field>,
}

/// A field of a struct.
#[derive(Debug)]
pub struct Field {
    /// The field's name in JSON.
    pub name: &'static str,
    /// Where it stands in the Go struct.
    pub place: usize,
    /// What it holds.
    pub ty: Ty,
    /// Whether Go writes the field also when it is zero.
    pub always: bool,
    /// Whether Go leaves a zero struct out.
    pub omit_zero: bool,
    /// Whether the OpenAPI document calls the field required.
    pub required: bool,
    /// How a strategic merge patch treats a list: by this key, or item by item (`Some("")`); `None` replaces it.
    pub merge: Option<&'static str>,
    /// Whether a strategic merge patch may list the keys to keep.
    pub retain_keys: bool,
    /// Whether a strategic merge patch replaces a struct.
    pub replace: bool,
    /// The keys that tell the items of an associative list apart; an empty one where the items themselves do.
    pub map_keys: Vec<&'static str>,
    /// The values that the OpenAPI document enumerates.
    pub values: Vec<&'static str>,
}

/// A Go type.
#[derive(Debug)]
pub enum Ty {
    /// `bool`, with the Go type's name.
    Bool(&'static str),
    /// A whole number of so many bits, with the Go type's name.
    Int(u32, &'static str),
    /// A float; the API has only a few.
    Float(&'static str),
    /// A string, with the Go type's name.
    String(&'static str),
    /// `[]byte`: base64 in JSON.
    Bytes,
    /// `resource.Quantity`.
    Quantity,
    /// `intstr.IntOrString`.
    IntOrString,
    /// `metav1.Time` or `metav1.MicroTime`.
    Time,
    /// Any JSON: `runtime.RawExtension`, `metav1.FieldsV1`.
    Raw,
    /// A pointer: absent is not the same as zero.
    Pointer(Box<Ty>),
    /// A slice.
    List(Box<Ty>),
    /// A map with string keys.
    Map(Box<Ty>),
    /// A struct of the table.
    Struct(&'static str),
}

impl Ty {
    /// The type as the OpenAPI document has it, which is how `kubectl explain` writes it.
    // Models staging/src/k8s.io/kubectl/pkg/explain/v2/templates/plaintext.tmpl typeGuess
    pub fn name(&self) -> String {
        match self {
            Ty::Bool(_) => "boolean".to_owned(),
            Ty::Int(..) => "integer".to_owned(),
            Ty::Float(_) => "number".to_owned(),
            Ty::String(_) | Ty::Bytes | Ty::Time => "string".to_owned(),
            Ty::Quantity => "Quantity".to_owned(),
            Ty::IntOrString => "IntOrString".to_owned(),
            Ty::Raw => "RawExtension".to_owned(),
            Ty::Pointer(inner) => inner.name(),
            Ty::List(inner) => format!("[]{}", inner.name()),
            Ty::Map(inner) => format!("map[string]{}", inner.name()),
            Ty::Struct(name) => name.rsplit('.').next().unwrap_or(name).to_owned(),
        }
    }
}

impl Schema {
    /// The table of Kubernetes v1.37.2.
    pub fn get() -> &'static Schema {
        static SCHEMA: OnceLock<Schema> = OnceLock::new();
        SCHEMA.get_or_init(|| Schema::parse(include_str!("schema.txt")))
    }

    fn parse(text: &'static str) -> Schema {
        let mut types: BTreeMap<&'static str, Type> = BTreeMap::new();
        let mut current: Option<Type> = None;
        for line in text.lines() {
            match (line.strip_prefix(' '), &mut current) {
                (Some(field), Some(ty)) => ty.fields.push(Field::parse(field, ty.fields.len())),
                _ => {
                    if let Some(done) = current.replace(Type { name: line, fields: Vec::new() }) {
                        types.insert(done.name, done);
                    }
                }
            }
        }
        types.extend(current.map(|done| (done.name, done)));
        for ty in types.values_mut() {
            sort_by_key(&mut ty.fields, |field| field.name);
        }
        Schema { types }
    }

    /// Every struct.
    pub fn types(&self) -> impl Iterator<Item = &Type> {
        self.types.values()
    }

    /// The struct of this name.
    pub fn find(&self, name: &str) -> Option<&Type> {
        self.types.get(name)
    }

    /// The struct of this name, which a field of the table names.
    ///
    /// # Panics
    /// Where the table names a type that it lacks; a test walks every reference.
    pub fn struct_named(&self, name: &'static str) -> &Type {
        self.find(name).expect("every type that the table names is in it")
    }

    /// The struct that holds objects of this kind; `None` for kinds that the table lacks, which are stored as they are.
    pub fn of_kind(&self, kind: Kind) -> Option<&Type> {
        match kind {
            Kind::EndpointSlice => self.find("discovery.EndpointSlice"),
            kind => self.find(kind.name()),
        }
    }
}

impl Type {
    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.binary_search_by(|f| f.name.cmp(name)).ok().map(|at| &self.fields[at])
    }

    /// Where a field stands in the Go struct; after all of them what is no field.
    pub fn place(&self, name: &str) -> usize {
        self.field(name).map_or(self.fields.len(), |field| field.place)
    }

    /// The type's name as Go prints it.
    pub fn go_name(&self) -> String {
        go_struct(self.name)
    }
}

impl Field {
    fn parse(line: &'static str, place: usize) -> Field {
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default();
        let ty = Ty::parse(words.next().unwrap_or_default());
        let mut field = Field {
            name,
            place,
            ty,
            always: false,
            omit_zero: false,
            required: false,
            merge: None,
            retain_keys: false,
            replace: false,
            map_keys: Vec::new(),
            values: Vec::new(),
        };
        for word in words {
            match word.split_once('=').unwrap_or((word, "")) {
                ("always", _) => field.always = true,
                ("omitzero", _) => field.omit_zero = true,
                ("required", _) => field.required = true,
                ("merge", key) => field.merge = Some(key),
                ("retainKeys", _) => field.retain_keys = true,
                ("replace", _) => field.replace = true,
                ("map", keys) => field.map_keys = keys.split(',').collect(),
                ("set", _) => field.map_keys = vec![""],
                ("enum", values) => field.values = values.split('|').collect(),
                _ => {}
            }
        }
        field
    }
}

impl Ty {
    fn parse(text: &'static str) -> Ty {
        if let Some(inner) = text.strip_prefix('*') {
            return Ty::Pointer(Box::new(Ty::parse(inner)));
        }
        if text == "[]uint8" {
            return Ty::Bytes;
        }
        if let Some(inner) = text.strip_prefix("[]") {
            return Ty::List(Box::new(Ty::parse(inner)));
        }
        if let Some((_, inner)) = text.strip_prefix("map[").and_then(|rest| rest.split_once(']')) {
            return Ty::Map(Box::new(Ty::parse(inner)));
        }
        let (go, kind) = text.split_once(':').unwrap_or((text, text));
        match kind {
            "string" => Ty::String(go),
            "bool" => Ty::Bool(go),
            "int32" => Ty::Int(32, go),
            "int64" | "int" => Ty::Int(64, go),
            "float64" => Ty::Float(go),
            "resource.Quantity" => Ty::Quantity,
            "intstr.IntOrString" => Ty::IntOrString,
            "v1.Time" | "v1.MicroTime" => Ty::Time,
            "runtime.RawExtension" | "v1.FieldsV1" => Ty::Raw,
            name => Ty::Struct(name),
        }
    }

    /// The type as Go prints it in a refusal: `[]v1.Container`.
    pub fn go_name(&self) -> String {
        match self {
            Ty::Bool(name) | Ty::Int(_, name) | Ty::Float(name) | Ty::String(name) => (*name).to_owned(),
            Ty::Bytes => "[]uint8".to_owned(),
            Ty::Quantity => "resource.Quantity".to_owned(),
            Ty::IntOrString => "intstr.IntOrString".to_owned(),
            // A time is read from a string.
            Ty::Time => "string".to_owned(),
            Ty::Raw => "runtime.RawExtension".to_owned(),
            Ty::Pointer(inner) => inner.go_name(),
            Ty::List(inner) => format!("[]{}", inner.go_name()),
            // Every map of quantities is of this type.
            Ty::Map(inner) if matches!(**inner, Ty::Quantity) => "v1.ResourceList".to_owned(),
            Ty::Map(inner) => format!("map[string]{}", inner.go_name()),
            Ty::Struct(name) => go_struct(name),
        }
    }

    /// The type behind a pointer.
    pub fn pointee(&self) -> &Ty {
        match self {
            Ty::Pointer(inner) => inner,
            other => other,
        }
    }
}

fn go_struct(name: &str) -> String {
    format!("v1.{}", name.rsplit('.').next().unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn structs_of(ty: &Ty) -> Option<&'static str> {
        match ty {
            Ty::Pointer(inner) | Ty::List(inner) | Ty::Map(inner) => structs_of(inner),
            Ty::Struct(name) => Some(name),
            _ => None,
        }
    }

    #[test]
    fn every_type_that_the_table_names_is_in_it() {
        let schema = Schema::get();
        for ty in schema.types.values() {
            assert!(ty.fields.is_sorted_by(|a, b| a.name < b.name), "{}", ty.name);
            for field in &ty.fields {
                if let Some(name) = structs_of(&field.ty) {
                    assert!(schema.find(name).is_some(), "{}.{}: {name}", ty.name, field.name);
                }
            }
        }
    }

    #[test]
    fn a_line_says_how_a_field_is_typed_written_and_merged() {
        let container = Schema::get().find("Container").unwrap();
        let ports = container.field("ports").unwrap();
        assert_eq!(ports.merge, Some("containerPort"));
        assert_eq!(ports.map_keys, ["containerPort", "protocol"]);
        assert_eq!(ports.ty.go_name(), "[]v1.ContainerPort");
        let name = container.field("name").unwrap();
        assert!(name.always && name.required);
        assert_eq!(container.field("imagePullPolicy").unwrap().ty.go_name(), "v1.PullPolicy");
    }
}
