//! Decoding: from any JSON to what Go would hold and write back.
//!
//! [`decode`] checks a value against the schema table as the API server's strict JSON decoder does, and returns it
//! normalised: without unknown fields, without the zero values that Go leaves out, with quantities in canonical form.
//! So equal objects are equal values, and the hash of a revision is taken over the bytes that Kubernetes takes it over.

use serde_json::{Map, Number, Value};

use super::base64;
use super::order::sort_by_key;
use super::path::Path;
use super::quantity::Quantity;
use super::schema::{Field, Schema, Ty, Type};
use super::time::Timestamp;

/// Why a value cannot be held by its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// Where: `spec.replicas`.
    pub path: String,
    /// Go's sentence: `json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32`.
    pub message: String,
    /// What the code says that converts the result of a strategic merge patch, which says less:
    /// `unrecognized type: int32`.
    pub conversion: String,
}

/// What decoding gives where the types fit.
#[derive(Clone, Debug, Default)]
pub struct Decoded {
    /// The normalised value.
    pub value: Value,
    /// The paths of fields that no type has. The API server refuses them by default.
    pub unknown: Vec<String>,
    /// The paths of the empty lists and maps that were given and are left out, and how they are shown: `[]`, `{}`.
    pub empty: Vec<(String, &'static str)>,
}

/// Decodes `value` as a struct of type `ty`.
///
/// # Errors
/// The first value, in the order of the keys, that its type cannot hold. One that a type with a reader of its own refuses
/// goes before the others: it ends the reading.
// Models encoding/json/decode.go decodeState.saveError
pub fn decode(ty: &Type, value: &Value) -> Result<Decoded, DecodeError> {
    let mut decoder = Decoder { converts: false, ..Decoder::default() };
    let value = decoder.structure(ty, value, &Path::ROOT, "")?;
    if let Some(error) = decoder.saved {
        return Err(error);
    }
    Ok(Decoded { value, unknown: decoder.unknown, empty: decoder.empty })
}

/// Converts `value` to a struct of type `ty`, as is done with the result of a strategic merge patch: numbers are cut to
/// their type, and what is unknown is told by name.
///
/// # Errors
/// The first value, in the order of the keys, that its type cannot hold.
// Models k8s.io/apimachinery/pkg/runtime/converter.go FromUnstructuredWithValidation
pub fn convert(ty: &Type, value: &Value) -> Result<Decoded, DecodeError> {
    let mut decoder = Decoder { converts: true, ..Decoder::default() };
    let value = decoder.structure(ty, value, &Path::ROOT, "")?;
    sort_by_key(&mut decoder.unknown, |path| path.clone());
    Ok(Decoded { value, unknown: decoder.unknown, empty: decoder.empty })
}

#[derive(Default)]
struct Decoder {
    unknown: Vec<String>,
    empty: Vec<(String, &'static str)>,
    /// The first value that its type cannot hold.
    saved: Option<DecodeError>,
    /// Whether values are converted, not read from text.
    converts: bool,
}

impl Decoder {
    /// `owner` is the struct whose field is being decoded, for Go's message.
    fn structure(&mut self, ty: &Type, value: &Value, path: &Path<'_>, owner: &str) -> Result<Value, DecodeError> {
        let empty = Map::new();
        let fields = match value {
            Value::Object(fields) => fields,
            Value::Null => &empty,
            other => return self.save(mismatch(other, path, owner, &Ty::Struct(ty.name))),
        };
        let owner = ty.name.rsplit('.').next().unwrap_or(ty.name);
        let mut out = Map::new();
        // What is wrong is told in the order of the text that kubectl sends, or in that of the struct that is filled.
        let mut fields_in_order: Vec<(&String, &Value)> = fields.iter().collect();
        if self.converts {
            sort_by_key(&mut fields_in_order, |(name, _)| ty.place(name));
        }
        for (key, given) in fields_in_order {
            let Some(field) = ty.field(key) else {
                self.unknown.push(path.field(key).to_string());
                continue;
            };
            let embedded = embedded(owner, key).map(|name| path.embedded(name));
            let place = embedded.as_ref().unwrap_or(path).field(key);
            if let Some(value) = self.field(field, given, &place, owner)? {
                out.insert(key.clone(), value);
            }
        }
        for field in ty.fields.iter().filter(|field| has_zero(field) && !fields.contains_key(field.name)) {
            if let Some(value) = self.field(field, &Value::Null, &path.field(field.name), owner)? {
                out.insert(field.name.to_owned(), value);
            }
        }
        Ok(Value::Object(out))
    }

