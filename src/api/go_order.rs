//! JSON with the fields of each struct in the order of its Go type, as Go writes an object whose type it knows.

use serde_json::Value;

use super::json;
use super::order::sort_by_key;
use super::schema::{Schema, Ty, Type};

/// The compact text of a value of this type.
pub fn to_string(ty: &Ty, value: &Value) -> String {
    let mut out = String::new();
    write(ty, value, &mut out);
    out
}

/// The fields of a struct of this type with their texts, in Go's order.
pub fn fields(ty: &Type, value: &Value) -> Vec<String> {
    let mut fields: Vec<_> = value.as_object().into_iter().flatten().collect();
    sort_by_key(&mut fields, |(name, _)| ty.place(name));
    let text = |(name, value): (&String, &Value)| {
        let mut out = String::new();
        json::write_string(name, &mut out);
        out.push(':');
        match ty.field(name) {
            Some(field) => write(&field.ty, value, &mut out),
            None => json::write(value, &mut out),
        }
        out
    };
    fields.into_iter().map(text).collect()
}

fn write(ty: &Ty, value: &Value, out: &mut String) {
    match (ty, value) {
        (Ty::Pointer(inner), value) => write(inner, value, out),
        (Ty::Struct(name), Value::Object(_)) => {
            out.push('{');
            out.push_str(&fields(Schema::get().struct_named(name), value).join(","));
            out.push('}');
        }
        (Ty::List(inner), Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(|item| to_string(inner, item)).collect();
            out.push('[');
            out.push_str(&items.join(","));
            out.push(']');
        }
        (Ty::Map(inner), Value::Object(entries)) => {
            out.push('{');
            for (i, (key, entry)) in entries.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                json::write_string(key, out);
                out.push(':');
                write(inner, entry, out);
            }
            out.push('}');
        }
        (_, value) => json::write(value, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_stand_as_in_the_struct() {
        let owner = json!({"apiVersion": "v1", "controller": true, "kind": "Pod", "name": "a", "uid": "b"});
        let list = Ty::List(Box::new(Ty::Struct("OwnerReference")));
        assert_eq!(
            to_string(&list, &json!([owner])),
            r#"[{"apiVersion":"v1","kind":"Pod","name":"a","uid":"b","controller":true}]"#
        );
    }
}
