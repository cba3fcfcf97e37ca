//! Decimal numbers of any length, compared digit by digit: an order number has more digits than a float.

use std::cmp::Ordering;

/// A number as people write it: `12`, `-3.50`. No exponent, and no zero too many in front: `007` is a
/// name and not seven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal<'a> {
    negative: bool,
    whole: &'a str,
    /// Without zeros at its end.
    fraction: &'a str,
}

impl<'a> Decimal<'a> {
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (digits, None),
        };
        let all_digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let named = whole.len() > 1 && whole.starts_with('0');
        if !all_digits(whole) || named || !fraction.is_none_or(all_digits) {
            return None;
        }
        let fraction = fraction.unwrap_or_default().trim_end_matches('0');
        let zero = whole == "0" && fraction.is_empty();
        Some(Self {
            negative: negative && !zero,
            whole,
            fraction,
        })
    }

    fn size(&self, other: &Self) -> Ordering {
        let whole = self.whole.len().cmp(&other.whole.len());
        whole
            .then_with(|| self.whole.cmp(other.whole))
            .then_with(|| self.fraction.cmp(other.fraction))
    }
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.size(other),
            (true, true) => other.size(self),
        }
    }
}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_length_are_ordered_and_names_are_none() {
        let ordered = [
            "-12345678901234567891",
            "-12345678901234567890",
            "-2.5",
            "-2.05",
            "-1",
            "0",
            "0.05",
            "0.5",
            "1",
            "9",
            "10",
            "12345678901234567890.1",
            "12345678901234567891",
        ];
        for (index, smaller) in ordered.iter().enumerate() {
            for larger in &ordered[index + 1..] {
                let [smaller, larger] = [smaller, larger].map(|text| Decimal::read(text).unwrap());
                assert!(smaller < larger, "{smaller:?} {larger:?}");
            }
        }
        for (left, right) in [("1.0", "1"), ("-0", "0"), ("2.50", "2.5"), ("0.000", "0")] {
            assert_eq!(Decimal::read(left), Decimal::read(right));
        }
        for none in [
            "", "-", ".5", "5.", "007", "1e3", "nan", "inf", "+1", "1.2.3", "１", "1 000",
        ] {
            assert_eq!(Decimal::read(none), None, "{none}");
        }
    }
}