    /// The field's value as Go writes it, or `None` where Go leaves it out.
    fn field(
        &mut self,
        field: &Field,
        given: &Value,
        path: &Path<'_>,
        owner: &str,
    ) -> Result<Option<Value>, DecodeError> {
        let value = match &field.ty {
            Ty::Pointer(inner) => match given {
                Value::Null => None,
                given => Some(self.value(inner, given, path, owner)?),
            },
            Ty::List(_) | Ty::Map(_) | Ty::Bytes => match given {
                Value::Null => None,
                given => {
                    let value = self.value(&field.ty, given, path, owner)?;
                    let left_out = !field.always && is_empty(&value);
                    if left_out && !given.is_string() {
                        self.empty.push((path.to_string(), if given.is_array() { "[]" } else { "{}" }));
                    }
                    (!left_out).then_some(value)
                }
            },
            Ty::Time if field.omit_zero => match given {
                Value::Null => None,
                given => Some(self.value(&field.ty, given, path, owner)?),
            },
            Ty::Struct(_) | Ty::Quantity | Ty::IntOrString | Ty::Time | Ty::Raw => {
                let value = self.value(&field.ty, given, path, owner)?;
                Some(value).filter(|v| !(field.omit_zero && is_empty(v)))
            }
            _ => Some(self.value(&field.ty, given, path, owner)?).filter(|v| field.always || !is_zero(v)),
        };
        Ok(value.or_else(|| field.always.then_some(Value::Null)))
    }

    /// Notes a value that its type cannot hold, and goes on; a conversion ends there.
    fn save(&mut self, error: DecodeError) -> Result<Value, DecodeError> {
        if self.converts {
            return Err(error);
        }
        self.saved.get_or_insert(error);
        Ok(Value::Null)
    }

