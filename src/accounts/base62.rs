//! Bytes as digits and letters, at a fixed width: what keys and tokens are written in.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The bytes, read as one big number, in exactly `width` digits.
///
/// The width must hold them: 6 for 4 bytes, 22 for 16, 43 for 32.
pub(super) fn encode(bytes: &[u8], width: usize) -> String {
    let mut number = bytes.to_vec();
    let mut digits = vec![0; width];
    for digit in digits.iter_mut().rev() {
        let mut rest = 0u32;
        for byte in &mut number {
            let part = rest * 256 + u32::from(*byte);
            *byte = low_byte(part / 62);
            rest = part % 62;
        }
        *digit = DIGITS[usize::from(low_byte(rest))];
    }
    digits.into_iter().map(char::from).collect()
}

/// The bytes that the digits stand for; none when a character is no digit or the number is too big for `N` bytes.
pub(super) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut number = [0u8; N];
    for c in text.bytes() {
        let digit = DIGITS.iter().position(|d| *d == c)?;
        let mut carry = u32::try_from(digit).ok()?;
        for byte in number.iter_mut().rev() {
            let part = u32::from(*byte) * 62 + carry;
            *byte = low_byte(part);
            carry = part >> 8;
        }
        if carry > 0 {
            return None;
        }
    }
    Some(number)
}

/// Whether the text is digits only.
pub(super) fn is_digits(text: &str) -> bool {
    text.bytes().all(|c| c.is_ascii_alphanumeric())
}

const fn low_byte(number: u32) -> u8 {
    number.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_at_its_width() {
        for bytes in [[0; 32], [255; 32], std::array::from_fn(|i| u8::try_from(i).unwrap_or_default())] {
            let text = encode(&bytes, 43);
            assert_eq!(text.len(), 43);
            assert_eq!(decode::<32>(&text), Some(bytes));
        }
        assert_eq!(encode(&[0, 0, 0, 61], 6), "00000z");
        assert_eq!(encode(&[255; 4], 6), "4gfFC3");
        assert_eq!(encode(&[255; 16], 22).len(), 22);
    }

    #[test]
    fn other_characters_and_too_big_numbers_are_refused() {
        assert_eq!(decode::<32>(&"z".repeat(43)), None);
        assert_eq!(decode::<4>("00_00"), None);
        assert_eq!(decode::<4>("4gfFC4"), None);
    }
}
