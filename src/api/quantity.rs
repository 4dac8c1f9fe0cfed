//! Resource quantities: `1Gi`, `500m`, `1e3`.
//!
//! A quantity is written back in one canonical form, and the hash of a revision is taken over what is written, so the
//! cases in which Kubernetes keeps the text as it came are kept here too.

use std::cmp::Ordering;

/// A number with a unit.
#[derive(Clone, Debug)]
pub struct Quantity {
    /// The value is `mantissa * 10^exponent`.
    mantissa: i128,
    exponent: i32,
    format: Format,
    /// The text, where it was canonical already.
    text: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    DecimalExponent,
    BinarySI,
    DecimalSI,
}

const FORMAT_WRONG: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const NUMERIC: &str = "unable to parse numeric part of quantity";
const SUFFIX: &str = "unable to parse quantity's suffix";

/// The smallest scale that a quantity keeps.
const NANO: i32 = -9;
/// How many decimal digits an `int64` surely holds.
const MAX_INT64_FACTORS: i32 = 18;
/// What a binary quantity is capped at.
const MAX_ALLOWED: i128 = i64::MAX as i128;

const DECIMAL_SUFFIXES: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
const BINARY_SUFFIXES: [(&str, i32); 6] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];

/// The parts of a quantity's text.
struct Parts<'a> {
    positive: bool,
    /// Digits before the point, without leading zeros.
    whole: &'a str,
    /// Digits after the point.
    fraction: &'a str,
    suffix: &'a str,
}

impl Quantity {
    /// Nothing, in decimal notation.
    pub fn zero() -> Quantity {
        Quantity { mantissa: 0, exponent: 0, format: Format::DecimalSI, text: None }
    }

    /// Reads a quantity.
    ///
    /// # Errors
    /// Kubernetes' sentence about what is wrong with the text.
    // Models k8s.io/apimachinery/pkg/api/resource/quantity.go ParseQuantity
    pub fn parse(text: &str) -> Result<Quantity, &'static str> {
        if text.is_empty() {
            return Err(FORMAT_WRONG);
        }
        if text == "0" {
            return Ok(Quantity { text: Some(text.to_owned()), ..Quantity::zero() });
        }
        let parts = split(text)?;
        let (base, exponent, format) = interpret(parts.suffix).ok_or(SUFFIX)?;
        let digits = (parts.whole.len() + parts.fraction.len()) as i32;
        let fraction_digits = parts.fraction.len() as i32;
        let precision = match (format, exponent) {
            (Format::BinarySI, 0..) if parts.fraction.is_empty() => {
                15 - parts.whole.len() as i32 - (exponent as f32 * 3.0 / 10.0) as i32 - 1
            }
            (Format::BinarySI, _) => -1,
            _ => MAX_INT64_FACTORS - digits,
        };
        let shifted = format!("{}{}", parts.whole, parts.fraction);
        let number: i128 = shifted.parse().map_err(|_| NUMERIC)?;
        let signed = if parts.positive { number } else { -number };
        let scale = if format == Format::BinarySI { -fraction_digits } else { exponent - fraction_digits };