    fn value(&mut self, ty: &Ty, given: &Value, path: &Path<'_>, owner: &str) -> Result<Value, DecodeError> {
        let refused = || mismatch(given, path, owner, ty);
        let worded = |message: String| DecodeError {
            path: path.to_string(),
            conversion: match ty {
                Ty::Bytes => format!("error decoding from json: {message}"),
                _ => message.clone(),
            },
            message,
        };
        Ok(match (ty, given) {
            (Ty::Struct(name), given) => self.structure(Schema::get().struct_named(name), given, path, owner)?,
            (Ty::Pointer(inner), given) => self.value(inner, given, path, owner)?,
            (Ty::List(inner), Value::Array(items)) => {
                let mut out = Vec::with_capacity(items.len());
                for (i, item) in items.iter().enumerate() {
                    out.push(self.value(inner, item, &path.index(i), owner)?);
                }
                Value::Array(out)
            }
            (Ty::Map(inner), Value::Object(entries)) => {
                let mut out = Map::new();
                for (key, entry) in entries {
                    out.insert(key.clone(), self.value(inner, entry, &path.key(key), owner)?);
                }
                Value::Object(out)
            }
            (Ty::List(_) | Ty::Map(_) | Ty::Bytes | Ty::Raw | Ty::Time, Value::Null) => Value::Null,
            (Ty::Raw, given) => given.clone(),
            (Ty::Bool(_), Value::Null) => Value::Bool(false),
            (Ty::Bool(_), Value::Bool(_)) => given.clone(),
            (Ty::String(_), Value::Null) => Value::String(String::new()),
            (Ty::String(_), Value::String(_)) => given.clone(),
            (Ty::Int(..) | Ty::Float(_), Value::Null) => Value::from(0),
            (Ty::Int(bits, _), Value::Number(number)) => {
                match if self.converts { cut(number, *bits) } else { whole(number, *bits) } {
                    Some(whole) => Value::from(whole),
                    None => return self.save(refused()),
                }
            }
            (Ty::Float(_), Value::Number(_)) => given.clone(),
            (Ty::Bytes, Value::String(text)) => {
                if let Err(at) = base64::check(text) {
                    return self.save(worded(format!("illegal base64 data at input byte {at}")));
                }
                given.clone()
            }
            (Ty::Quantity, Value::Null) => Value::from("0"),
            (Ty::Quantity, given) => {
                let text = match given {
                    Value::String(text) => text.trim().to_owned(),
                    other => super::json::to_string(other),
                };
                let quantity = Quantity::parse(&text).map_err(|message| worded(message.to_owned()))?;
                Value::String(quantity.canonical())
            }
            (Ty::IntOrString, Value::String(_)) => given.clone(),
            (Ty::IntOrString, Value::Null) => Value::from(0),
            (Ty::IntOrString, given) => {
                let number = match given {
                    Value::Number(number) => whole(number, 32),
                    _ => None,
                };
                let Some(number) = number else {
                    let error = mismatch(given, path, owner, &Ty::Int(32, "int32"));
                    let conversion = mismatch(given, path, "", &Ty::Int(32, "int32")).message;
                    return Err(DecodeError { conversion, ..error });
                };
                Value::from(number)
            }
            (Ty::Time, Value::String(text)) => {
                let time = Timestamp::parse(text).ok_or_else(|| worded(time_error(text)))?;
                Value::String(time.to_string())
            }
            (Ty::Time, _) => return Err(refused()),
            _ => return self.save(refused()),
        })
    }
}

/// Whether Go may write a field that is not given.
fn has_zero(field: &Field) -> bool {
    field.always || matches!(field.ty, Ty::Struct(_) | Ty::Quantity | Ty::IntOrString | Ty::Time | Ty::Raw)
}

/// The struct that a type embeds, which Go's JSON decoder names before this field of it.
fn embedded(owner: &str, field: &str) -> Option<&'static str> {
    let name = match (owner, field) {
        (_, "apiVersion" | "kind") if super::kind::Kind::ALL.iter().any(|kind| kind.name() == owner) => "TypeMeta",
        ("Volume", field) if field != "name" => "VolumeSource",
        ("Probe", "exec" | "grpc" | "httpGet" | "tcpSocket") => "ProbeHandler",
        ("EphemeralContainer", field) if field != "targetContainerName" => "EphemeralContainerCommon",
        (
            "ConfigMapEnvSource"
            | "ConfigMapKeySelector"
            | "ConfigMapProjection"
            | "ConfigMapVolumeSource"
            | "SecretEnvSource"
            | "SecretKeySelector"
            | "SecretProjection",
            "name",
        ) => "LocalObjectReference",
        ("PersistentVolumeSpec", field) if !PERSISTENT_VOLUME_FIELDS.contains(&field) => "PersistentVolumeSource",
        _ => return None,
    };
    Some(name)
}

/// The fields of a PersistentVolume that are not of its source.
const PERSISTENT_VOLUME_FIELDS: [&str; 9] = [
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
];

/// What a value is, in the words of Go's JSON package.
pub fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn mismatch(given: &Value, path: &Path<'_>, owner: &str, ty: &Ty) -> DecodeError {
    let go_type = ty.go_name();
    let target = match owner {
        "" => format!("value of type {go_type}"),
        owner => format!("struct field {owner}.{} of type {go_type}", path.go_fields()),
    };
    // A number is shown where its type would fit, and only its value does not.
    let shown = match (ty.pointee(), given) {
        (Ty::Int(..) | Ty::IntOrString, Value::Number(_)) => format!("number {}", super::json::to_string(given)),
        (_, given) => json_kind(given).to_owned(),
    };
    DecodeError {
        path: path.to_string(),
        message: format!("json: cannot unmarshal {shown} into Go {target}"),
        conversion: match ty.pointee() {
            Ty::Time => format!("json: cannot unmarshal {} into Go value of type string", json_kind(given)),
            ty => conversion(given, ty),
        },
    }
}

/// Why a value cannot be converted to a type, in Go's words.
// Models k8s.io/apimachinery/pkg/runtime/converter.go fromUnstructured
fn conversion(given: &Value, ty: &Ty) -> String {
    let kind = match given {
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
        other => json_kind(other),
    };
    match (ty, kind) {
        (Ty::Struct(_), kind) => format!("cannot restore struct from: {kind}"),
        (Ty::Map(_), kind) => format!("cannot restore map from {kind}"),
        (Ty::List(_) | Ty::Bytes, kind) => format!("cannot restore slice from {kind}"),
        (Ty::String(_), "int64") | (Ty::Int(..), "float64") => format!("cannot convert {kind} to {}", ty.go_name()),
        (Ty::String(_), _) => "unrecognized type: string".to_owned(),
        (Ty::Int(bits, _), _) => format!("unrecognized type: int{bits}"),
        (Ty::Bool(_), _) => "unrecognized type: bool".to_owned(),
        (ty, _) => format!("unrecognized type: {}", ty.go_name()),
    }
}

/// A number as Go converts it to a whole one of so many bits: what is too large loses its upper bits.
fn cut(number: &Number, bits: u32) -> Option<i64> {
    let whole = number.as_i64().or_else(|| number.as_f64().filter(|f| f.trunc() == *f).map(truncated))?;
    Some(if bits == 32 { i64::from(whole as i32) } else { whole })
}

/// A number without its fraction, as amd64 converts it: one that does not fit is the least.
fn truncated(number: f64) -> i64 {
    if (-9.2e18..9.2e18).contains(&number) || number as i64 != i64::MAX { number as i64 } else { i64::MIN }
}

fn whole(number: &Number, bits: u32) -> Option<i64> {
    let whole = number.as_i64()?;
    (bits == 64 || i32::try_from(whole).is_ok()).then_some(whole)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        other => is_empty(other),
    }
}

