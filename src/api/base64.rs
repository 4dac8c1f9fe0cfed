//! Base64 in its standard alphabet, with padding, as Go reads and writes it.

const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes bytes.
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * i) & 63) as usize] as char;
            out.push(if i <= chunk.len() { digit } else { '=' });
        }
    }
    out
}

/// Reads bytes.
///
/// # Errors
/// The offset that Go's decoder reports.
pub fn decode(text: &str) -> Result<Vec<u8>, usize> {
    check(text)?;
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for digit in text.bytes().filter_map(digit) {
        bits = bits << 6 | digit;
        count += 1;
        if count % 4 == 0 {
            bytes.extend_from_slice(&bits.to_be_bytes()[1..]);
            bits = 0;
        }
    }
    match count % 4 {
        2 => bytes.push((bits >> 4) as u8),
        3 => bytes.extend_from_slice(&((bits >> 2) as u16).to_be_bytes()),
        _ => {}
    }
    Ok(bytes)
}

/// What a character counts, where it is a digit.
fn digit(byte: u8) -> Option<u32> {
    let (first, value) = match byte {
        b'A'..=b'Z' => (b'A', 0),
        b'a'..=b'z' => (b'a', 26),
        b'0'..=b'9' => (b'0', 52),
        b'+' => return Some(62),
        b'/' => return Some(63),
        _ => return None,
    };
    Some(u32::from(byte - first) + value)
}

/// Reads text; what is none is left out or replaced.
pub fn decode_text(text: &str) -> String {
    String::from_utf8_lossy(&decode(text).unwrap_or_default()).into_owned()
}

/// Checks standard base64 with padding; line breaks are skipped.
///
/// # Errors
/// The offset that Go's decoder reports.
pub fn check(text: &str) -> Result<(), usize> {
    let bytes: Vec<(usize, u8)> = text.bytes().enumerate().filter(|(_, b)| !matches!(b, b'\r' | b'\n')).collect();
    let is_digit = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
    for (i, &(at, byte)) in bytes.iter().enumerate() {
        if is_digit(byte) {
            continue;
        }
        let place = i % 4;
        if byte != b'=' || place < 2 {
            return Err(at);
        }
        let padding = 4 - place;
        if bytes.len() != i + padding {
            // Too little padding is noticed at the end, too much where it begins to be too much.
            return Err(bytes.get(i + padding).map_or(text.len(), |(at, _)| *at));
        }
        return bytes[i..].iter().find(|(_, b)| *b != b'=').map_or(Ok(()), |(at, _)| Err(*at));
    }
    if bytes.len().is_multiple_of(4) { Ok(()) } else { Err(bytes.len() - bytes.len() % 4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_and_read_back() {
        for (bytes, text) in [("hello", "aGVsbG8="), ("hell", "aGVsbA=="), ("hel", "aGVs"), ("", "")] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Ok(bytes.as_bytes()));
        }
    }

    #[test]
    fn base64_is_checked_as_go_checks_it() {
        assert_eq!(check("aGVsbG8="), Ok(()));
        assert_eq!(check("aGVs\nbG8="), Ok(()));
        assert_eq!(check(""), Ok(()));
        assert_eq!(check("hello world"), Err(5));
        assert_eq!(check("aGVsbG8"), Err(4));
    }
}
