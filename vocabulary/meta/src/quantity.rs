//! A quantity of a resource: `100m`, `1.5Gi`, `12e6`. Exact to a billionth; smaller parts are rounded up, as upstream does.

use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

const NANO: i128 = 1_000_000_000;
/// 2^63 - 1 units: larger values are held at this bound.
const MOST: i128 = i64::MAX as i128 * NANO;
pub const PATTERN: &str = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Format {
    #[default]
    DecimalSi,
    BinarySi,
    DecimalExponent,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Quantity {
    nano: i128,
    format: Format,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuantityError {
    Format,
    Suffix,
}

impl fmt::Display for QuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QuantityError::Format => write!(f, "quantities must match the regular expression '{PATTERN}'"),
            QuantityError::Suffix => f.write_str("unable to parse quantity's suffix"),
        }
    }
}

impl std::error::Error for QuantityError {}

impl Quantity {
    pub const ZERO: Quantity = Quantity { nano: 0, format: Format::DecimalSi };

    pub fn units(units: i64, format: Format) -> Quantity {
        Quantity { nano: i128::from(units) * NANO, format }
    }

    pub fn milli(milli: i64) -> Quantity {
        Quantity { nano: i128::from(milli) * (NANO / 1000), format: Format::DecimalSi }
    }

    pub fn parse(text: &str) -> Result<Quantity, QuantityError> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(QuantityError::Format);
        }
        let (numerator, denominator, format) = scale(suffix)?;
        let nano = scaled(whole, fraction, numerator, denominator);
        Ok(Quantity { nano: if text.starts_with('-') { -nano } else { nano }, format })
    }

    pub fn is_zero(&self) -> bool {
        self.nano == 0
    }

    pub fn is_negative(&self) -> bool {
        self.nano < 0
    }

    /// In billionths of a unit.
    pub fn nanos(&self) -> i128 {
        self.nano
    }

    /// Whole units, rounded up.
    pub fn value(&self) -> i64 {
        clamp(div_up(self.nano, NANO))
    }

    /// Thousandths, rounded up.
    pub fn milli_value(&self) -> i64 {
        clamp(div_up(self.nano, NANO / 1000))
    }

    pub fn is_whole(&self) -> bool {
        self.nano % NANO == 0
    }

    pub fn format(&self) -> Format {
        self.format
    }
}

fn clamp(n: i128) -> i64 {
    n.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// Division rounded away from zero.
fn div_up(n: i128, by: i128) -> i128 {
    let (quotient, rest) = (n / by, n % by);
    if rest == 0 { quotient } else { quotient + n.signum() }
}

/// What a suffix multiplies by, as a fraction.
fn scale(suffix: &str) -> Result<(i128, i128, Format), QuantityError> {
    let decimal = |power: u32| Ok((10i128.pow(power), 1, Format::DecimalSi));
    let binary = |power: u32| Ok((1i128 << (10 * power), 1, Format::BinarySi));
    match suffix {
        "n" => Ok((1, NANO, Format::DecimalSi)),
        "u" => Ok((1, 1_000_000, Format::DecimalSi)),
        "m" => Ok((1, 1000, Format::DecimalSi)),
        "" => decimal(0),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => exponent(suffix),
    }
}

fn exponent(suffix: &str) -> Result<(i128, i128, Format), QuantityError> {
    let digits = suffix.strip_prefix(['e', 'E']).ok_or_else(|| refused(suffix))?;
    let power: i32 = digits.parse().map_err(|_| QuantityError::Suffix)?;
    let bounded = 10i128.pow(power.unsigned_abs().min(30));
    Ok(if power < 0 { (1, bounded, Format::DecimalExponent) } else { (bounded, 1, Format::DecimalExponent) })
}

/// A suffix of other characters than any suffix has is no quantity at all.
fn refused(suffix: &str) -> QuantityError {
    let letters = suffix.chars().all(|c| c.is_ascii_digit() || "eEinumkKMGTP+-".contains(c));
    if letters { QuantityError::Suffix } else { QuantityError::Format }
}

/// `whole.fraction * numerator / denominator` in billionths, rounded up, held at the bound.
fn scaled(whole: &str, fraction: &str, numerator: i128, denominator: i128) -> i128 {
    let digits = |text: &str| text.bytes().fold(0i128, |n, d| n.saturating_mul(10).saturating_add((d - b'0').into()));
    let kept = &fraction[..fraction.len().min(18)];
    let lost = fraction[kept.len()..].bytes().any(|d| d != b'0');
    let whole = digits(whole).saturating_mul(NANO).saturating_mul(numerator);
    let unit = 10i128.pow(kept.len() as u32);
    let part = digits(kept).saturating_mul(numerator).checked_mul(NANO);
    let part = part.map_or(MOST, |part| div_up(part, unit)) + i128::from(lost);
    div_up(whole.saturating_add(part), denominator).min(MOST)
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nano == 0 {
            return f.write_str("0");
        }
        if self.nano < 0 {
            f.write_str("-")?;
        }
        let nano = self.nano.abs();
        match self.format {
            Format::BinarySi if nano % NANO == 0 && nano >= 1024 * NANO => binary(nano / NANO, f),
            Format::DecimalExponent => {
                decimal(nano, &["e-9", "e-6", "e-3", "", "e3", "e6", "e9", "e12", "e15", "e18"], f)
            }
            _ => decimal(nano, &["n", "u", "m", "", "k", "M", "G", "T", "P", "E"], f),
        }
    }
}