        if precision >= 0 && scale >= NANO {
            let factor = if base == 2 { 1i128 << exponent } else { 1 };
            let mantissa = signed * factor;
            if i64::try_from(mantissa).is_ok() {
                let canonical = match format {
                    Format::BinarySI => exponent % 10 == 0 && number & 7 != 0,
                    _ => scale % 3 == 0 && !shifted.ends_with("000") && !shifted.starts_with('0'),
                };
                let text = canonical.then(|| text.to_owned());
                return Ok(Quantity { mantissa, exponent: scale, format, text });
            }
        }
        let factor = if base == 2 { 1i128.checked_shl(exponent as u32).ok_or(NUMERIC)? } else { 1 };
        let mantissa = signed.checked_mul(factor).ok_or(NUMERIC)?;
        let mut quantity = Quantity { mantissa, exponent: scale, format, text: None };
        quantity.round_up(NANO);
        if format == Format::BinarySI {
            let positive = Quantity { mantissa: quantity.mantissa.abs(), ..quantity.clone() };
            if positive.cmp_integer(MAX_ALLOWED) == Ordering::Greater {
                quantity = Quantity { mantissa: MAX_ALLOWED * signed.signum(), exponent: 0, ..quantity };
            }
            if positive.mantissa != 0 && positive.cmp_integer(1) == Ordering::Less {
                quantity.format = Format::DecimalSI;
            }
        }
        // The canonical text is to be a quantity too: a number leaves room for the zeros that its suffix asks for.
        if !quantity.is_zero() && remove_factors(quantity.mantissa, 10).0.abs() > i128::MAX / 1000 {
            return Err(NUMERIC);
        }
        Ok(quantity)
    }

    /// Rounds away from zero to a multiple of `10^scale`.
    // Models k8s.io/apimachinery/pkg/api/resource/quantity.go RoundUp
    pub fn round_up(&mut self, scale: i32) {
        if self.exponent >= scale {
            return;
        }
        self.text = None;
        let (mantissa, _) = self.at_scale(scale);
        self.mantissa = mantissa;
        self.exponent = scale;
    }

    /// The value in units of `10^scale`, rounded away from zero, and whether nothing was lost.
    fn at_scale(&self, scale: i32) -> (i128, bool) {
        let mut shift = i64::from(self.exponent) - i64::from(scale);
        let mut mantissa = self.mantissa;
        while shift > 0 && mantissa != 0 {
            mantissa = mantissa.saturating_mul(10);
            shift -= 1;
        }
        let mut exact = true;
        while shift < 0 && mantissa != 0 {
            exact &= mantissa % 10 == 0;
            mantissa /= 10;
            shift += 1;
        }
        if !exact {
            mantissa += self.mantissa.signum();
        }
        (mantissa, exact)
    }

    /// Adds another amount. The notation is this one's, unless this one is zero.
    // Models k8s.io/apimachinery/pkg/api/resource/quantity.go Add
    pub fn add(&mut self, other: &Quantity) {
        self.text = None;
        if self.is_zero() {
            self.format = other.format;
        }
        let scale = self.exponent.min(other.exponent);
        self.mantissa = self.at_scale(scale).0.saturating_add(other.at_scale(scale).0);
        self.exponent = scale;
    }

    /// Whether the value is zero.
    pub fn is_zero(&self) -> bool {
        self.mantissa == 0
    }

    /// Whether the value is below zero.
    pub fn is_negative(&self) -> bool {
        self.mantissa < 0
    }

    /// The value in whole units, rounded up: bytes of storage, cores, pods.
    pub fn value(&self) -> i64 {
        self.at_scale(0).0.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    /// The value in thousandths, rounded up: millicores.
    pub fn milli_value(&self) -> i64 {
        self.at_scale(-3).0.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    /// Whether the value is a whole number.
    pub fn is_integer(&self) -> bool {
        self.at_scale(0).1
    }

    fn cmp_integer(&self, other: i128) -> Ordering {
        let (whole, exact) = self.at_scale(0);
        match whole.cmp(&other) {
            Ordering::Equal if !exact => {
                if self.mantissa > 0 {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
            order => order,
        }
    }

    /// The canonical text.
    // Models k8s.io/apimachinery/pkg/api/resource/quantity.go CanonicalizeBytes
    pub fn canonical(&self) -> String {
        if let Some(text) = &self.text {
            return text.clone();
        }
        if self.is_zero() {
            return "0".to_owned();
        }
        let small = self.cmp_integer(-1024) == Ordering::Greater && self.cmp_integer(1024) == Ordering::Less;
        if self.format == Format::BinarySI && !small {
            let (whole, exact) = self.at_scale(0);
            if exact {
                let (amount, times) = remove_factors(whole, 1024);
                let suffix = BINARY_SUFFIXES.iter().find(|(_, e)| *e == times * 10).map_or("", |(s, _)| s);
                return format!("{amount}{suffix}");
            }
        }
        let (amount, times) = remove_factors(self.mantissa, 10);
        let exponent = self.exponent + times;
        // The zeros are written, not multiplied: the largest numbers have no room for them.
        let (zeros, exponent) = match exponent.rem_euclid(3) {
            1 => ("0", exponent - 1),
            2 => ("00", exponent - 2),
            _ => ("", exponent),
        };
        if self.format == Format::DecimalExponent {
            return if exponent == 0 { format!("{amount}{zeros}") } else { format!("{amount}{zeros}e{exponent}") };
        }
        let suffix = DECIMAL_SUFFIXES.iter().find(|(_, e)| *e == exponent).map_or("", |(s, _)| s);
        format!("{amount}{zeros}{suffix}")
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Quantity) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Quantity) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    /// By value: `1Gi` equals `1024Mi`.
    fn cmp(&self, other: &Quantity) -> Ordering {
        let scale = self.exponent.min(other.exponent);
        self.at_scale(scale).0.cmp(&other.at_scale(scale).0)
    }
}

// Models k8s.io/apimachinery/pkg/api/resource/math.go removeInt64Factors
fn remove_factors(value: i128, base: i128) -> (i128, i32) {
    let (mut result, mut times) = (value.abs(), 0);
    while result >= base && result % base == 0 {
        result /= base;
        times += 1;
    }
    (result * value.signum(), times)
}

// Models k8s.io/apimachinery/pkg/api/resource/quantity.go parseQuantityString
fn split(text: &str) -> Result<Parts<'_>, &'static str> {
    let (positive, rest) = match text.as_bytes()[0] {
        b'-' => (false, &text[1..]),
        b'+' => (true, &text[1..]),
        _ => (true, text),
    };
    let rest = rest.trim_start_matches('0');
    let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = rest.split_at(digits(rest));
    let whole = if whole.is_empty() { "0" } else { whole };
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    let letters = suffix.bytes().take_while(|b| b"eEinumkKMGTP".contains(b)).count();
    let tail = &suffix[letters..];
    let tail = tail.strip_prefix(['-', '+']).unwrap_or(tail);
    if !tail.bytes().all(|b| b.is_ascii_digit()) {
        return Err(FORMAT_WRONG);
    }
    Ok(Parts { positive, whole, fraction, suffix })
}

/// Base, exponent and notation of a suffix.
// Models k8s.io/apimachinery/pkg/api/resource/suffix.go interpret
fn interpret(suffix: &str) -> Option<(i32, i32, Format)> {
    if let Some((_, exponent)) = DECIMAL_SUFFIXES.iter().find(|(s, _)| *s == suffix) {
        return Some((10, *exponent, Format::DecimalSI));
    }
    if let Some((_, exponent)) = BINARY_SUFFIXES.iter().find(|(s, _)| *s == suffix) {
        return Some((2, *exponent, Format::BinarySI));
    }
    let exponent = suffix.strip_prefix(['e', 'E']).filter(|e| !e.is_empty())?;
    // Larger exponents are numbers that nothing here can hold.
    exponent.parse::<i32>().ok().filter(|e| e.abs() <= 1000).map(|e| (10, e, Format::DecimalExponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, canonical: &str) {
        assert_eq!(Quantity::parse(text).unwrap().canonical(), canonical, "{text}");
    }

    #[test]
    fn the_canonical_form_is_that_of_kubernetes() {
        for same in ["0", "1", "1Gi", "500m", "1500Mi", "1e3", "12e6", "1.500", "05", "100", "1Ki", "+5", "-1", "2Ti"] {
            check(same, same);
        }
        check("1024Mi", "1Gi");
        check("1.5Gi", "1536Mi");
        check("0.5", "500m");
        check("1000m", "1");
        check("1000", "1k");
        check("1.50", "1500m");
        check("2048", "2048");
        check("1000Ki", "1000Ki");
        check("0.5Gi", "512Mi");
        check("0.1Mi", "104857600m");
        check("1E", "1E");
        check("100Ei", "9223372036854775807");
        check("0.0000000001", "1n");
        check("0.5Ki", "512");
        check(".5", "500m");
        check("1.", "1.");
    }

    #[test]
    fn what_is_no_quantity_is_refused_in_kubernetes_words() {
        assert_eq!(Quantity::parse("1 Gi").unwrap_err(), FORMAT_WRONG);
        assert_eq!(Quantity::parse("").unwrap_err(), FORMAT_WRONG);
        assert_eq!(Quantity::parse("ten").unwrap_err(), FORMAT_WRONG);
        assert_eq!(Quantity::parse("1GiB").unwrap_err(), FORMAT_WRONG);
        assert_eq!(Quantity::parse("1Gib").unwrap_err(), FORMAT_WRONG);
        assert_eq!(Quantity::parse("1GG").unwrap_err(), SUFFIX);
    }

    #[test]
    fn quantities_compare_by_value() {
        let q = |text| Quantity::parse(text).unwrap();
        assert_eq!(q("1Gi"), q("1024Mi"));
        assert!(q("2") > q("1500m"));
        assert!(q("1Gi") > q("1G"));
        assert!(q("-1") < q("0"));
        assert_eq!(q("1500m").value(), 2);
        assert_eq!(q("1500m").milli_value(), 1500);
    }

    #[test]
    fn no_exponent_is_too_large_to_answer() {
        for text in ["1e1000", "-1e-1000", "99999999999999999999999999999999999999e999", "1e99999999999"] {
            if let Ok(quantity) = Quantity::parse(text) {
                let _ = (quantity.canonical(), quantity.value(), quantity.cmp(&Quantity::zero()));
            }
        }
    }
}
