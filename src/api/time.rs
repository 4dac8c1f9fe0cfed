//! Virtual time, and the timestamps of the API.
//!
//! The engine's clock has milliseconds and starts at [`Instant::START`]; what the API writes into objects has whole
//! seconds, as `metav1.Time` has, so a rule that compares two timestamps sees the rounding that a real cluster sees.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A moment of virtual time: milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(pub i64);

/// A span of virtual time, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

/// What the API stores: whole seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Instant {
    /// Where every cluster's clock begins: 2026-01-01T00:00:00Z.
    pub const START: Instant = Instant(1_767_225_600_000);

    /// The timestamp that the API server would write now.
    pub fn timestamp(self) -> Timestamp {
        Timestamp(self.0.div_euclid(1000))
    }

    /// The time since the cluster began, as a clock shows it: `1:02.3`.
    pub fn elapsed(self) -> String {
        let tenths = (self.0 - Instant::START.0).max(0) / 100;
        let (seconds, tenth) = (tenths / 10, tenths % 10);
        let (minutes, seconds) = (seconds / 60, seconds % 60);
        if minutes < 60 {
            format!("{minutes}:{seconds:02}.{tenth}")
        } else {
            format!("{}:{:02}:{seconds:02}", minutes / 60, minutes % 60)
        }
    }

    /// The time since `earlier`; negative when `earlier` is later.
    pub fn since(self, earlier: Instant) -> Millis {
        Millis(self.0 - earlier.0)
    }
}

impl Millis {
    /// A span of `seconds` whole seconds.
    pub const fn from_secs(seconds: i64) -> Millis {
        Millis(seconds * 1000)
    }
}

impl std::ops::Add<Millis> for Instant {
    type Output = Instant;
    fn add(self, span: Millis) -> Instant {
        Instant(self.0.saturating_add(span.0))
    }
}

impl std::ops::Mul<i64> for Millis {
    type Output = Millis;
    fn mul(self, factor: i64) -> Millis {
        Millis(self.0.saturating_mul(factor))
    }
}

impl Timestamp {
    /// The first instant of this second.
    pub fn instant(self) -> Instant {
        Instant(self.0.saturating_mul(1000))
    }

    /// Reads RFC 3339 with an optional fraction (which is dropped) and any offset.
    ///
    /// # Errors
    /// `None` when `text` is not of that form.
    pub fn parse(text: &str) -> Option<Timestamp> {
        let bytes = text.as_bytes();
        let number = |from: usize, to: usize| -> Option<i64> {
            let part = text.get(from..to)?;
            if part.bytes().all(|b| b.is_ascii_digit()) { part.parse().ok() } else { None }
        };
        let expect = |at: usize, byte: u8| (bytes.get(at) == Some(&byte)).then_some(());
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        expect(4, b'-')?;
        expect(7, b'-')?;
        expect(10, b'T')?;
        expect(13, b':')?;
        expect(16, b':')?;
        if !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let mut rest = &text[19..];
        if let Some(fraction) = rest.strip_prefix('.') {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return None;
            }
            rest = &fraction[digits..];
        }
        let offset = if rest == "Z" {
            0
        } else {
            let sign = match rest.as_bytes().first()? {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let (hours, minutes) = rest[1..].split_once(':')?;
            if hours.len() != 2 || minutes.len() != 2 {
                return None;
            }
            sign * (hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60)
        };
        let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
        Some(Timestamp(seconds - offset))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, as the API writes it: `2026-01-01T00:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0.div_euclid(86_400));
        let second = self.0.rem_euclid(86_400);
        let time = [second / 3600, second / 60 % 60, second % 60];
        if !(0..=9999).contains(&year) {
            return write!(f, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", time[0], time[1], time[2]);
        }
        let mut text = *b"0000-00-00T00:00:00Z";
        // Every write has a time, so its digits are set by hand.
        let mut set = |at: usize, number: i64| {
            text[at] = b'0' + (number / 10 % 10) as u8;
            text[at + 1] = b'0' + (number % 10) as u8;
        };
        set(0, year / 100);
        let numbers = [year, month, day].into_iter().chain(time);
        numbers.zip((2..).step_by(3)).for_each(|(number, at)| set(at, number));
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar. The year is made to begin in March, so that the leap day
/// is its last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The date (year, month, day) that is `days` after 1970-01-01: the inverse of [`days_from_civil`].
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_read_and_written_as_rfc_3339() {
        for text in ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "2026-01-01T00:00:00Z", "2100-03-01T12:30:00Z"] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Timestamp::parse("2026-01-01T01:00:00.25+01:00"), Some(Instant::START.timestamp()));
        assert_eq!(Timestamp::parse("9999-12-31T23:30:00-01:00").unwrap().to_string(), "10000-01-01T00:30:00Z");
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        for text in
            ["", "2026", "2026-02-30T00:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T24:00:00Z"]
        {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
