//! Reading a document field by field, with the path of each for what is wrong with it.

use serde_json::Value;

use super::Trouble;
use super::words::Words;
use crate::api::fields::Fields;

/// A value, and where it stands.
pub(super) struct At<'a> {
    pub value: &'a Value,
    path: String,
}

impl<'a> At<'a> {
    pub fn root(value: &'a Value) -> At<'a> {
        At { value, path: String::new() }
    }

    /// The field of an object; `null` where there is none.
    pub fn field(&self, name: &str) -> At<'a> {
        let dot = if self.path.is_empty() { "" } else { "." };
        At { value: self.value.field(name), path: format!("{}{dot}{name}", self.path) }
    }

    /// Whether nothing stands here.
    pub fn is_absent(&self) -> bool {
        self.value.is_null()
    }

    pub fn wrong(&self, message: &str) -> Trouble {
        Trouble::Field { path: self.path.clone(), line: 0, message: message.to_owned() }
    }

    pub fn text(&self) -> Result<&'a str, Trouble> {
        self.value.as_str().ok_or_else(|| self.wrong("must be a text"))
    }

    pub fn number(&self) -> Result<f64, Trouble> {
        let number = self.value.as_f64().filter(|number| *number > 0.0);
        number.ok_or_else(|| self.wrong("must be a number above 0"))
    }

    /// The items of a list; none where nothing is said.
    pub fn list(&self) -> Result<Vec<At<'a>>, Trouble> {
        let items = match self.value {
            Value::Null => &[][..],
            Value::Array(items) => items,
            _ => return Err(self.wrong("must be a list")),
        };
        let at = |(i, value)| At { value, path: format!("{}[{i}]", self.path) };
        Ok(items.iter().enumerate().map(at).collect())
    }

    /// The entries of an object.
    pub fn entries(&self) -> Result<Vec<(&'a str, At<'a>)>, Trouble> {
        let Value::Object(fields) = self.value else { return Err(self.wrong("must be an object")) };
        let at = |(name, value): (&'a String, &'a Value)| {
            (name.as_str(), At { value, path: format!("{}[{name}]", self.path) })
        };
        Ok(fields.iter().map(at).collect())
    }

    /// Words: a text, or a text for each language; none where nothing is said.
    pub fn words(&self) -> Result<Words, Trouble> {
        if self.is_absent() {
            return Ok(Words::default());
        }
        if let Value::String(text) = self.value {
            return Ok(Words::plain(text));
        }
        let entries = self.entries().map_err(|_| self.wrong("must be a text, or a text for each language"))?;
        let texts = entries.iter().map(|(language, text)| Ok(((*language).to_owned(), text.text()?.to_owned())));
        Ok(Words::of(texts.collect::<Result<_, Trouble>>()?))
    }
}
