//! A scenario in a link, in the part after `#` that reaches no server: `#s=1.<length>.<deflated JSON><check>`.
//!
//! The page deflates and inflates (`deflate-raw`); here is only the frame around the bytes. The length counts the
//! characters after it, so that a link that was cut off can be told from nonsense; the check is a CRC-32 of the bytes.

use crate::api::base64;

/// How many bytes a link holds at most, deflated.
pub const DEFLATED: usize = 64 * 1024;

/// How many bytes it holds at most, inflated.
pub const INFLATED: usize = 1024 * 1024;

/// The version of the frame.
const VERSION: &str = "1";

/// How many characters the check has.
const CHECK: usize = 6;

/// What a fragment asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fragment {
    /// `#s=…`: a scenario, deflated.
    Scenario(Vec<u8>),
    /// `#x=…`: a built-in one, by its name.
    BuiltIn(String),
}

/// Why a link cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkTrouble {
    /// It was made by a newer page.
    Newer,
    /// It was cut off.
    CutOff {
        /// How many characters are there.
        of: usize,
        /// How many there were.
        length: usize,
    },
    /// Characters in it were changed, or it never was a link.
    Damaged,
    /// It holds more than [`DEFLATED`] bytes.
    TooLarge,
}

/// Writes the fragment for a scenario, deflated. Nothing where it is too large for a link.
pub fn encode(deflated: &[u8]) -> Option<String> {
    if deflated.len() > DEFLATED {
        return None;
    }
    let text = url_safe(deflated) + &check(deflated);
    Some(format!("#s={VERSION}.{}.{text}", text.len()))
}

/// The longest picture that goes with a link, in bytes, deflated.
const PICTURE: usize = 12 * 1024;

/// Writes what goes behind a scenario's fragment, to be seen before the program has come (`ui/poster.js`): its picture,
/// deflated. Nothing where that is too large. [`decode`] passes over it.
pub fn with_picture(deflated: &[u8]) -> Option<String> {
    (deflated.len() <= PICTURE).then(|| ["&p=", &url_safe(deflated)].concat())
}

/// Reads a fragment. Nothing where it asks for no scenario.
///
/// # Errors
/// Where it asks for one that it does not hold.
pub fn decode(fragment: &str) -> Option<Result<Fragment, LinkTrouble>> {
    let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
    if let Some(name) = fragment.strip_prefix("x=") {
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = !name.is_empty() && name.len() <= 64 && name.bytes().all(is_name);
        return Some(if fits { Ok(Fragment::BuiltIn(name.to_owned())) } else { Err(LinkTrouble::Damaged) });
    }
    Some(bytes_of(fragment.strip_prefix("s=")?).map(Fragment::Scenario))
}

fn bytes_of(text: &str) -> Result<Vec<u8>, LinkTrouble> {
    let digits = |text: &str| !text.is_empty() && text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    let (version, rest) = text.split_once('.').filter(|(version, _)| digits(version)).ok_or(LinkTrouble::Damaged)?;
    if version != VERSION {
        return Err(LinkTrouble::Newer);
    }
    let (length, rest) = rest.split_once('.').filter(|(length, _)| digits(length)).ok_or(LinkTrouble::Damaged)?;
    let length: usize = length.parse().map_err(|_| LinkTrouble::Damaged)?;
    if length > DEFLATED.div_ceil(3) * 4 + CHECK {
        return Err(LinkTrouble::TooLarge);
    }
    if rest.len() < length {
        return Err(LinkTrouble::CutOff { of: rest.len(), length });
    }
    // What stands behind it was joined to the link by somebody, such as the full stop of a sentence.
    let whole = rest.get(..length).ok_or(LinkTrouble::Damaged)?;
    let (text, sum) = whole.split_at_checked(length.saturating_sub(CHECK)).ok_or(LinkTrouble::Damaged)?;
    let bytes = from_url_safe(text).filter(|bytes| check(bytes) == sum).ok_or(LinkTrouble::Damaged)?;
    if bytes.len() > DEFLATED { Err(LinkTrouble::TooLarge) } else { Ok(bytes) }
}

/// Base64 in the alphabet for addresses, without padding.
fn url_safe(bytes: &[u8]) -> String {
    base64::encode(bytes).trim_end_matches('=').replace('+', "-").replace('/', "_")
}

fn from_url_safe(text: &str) -> Option<Vec<u8>> {
    let mut standard = String::with_capacity(text.len() + 3);
    for byte in text.bytes() {
        standard.push(match byte {
            b'-' => '+',
            b'_' => '/',
            byte if byte.is_ascii_alphanumeric() => char::from(byte),
            _ => return None,
        });
    }
    standard.push_str(&"==="[..(4 - text.len() % 4) % 4]);
    base64::decode(&standard).ok()
}

/// What four bits do to a CRC-32.
const HALVES: [u32; 16] = {
    let mut halves = [0; 16];
    let mut bits = 0;
    while bits < 16 {
        let mut sum = bits as u32;
        let mut left = 4;
        while left > 0 {
            sum = sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 };
            left -= 1;
        }
        halves[bits] = sum;
        bits += 1;
    }
    halves
};

/// CRC-32 (of ISO 3309), in letters.
fn check(bytes: &[u8]) -> String {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        sum = sum >> 4 ^ HALVES[(sum & 15) as usize];
        sum = sum >> 4 ^ HALVES[(sum & 15) as usize];
    }
    url_safe(&(!sum).to_be_bytes())
}
