//! What names, labels and keys may look like. Each check gives the sentences about what is wrong.
//!
//! Follows `k8s.io/apimachinery/pkg/util/validation/validation.go` and `pkg/api/validate/content` of v0.37.2, Apache-2.0.
//! The regular expressions that the sentences quote are checked by hand: a library for them would be half the page.

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const LABEL_SENTENCE: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and \
                              must start and end with an alphanumeric character";
const SUBDOMAIN_SENTENCE: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' \
                                  or '.', and must start and end with an alphanumeric character";

/// `must be no more than N characters`
pub fn max_length(length: usize) -> String {
    format!("must be no more than {length} characters")
}

/// `must be between LOW and HIGH, inclusive`
pub fn inclusive_range(low: i64, high: i64) -> String {
    format!("must be between {low} and {high}, inclusive")
}

// Models k8s.io/apimachinery/pkg/util/validation/validation.go RegexError
fn regex_error(sentence: &str, regex: &str, examples: &[&str]) -> String {
    let examples: Vec<String> = examples.iter().map(|example| format!("'{example}', ")).collect();
    format!("{sentence} (e.g. {} regex used for validation is '{regex}')", examples.join(" or "))
        .replace(",  regex", ", regex")
}

fn is_label(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().copied().is_some_and(word)
        && bytes.last().copied().is_some_and(word)
        && bytes.iter().all(|b| word(*b) || *b == b'-')
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

/// An RFC 1123 label: the names of most things that become part of a host name.
// Models k8s.io/apimachinery/pkg/util/validation/validation.go IsDNS1123Label
pub fn dns1123_label(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    if text.len() > 63 {
        out.push(max_length(63));
    }
    if !is_label(text) {
        out.push(if is_subdomain(text) {
            "must not contain dots".to_owned()
        } else {
            regex_error(LABEL_SENTENCE, LABEL, &["my-name", "123-abc"])
        });
    }
    out
}

/// An RFC 1123 subdomain: the names of most objects.
// Models k8s.io/apimachinery/pkg/util/validation/validation.go IsDNS1123Subdomain
pub fn dns1123_subdomain(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    if text.len() > 253 {
        out.push(max_length(253));
    }
    if !is_subdomain(text) {
        out.push(regex_error(SUBDOMAIN_SENTENCE, SUBDOMAIN, &["example.com"]));
    }
    out
}

/// Letters and digits, with `-`, `_` and `.` between them.
fn is_label_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
}

/// The key of a label or an annotation.
// Models k8s.io/apimachinery/pkg/api/validate/content/kube.go IsLabelKey
pub fn label_key(text: &str) -> Vec<String> {
    const SENTENCE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                            alphanumeric character";
    const REGEX: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
    const EXAMPLES: [&str; 3] = ["MyName", "my.name", "123-abc"];
    let mut out = Vec::new();
    let mut parts = text.split('/');
    let (first, second, more) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let name = match (second, more) {
        (_, Some(_)) => {
            let sentence = regex_error(SENTENCE, REGEX, &EXAMPLES);
            let prefix = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![format!("a valid label key {sentence} {prefix}")];
        }
        (Some(name), None) => {
            if first.is_empty() {
                out.push("prefix part must be non-empty".to_owned());
            } else {
                out.extend(dns1123_subdomain(first).into_iter().map(|sentence| format!("prefix part {sentence}")));
            }
            name
        }
        (None, None) => first,
    };
    if name.is_empty() {
        out.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        out.push(format!("name part {}", max_length(63)));
    }
    if !is_label_name(name) {
        out.push(format!("name part {}", regex_error(SENTENCE, REGEX, &EXAMPLES)));
    }
    out
}

/// The value of a label.
// Models k8s.io/apimachinery/pkg/api/validate/content/kube.go IsLabelValue
pub fn label_value(text: &str) -> Vec<String> {
    const SENTENCE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', \
                            and must start and end with an alphanumeric character";
    const REGEX: &str = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";
    let mut out = Vec::new();
    if text.len() > 63 {
        out.push(max_length(63));
    }
    if !text.is_empty() && !is_label_name(text) {
        out.push(regex_error(SENTENCE, REGEX, &["MyValue", "my_value", "12345"]));
    }
    out
}

/// The number of a port.
// Models k8s.io/apimachinery/pkg/util/validation/validation.go IsValidPortNum
pub fn port_number(port: i64) -> Vec<String> {
    if (1..=65535).contains(&port) { Vec::new() } else { vec![inclusive_range(1, 65535)] }
}

/// The name of a port.
// Models k8s.io/apimachinery/pkg/util/validation/validation.go IsValidPortName
pub fn port_name(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut check = |wrong: bool, sentence: &str| {
        if wrong {
            out.push(sentence.to_owned());
        }
    };
    check(text.len() > 15, &max_length(15));
    let charset = !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    check(!charset, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    check(!text.bytes().any(|b| b.is_ascii_lowercase()), "must contain at least one letter (a-z)");
    check(text.contains("--"), "must not contain consecutive hyphens");
    check(text.starts_with('-') || text.ends_with('-'), "must not begin or end with a hyphen");
    out
}

/// A percentage such as `30%`.
// Models k8s.io/apimachinery/pkg/util/validation/validation.go IsValidPercent
pub fn percent(text: &str) -> Vec<String> {
    let digits = text.strip_suffix('%').unwrap_or_default();
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Vec::new();
    }
    const SENTENCE: &str = "a valid percent string must be a numeric string followed by an ending '%'";
    vec![regex_error(SENTENCE, "[0-9]+%", &["1%", "93%"])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_those_of_kubernetes() {
        assert_eq!(
            dns1123_label("Web"),
            [
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and \
              end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
              '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
            ]
        );
        assert_eq!(dns1123_label("a.b"), ["must not contain dots"]);
        assert!(dns1123_label("my-name").is_empty());
        assert!(dns1123_subdomain("a.b-c.d").is_empty());
        assert!(dns1123_subdomain("A")[0].contains("(e.g. 'example.com', regex used for validation is"));
        assert!(label_key("example.com/My.name").is_empty());
        assert_eq!(label_key("/x"), ["prefix part must be non-empty"]);
        assert_eq!(label_key("a/b/c").len(), 1);
        assert!(label_value("").is_empty());
        assert_eq!(label_value(&"a".repeat(64)), ["must be no more than 63 characters"]);
        assert_eq!(port_name("Web").len(), 1);
        assert_eq!(port_name("80"), ["must contain at least one letter (a-z)"]);
        assert!(percent("30%").is_empty() && !percent("30").is_empty());
    }
}
