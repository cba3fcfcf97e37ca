//! Ids, tokens and keys in the shapes that the platform gives them.

use ringback_types::Random;

/// Two lower-case hexadecimal digits a byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
            text
        })
}

/// 32 lower-case hexadecimal digits: event ids, message ids (section 4.1).
pub(crate) fn hex32(random: &Random) -> String {
    hexadecimal(&random.bytes::<16>())
}

/// A UUID of version 4, as challenges are (section 1.2).
pub(crate) fn uuid(random: &Random) -> String {
    let mut bytes = random.bytes::<16>();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let digits = hexadecimal(&bytes);
    [0..8, 8..12, 12..16, 16..20, 20..32]
        .map(|part| &digits[part])
        .join("-")
}

/// A platform app id: `cli_` and 16 hexadecimal digits (section 7.5).
pub(crate) fn app_id(random: &Random) -> String {
    format!("cli_{}", hexadecimal(&random.bytes::<8>()))
}

/// A tenant key: 16 hexadecimal digits.
pub(crate) fn tenant_key(random: &Random) -> String {
    hexadecimal(&random.bytes::<8>())
}

/// A secret of 32 alphanumerics, never seeded (section 1.1).
pub(crate) fn secret(random: &Random) -> String {
    random.alphanumeric::<32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_the_platforms() {
        let random = Random::seeded(7);
        insta::assert_snapshot!(
            [hex32(&random), uuid(&random), app_id(&random), tenant_key(&random)].join("\n"),
            @r"
        91727e708e59fcc5208c1e454bd7f438
        73612167-58e1-41b7-91fd-a4a803222b7b
        cli_2cbdcbf908acd11d
        09e5df38ae9f602a
        "
        );
        let secret = secret(&random);
        assert_eq!(secret.len(), 32);
        assert!(secret.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}
