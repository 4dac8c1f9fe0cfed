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

/// Small letters, as Go's `strings.ToLower` makes them. Most texts need no table for that, which a first view then does not
/// load.
pub fn lower(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

/// `must be no more than N characters`
pub fn max_length(length: usize) -> String {
    format!("must be no more than {length} characters")
}

/// The same of what is counted in bytes, as labels are.
// Models k8s.io/apimachinery/pkg/api/validate/content/errors.go MaxLenError
fn max_bytes(length: usize) -> String {
    format!("must be no more than {length} bytes")
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
                let sentences = dns1123_subdomain(first).into_iter();
                out.extend(
                    sentences
                        .map(|sentence| format!("prefix part {}", sentence.replace(&max_length(253), &max_bytes(253)))),
                );
            }
            name
        }
        (None, None) => first,
    };
    if name.is_empty() {
        out.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        out.push(format!("name part {}", max_bytes(63)));
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
        out.push(max_bytes(63));
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

/// The characters of a format between which others stand, as one check for several formats.
fn all(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(allowed)
}

/// The name of a variable of an environment.
// Models k8s.io/apimachinery/pkg/util/validation/validation.go IsRelaxedEnvVarName
pub fn env_name(text: &str) -> Vec<String> {
    if text.is_empty() {
        return vec!["environment variable name must be non-empty".to_owned()];
    }
    let printable = text.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'=');
    sentence_if(
        !printable,
        "a valid environment variable name must consist only of printable ASCII characters other than '='",
    )
}

fn sentence_if(wrong: bool, sentence: &str) -> Vec<String> {
    if wrong { vec![sentence.to_owned()] } else { Vec::new() }
}

/// A key of a ConfigMap or a Secret.
// Models k8s.io/apimachinery/pkg/util/validation/validation.go IsConfigMapKey
pub fn config_key(text: &str) -> Vec<String> {
    const SENTENCE: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    let mut out = Vec::new();
    if text.len() > 253 {
        out.push(max_length(253));
    }
    if !all(text, |b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
        out.push(regex_error(SENTENCE, "[-._a-zA-Z0-9]+", &["key.name", "KEY_NAME", "key-name"]));
    }
    match text {
        "." | ".." => out.push(format!("must not be '{text}'")),
        _ if text.starts_with("..") => out.push("must not start with '..'".to_owned()),
        _ => {}
    }
    out
}

/// The name of a header of a request.
// Models k8s.io/apimachinery/pkg/util/validation/validation.go IsHTTPHeaderName
pub fn header_name(text: &str) -> Vec<String> {
    if all(text, |b| b.is_ascii_alphanumeric() || b == b'-') {
        return Vec::new();
    }
    let sentence = "a valid HTTP header must consist of alphanumeric characters or '-'";
    vec![regex_error(sentence, "[-A-Za-z0-9]+", &["X-Header-Name"])]
}

/// A subdomain in which labels may have underscores.
// Models k8s.io/apimachinery/pkg/util/validation/validation.go IsDNS1123SubdomainWithUnderscore
pub fn subdomain_with_underscore(text: &str) -> Vec<String> {
    const REGEX: &str = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*";
    const SENTENCE: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' \
                            or '.', and must start and end with an alphanumeric character";
    let is_label = |label: &str| {
        let label = label.strip_prefix('_').unwrap_or(label);
        is_label(&label.replace('_', "-")) && !label.starts_with(['_', '-']) && !label.ends_with(['_', '-'])
    };
    let mut out = Vec::new();
    if text.len() > 253 {
        out.push(max_length(253));
    }
    if !text.split('.').all(is_label) {
        out.push(regex_error(SENTENCE, REGEX, &["example.com"]));
    }
    out
}

// Models pkg/apis/core/validation/validation.go validatePathNoBacksteps
fn no_backsteps(text: &str) -> Vec<String> {
    sentence_if(text.split('/').any(|part| part == ".."), "must not contain '..'")
}

/// A path below another one.
// Models pkg/apis/core/validation/validation.go validateLocalDescendingPath
pub fn descending(text: &str) -> Vec<String> {
    let mut out = sentence_if(text.starts_with('/'), "must be a relative path");
    out.extend(no_backsteps(text));
    out
}

// Models pkg/apis/core/validation/validation.go ValidateLocalNonReservedPath
fn non_reserved(text: &str) -> Vec<String> {
    let mut out = descending(text);
    out.extend(sentence_if(text.starts_with("..") && !text.starts_with("../"), "must not start with '..'"));
    out
}

