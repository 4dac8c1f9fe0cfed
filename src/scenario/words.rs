//! What a scenario says to people.

/// A text, in one language or several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(Vec<(String, String)>);

impl Words {
    /// A text that is the same in every language.
    pub fn plain(text: &str) -> Words {
        Words(vec![(String::new(), text.to_owned())])
    }

    /// Texts with the tags of their languages.
    pub fn of(texts: Vec<(String, String)>) -> Words {
        Words(texts)
    }

    /// The text in a language: where there is none, in English; where there is none either, in any.
    pub fn in_language(&self, tag: &str) -> &str {
        let find = |wanted: &str| self.0.iter().find(|(language, _)| language == wanted);
        find(tag).or_else(|| find("en")).or(self.0.first()).map_or("", |(_, text)| text)
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, text)| text.is_empty())
    }
}
