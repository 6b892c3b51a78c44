//! Bytes as hex digits. The standard library's way costs a formatter's turn for each byte, three times on every request.

/// Two lower-case digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_byte_has_two_digits() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = super::hex(&bytes);
        for (at, byte) in bytes.iter().enumerate() {
            assert_eq!(text.get(2 * at..2 * at + 2), Some(&*format!("{byte:02x}")));
        }
        assert_eq!(text.len(), 512);
    }
}