/// The name of an iSCSI initiator or target.
// Models pkg/apis/core/validation/validation.go validateISCSIVolumeSource
fn iqn(text: &str, unknown: &str) -> Vec<String> {
    const WRONG: &str = "must be valid format";
    let (prefix, rest) = text.split_at_checked(3).unwrap_or((text, ""));
    match prefix {
        "iqn" => {
            let is_date = |date: &str| {
                date.len() == 7
                    && date.bytes().enumerate().all(|(i, b)| if i == 4 { b == b'-' } else { b.is_ascii_digit() })
            };
            let parts = rest.strip_prefix('.').and_then(|rest| rest.split_once('.'));
            let valid = parts.is_some_and(|(date, rest)| {
                is_date(date)
                    && rest.split_once(':').is_some_and(|(authority, name)| {
                        all(authority, |b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
                            && !name.is_empty()
                            && !name.contains([',', ';', '*', '&', '$', '|'])
                            && !name.contains(char::is_whitespace)
                    })
            });
            sentence_if(!valid, WRONG)
        }
        "eui" | "naa" => {
            let length = if prefix == "eui" { 16 } else { 32 };
            let digits = rest.get(1..).unwrap_or_default();
            sentence_if(digits.len() != length || !all(digits, |b| b.is_ascii_alphanumeric()), WRONG)
        }
        _ => vec![unknown.to_owned()],
    }
}

/// An IP address as Go reads one: leading zeros make it none only in the strict sense.
enum Ip {
    None,
    /// Its bytes; whether it is written with leading zeros; whether it is an IPv4 address in IPv6 notation.
    Some {
        is_v6: bool,
        sloppy: bool,
        mapped: bool,
    },
}

fn parse_ip(text: &str) -> Ip {
    let parts: Vec<&str> = text.split('.').collect();
    let is_byte = |part: &&str| all(part, |b| b.is_ascii_digit()) && part.parse::<u32>().is_ok_and(|n| n < 256);
    if parts.len() == 4 && parts.iter().all(is_byte) {
        let sloppy = parts.iter().any(|part| part.len() > 1 && part.starts_with('0'));
        return Ip::Some { is_v6: false, sloppy, mapped: false };
    }
    match text.parse::<core::net::Ipv6Addr>() {
        Ok(address) => Ip::Some { is_v6: true, sloppy: false, mapped: address.to_ipv4_mapped().is_some() },
        Err(_) => Ip::None,
    }
}

/// An IP address.
// Models k8s.io/apimachinery/pkg/util/validation/ip.go IsValidIPForLegacyField
pub fn ip(text: &str) -> Vec<String> {
    match parse_ip(text) {
        Ip::None => vec!["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".to_owned()],
        Ip::Some { sloppy: true, .. } => vec!["must not have leading 0s".to_owned()],
        Ip::Some { mapped: true, .. } => vec!["must not be an IPv4-mapped IPv6 address".to_owned()],
        Ip::Some { .. } => Vec::new(),
    }
}

/// Whether the text is an IPv6 address.
pub fn is_ipv6(text: &str) -> bool {
    matches!(parse_ip(text), Ip::Some { is_v6: true, mapped: false, .. })
}

/// A range of IP addresses.
// Models k8s.io/apimachinery/pkg/util/validation/ip.go IsValidCIDRForLegacyField
pub fn cidr(text: &str) -> Vec<String> {
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    let bits = length.parse::<u32>().ok().filter(|_| all(length, |b| b.is_ascii_digit()));
    match (parse_ip(address), bits) {
        (Ip::Some { is_v6, .. }, Some(bits)) if bits > if is_v6 { 128 } else { 32 } => {}
        (Ip::Some { sloppy, mapped, .. }, Some(_)) => {
            let zeros = sloppy || (length.len() > 1 && length.starts_with('0'));
            let mut out = sentence_if(zeros, "must not have leading 0s in IP or prefix length");
            if out.is_empty() {
                out = sentence_if(mapped, "must not have an IPv4-mapped IPv6 address");
            }
            if out.is_empty() {
                out = sentence_if(!is_masked(address, bits), "must not have bits set beyond the prefix length");
            }
            return out;
        }
        _ => {}
    }
    vec!["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)".to_owned()]
}

/// Whether an address has no bits after the first so many.
fn is_masked(address: &str, bits: Option<u32>) -> bool {
    let bits = bits.unwrap_or_default();
    match address.parse::<core::net::Ipv6Addr>() {
        Ok(address) => u128::from(address).checked_shl(bits).unwrap_or_default() == 0,
        Err(_) => {
            let bytes = address.split('.').filter_map(|part| part.parse::<u8>().ok());
            let number = bytes.fold(0u32, |number, byte| number << 8 | u32::from(byte));
            number.checked_shl(bits).unwrap_or_default() == 0
        }
    }
}

/// The name of a Windows user, with or without a domain.
// Models pkg/apis/core/validation/validation.go validateWindowsSecurityContextOptions
fn windows_user(text: &str) -> Vec<String> {
    if text.is_empty() {
        return vec!["runAsUserName cannot be an empty string".to_owned()];
    }
    if text.bytes().any(|b| b.is_ascii_control()) {
        return vec!["runAsUserName cannot contain control characters".to_owned()];
    }
    if text.matches('\\').count() > 1 {
        return vec!["runAsUserName cannot contain more than one backslash".to_owned()];
    }
    let (domain, user) = text.split_once('\\').map_or((None, text), |(domain, user)| (Some(domain), user));
    let mut out = Vec::new();
    let mut check = |wrong: bool, sentence: &str| out.extend(sentence_if(wrong, sentence));
    if let Some(domain) = domain {
        check(domain.len() >= 256, "runAsUserName's Domain length must be under 256 characters");
        let net_bios = (1..=15).contains(&domain.chars().count())
            && !domain.starts_with('.')
            && !domain.contains(['\\', '/', ':', '*', '?', '"', '<', '>', '|']);
        let dns = domain.split('.').all(|label| label.len() <= 63 && is_label(&label.to_ascii_lowercase()));
        check(!net_bios && !dns, "runAsUserName's Domain doesn't match the NetBios nor the DNS format");
    }
    check(user.is_empty(), "runAsUserName's User cannot be empty");
    check(user.len() > 104, "runAsUserName's User length must not be longer than 104 characters");
    check(
        !user.is_empty() && user.chars().all(|c| c == '.' || c == ' '),
        "runAsUserName's User cannot contain only periods or spaces",
    );
    check(
        user.contains(['"', '/', '\\', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@', '[', ']']),
        "runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]",
    );
    out
}

/// The sentences that a format of the table of rules has about a text.
pub(super) fn by_name(name: &str, text: &str) -> Vec<String> {
    const STARTS: &str = "must be valid format starting with iqn, eui, or naa";
    match name {
        "label" => dns1123_label(text),
        "subdomain" => dns1123_subdomain(text),
        "subdomain_caseless" => dns1123_subdomain(&lower(text)),
        "label_key" => label_key(text),
        "label_value" => label_value(text),
        "qualified_caseless" => label_key(&lower(text)),
        "env_name" => env_name(text),
        "config_key" => config_key(text),
        "no_backsteps" => no_backsteps(text),
        "descending" => descending(text),
        "non_reserved" => non_reserved(text),
        "absolute" => sentence_if(!text.starts_with('/'), "must be an absolute path"),
        "no_slash" => sentence_if(text.contains('/'), "must not contain '/'"),
        "host_ports" => text
            .split(',')
            .filter(|pair| pair.rsplit_once(':').is_none_or(|(host, _)| host.contains(':') && !host.ends_with(']')))
            .map(|_| "must be a host:port pair or multiple pairs separated by commas".to_owned())
            .collect(),
        "iqn" => iqn(text, STARTS),
        "pv_iqn" => iqn(text, "must be valid format"),
        "ip" => ip(text),
        "windows_user" => windows_user(text),
        _ => Vec::new(),
    }
}

/// Whether [`by_name`] knows the format.
#[cfg(test)]
pub(super) fn is_known(name: &str) -> bool {
    let names = "label subdomain subdomain_caseless label_key label_value qualified_caseless env_name config_key \
                 no_backsteps descending non_reserved absolute no_slash host_ports iqn pv_iqn ip windows_user";
    names.split_whitespace().any(|known| known == name)
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
        assert_eq!(label_value(&"a".repeat(64)), ["must be no more than 63 bytes"]);
        assert_eq!(port_name("Web").len(), 1);
        assert_eq!(port_name("80"), ["must contain at least one letter (a-z)"]);
        assert!(percent("30%").is_empty() && !percent("30").is_empty());
    }
}
