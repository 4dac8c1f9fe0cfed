//! Where in an object a value stands.

use std::fmt;

/// A place in an object: a chain of segments that lives on the stack while a walk goes down.
#[derive(Clone, Copy)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    segment: Segment<'a>,
}

#[derive(Clone, Copy)]
enum Segment<'a> {
    Root,
    Field(&'a str),
    Index(usize),
    Key(&'a str),
    Embedded(&'a str),
}

impl<'a> Path<'a> {
    /// The object itself.
    pub const ROOT: Path<'static> = Path { parent: None, segment: Segment::Root };

    /// A field below this place.
    pub fn field(&'a self, name: &'a str) -> Path<'a> {
        Path { parent: Some(self), segment: Segment::Field(name) }
    }

    /// An item of the list at this place.
    pub fn index(&'a self, index: usize) -> Path<'a> {
        Path { parent: Some(self), segment: Segment::Index(index) }
    }

    /// An entry of the map at this place.
    pub fn key(&'a self, key: &'a str) -> Path<'a> {
        Path { parent: Some(self), segment: Segment::Key(key) }
    }

    /// A struct that is embedded at this place. Only Go's JSON decoder names it.
    pub fn embedded(&'a self, name: &'a str) -> Path<'a> {
        Path { parent: Some(self), segment: Segment::Embedded(name) }
    }

    /// The names of the fields alone, joined by points, as Go's JSON decoder names a place.
    pub fn go_fields(&self) -> String {
        let mut out = self.parent.map(Path::go_fields).unwrap_or_default();
        if let Segment::Field(name) | Segment::Embedded(name) = self.segment {
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(name);
        }
        out
    }
}

impl fmt::Display for Path<'_> {
    /// As messages have it: `spec.containers[0].resources.limits[cpu]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            fmt::Display::fmt(parent, f)?;
        }
        match self.segment {
            Segment::Root | Segment::Embedded(_) => Ok(()),
            Segment::Field(name) => {
                let first = self.parent.is_none_or(|p| matches!(p.segment, Segment::Root));
                write!(f, "{}{name}", if first { "" } else { "." })
            }
            Segment::Index(index) => write!(f, "[{index}]"),
            Segment::Key(key) => write!(f, "[{key}]"),
        }
    }
}

impl From<Path<'_>> for String {
    fn from(path: Path<'_>) -> String {
        path.to_string()
    }
}

impl From<&Path<'_>> for String {
    fn from(path: &Path<'_>) -> String {
        path.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_as_messages_have_it() {
        let spec = Path::ROOT.field("spec");
        let containers = spec.field("containers");
        let first = containers.index(0);
        let limits = first.field("limits");
        assert_eq!(limits.key("cpu").to_string(), "spec.containers[0].limits[cpu]");
        assert_eq!(limits.key("cpu").go_fields(), "spec.containers.limits");
        assert_eq!(Path::ROOT.to_string(), "");
    }
}