fn binary(mut units: i128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut power = 0;
    while units % 1024 == 0 && power < 6 {
        (units, power) = (units / 1024, power + 1);
    }
    write!(f, "{units}{}", ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][power])
}

fn decimal(mut nano: i128, suffixes: &[&str], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut power = 0;
    while nano % 1000 == 0 && power + 1 < suffixes.len() {
        (nano, power) = (nano / 1000, power + 1);
    }
    write!(f, "{nano}{}", suffixes[power])
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Quantity) -> bool {
        self.nano == other.nano
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Quantity) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Quantity) -> Ordering {
        self.nano.cmp(&other.nano)
    }
}

/// A sum keeps the format of its first part that is not zero.
impl Add for Quantity {
    type Output = Quantity;
    fn add(self, other: Quantity) -> Quantity {
        let format = if self.nano == 0 { other.format } else { self.format };
        Quantity { nano: (self.nano + other.nano).clamp(-MOST, MOST), format }
    }
}

impl Sub for Quantity {
    type Output = Quantity;
    fn sub(self, other: Quantity) -> Quantity {
        self + Quantity { nano: -other.nano, ..other }
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Quantity>>(parts: I) -> Quantity {
        parts.fold(Quantity::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_canonically() {
        for (text, canonical) in [
            ("0", "0"),
            ("100m", "100m"),
            ("1000m", "1"),
            ("0.1", "100m"),
            ("1.5Gi", "1536Mi"),
            ("1024Mi", "1Gi"),
            ("0.5Ki", "512"),
            ("1500k", "1500k"),
            ("1000k", "1M"),
            ("12e6", "12e6"),
            ("1e3", "1e3"),
            ("1.5e3", "1500"),
            ("1e-3", "1e-3"),
            ("100.5m", "100500u"),
            ("0.1Gi", "107374182400m"),
            ("+5", "5"),
            ("-5Gi", "-5Gi"),
            (".5", "500m"),
            ("0.0000000001", "1n"),
            ("100000000000000000000", "9223372036854775807"),
        ] {
            assert_eq!(Quantity::parse(text).unwrap().to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for (text, error) in [
            ("", QuantityError::Format),
            ("abc", QuantityError::Format),
            ("1.2.3", QuantityError::Format),
            ("1 Gi", QuantityError::Format),
            ("1gi", QuantityError::Format),
            ("1Kii", QuantityError::Suffix),
            ("1ee3", QuantityError::Suffix),
        ] {
            assert_eq!(Quantity::parse(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn sums_and_order() {
        let sum: Quantity = ["100m", "1", "900m"].iter().map(|t| Quantity::parse(t).unwrap()).sum();
        assert_eq!((sum.to_string().as_str(), sum.value()), ("2", 2));
        assert!(Quantity::parse("1Gi").unwrap() > Quantity::parse("1G").unwrap());
        assert_eq!(Quantity::parse("1m").unwrap().value(), 1);
    }
}