/// Go's sentence about a text that is no RFC 3339 time: it names the first part that does not fit.
fn time_error(text: &str) -> String {
    const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";
    let parts = [
        ("2006", 4),
        ("-", 1),
        ("01", 2),
        ("-", 1),
        ("02", 2),
        ("T", 1),
        ("15", 2),
        (":", 1),
        ("04", 2),
        (":", 1),
        ("05", 2),
    ];
    let mut rest = text;
    for (layout, length) in parts {
        let fits = rest.get(..length).is_some_and(|part| {
            part.bytes().zip(layout.bytes()).all(|(b, l)| if l.is_ascii_digit() { b.is_ascii_digit() } else { b == l })
        });
        if !fits {
            return format!("parsing time {text:?} as {LAYOUT:?}: cannot parse {rest:?} as {layout:?}");
        }
        rest = &rest[length..];
    }
    if Timestamp::parse(&format!("{}Z", &text[..19])).is_none() {
        let part = if text[11..19] > *"23:59:59" { "hour" } else { "day" };
        return format!("parsing time {text:?}: {part} out of range");
    }
    format!("parsing time {text:?} as {LAYOUT:?}: cannot parse {rest:?} as \"Z07:00\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(ty: &str, given: Value, expected: Value) {
        let decoded = decode(Schema::get().find(ty).unwrap(), &given).unwrap();
        assert_eq!(decoded.value, expected);
        assert_eq!(decoded.unknown, Vec::<String>::new());
    }

    #[test]
    fn what_is_given_empty_is_left_out_and_noted() {
        let decoded = decode(Schema::get().find("PodSpec").unwrap(), &json!({"nodeSelector": {}, "volumes": []}));
        assert_eq!(decoded.unwrap().empty, [("nodeSelector".to_owned(), "{}"), ("volumes".to_owned(), "[]")]);
    }

    #[track_caller]
    fn check_error(ty: &str, given: Value, path: &str, message: &str) {
        let error = decode(Schema::get().find(ty).unwrap(), &given).unwrap_err();
        assert_eq!((error.path.as_str(), error.message.as_str()), (path, message));
    }

    #[test]
    fn zero_values_go_as_go_lets_them_go() {
        check(
            "Container",
            json!({"name": "nginx", "image": "nginx", "stdin": false, "args": [], "env": null}),
            json!({"name": "nginx", "image": "nginx", "resources": {}}),
        );
        check("StatefulSetStatus", json!({}), json!({"availableReplicas": 0, "replicas": 0}));
        // A pointer to zero is not absent.
        check("RollingUpdateStatefulSetStrategy", json!({"partition": 0}), json!({"partition": 0}));
        check(
            "PodTemplateSpec",
            json!({"spec": {"containers": []}}),
            json!({"metadata": {}, "spec": {"containers": []}}),
        );
    }

    #[test]
    fn a_wrong_type_is_refused_in_the_words_of_go() {
        check_error(
            "StatefulSet",
            json!({"spec": {"replicas": "2"}}),
            "spec.replicas",
            "json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32",
        );
        check_error(
            "StatefulSet",
            json!({"spec": {"template": {"spec": {"containers": [{"env": [{"name": "A", "value": 1}]}]}}}}),
            "spec.template.spec.containers[0].env[0].value",
            "json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string",
        );
        check_error(
            "StatefulSet",
            json!({"spec": []}),
            "spec",
            "json: cannot unmarshal array into Go struct field StatefulSet.spec of type v1.StatefulSetSpec",
        );
        check_error(
            "ConfigMap",
            json!({"data": {"a": 1}}),
            "data[a]",
            "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
        );
        check_error(
            "StatefulSet",
            json!({"spec": {"replicas": 3_000_000_000i64}}),
            "spec.replicas",
            "json: cannot unmarshal number 3000000000 into Go struct field StatefulSetSpec.spec.replicas of type int32",
        );
    }

    #[test]
    fn unknown_fields_are_collected_with_their_place() {
        let given = json!({"spec": {"replica": 1, "template": {"spec": {"containers": [{"nmae": "x"}]}}}});
        let decoded = decode(Schema::get().find("StatefulSet").unwrap(), &given).unwrap();
        assert_eq!(decoded.unknown, ["spec.replica", "spec.template.spec.containers[0].nmae"]);
    }
}
