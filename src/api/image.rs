//! Container image names.

/// The tag of an image name, as defaulting asks for it: `latest` where neither tag nor digest is given, empty where there
/// is a digest alone or the name is malformed.
// Models pkg/util/parsers/parsers.go ParseImageName
pub fn tag(image: &str) -> &str {
    match parts(image) {
        None => "",
        Some((Some(tag), _)) => tag,
        Some((None, false)) => "latest",
        Some((None, true)) => "",
    }
}

/// Whether this is a well-formed image name.
pub fn is_reference(image: &str) -> bool {
    parts(image).is_some()
}

/// The tag of an image name, and whether it has a digest; `None` where it is malformed.
fn parts(image: &str) -> Option<(Option<&str>, bool)> {
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    let last_slash = name.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match name[last_slash..].find(':') {
        Some(at) => (&name[..last_slash + at], Some(&name[last_slash + at + 1..])),
        None => (name, None),
    };
    let whole = is_name(name) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest);
    whole.then_some((tag, digest.is_some()))
}

fn is_tag(tag: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|b| is_word(b) || b == b'.' || b == b'-')
}

fn is_digest(digest: &str) -> bool {
    digest.split_once(':').is_some_and(|(algorithm, hex)| {
        !algorithm.is_empty() && hex.len() >= 32 && hex.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

/// Whether this is a repository name: an optional registry host, and lower-case path components.
fn is_name(name: &str) -> bool {
    let is_identifier = name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let path = match name.split_once('/') {
        Some((host, rest)) if is_host(host) => rest,
        _ => name,
    };
    !is_identifier && name.len() <= 255 && path.split('/').all(is_component)
}

fn is_host(part: &str) -> bool {
    part.contains(['.', ':']) || part == "localhost" || part.bytes().any(|b| b.is_ascii_uppercase())
}

/// Lower-case letters and digits, joined by `.`, `_`, `__` or any number of `-`.
fn is_component(part: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = part.as_bytes();
    let ends_well = bytes.first().copied().is_some_and(is_word) && bytes.last().copied().is_some_and(is_word);
    let separators_well = part
        .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        .all(|separator| matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-'));
    ends_well && separators_well
}

#[cfg(test)]
mod tests {
    use super::tag;

    #[test]
    fn the_tag_is_what_follows_the_last_colon_of_the_name() {
        assert_eq!(tag("nginx"), "latest");
        assert_eq!(tag("nginx:1.27"), "1.27");
        assert_eq!(tag("localhost:5000/nginx"), "latest");
        assert_eq!(tag("registry.k8s.io/nginx-slim:0.24"), "0.24");
        assert_eq!(tag("nginx@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), "");
        assert_eq!(tag("a/b_c/d__e-f.g:v1"), "v1");
    }

    #[test]
    fn a_malformed_name_has_no_tag() {
        for image in ["", "Nginx", "nginx:", "nginx: latest", "a//b", "nginx@sha256:12", "-a:1"] {
            assert_eq!(tag(image), "", "{image}");
        }
    }
}
