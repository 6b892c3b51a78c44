//! Floats of 16 bits, exactly: sign, five bits of exponent, ten of fraction (RFC 8949, 3.3; IEEE 754).

/// The number of these bits; infinite or none where they say so.
pub(super) fn from_half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff);
    let magnitude = match (bits >> 10) & 0x1f {
        // Units of 2^-24.
        0 => fraction * power(-24),
        0x1f if fraction > 0.0 => f64::NAN,
        0x1f => f64::INFINITY,
        exponent => (1024.0 + fraction) * power(i32::from(exponent) - 25),
    };
    if bits >> 15 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

/// The bits of a number, if 16 hold it.
pub(super) fn to_half(value: f64) -> Option<u16> {
    let bits = value.to_bits();
    let sign = u16::from(value.is_sign_negative()) << 15;
    let magnitude = (bits << 1) >> 1;
    if magnitude == 0 {
        return Some(sign);
    }
    let exponent = i32::try_from(magnitude >> 52).ok()? - 1023;
    let fraction = magnitude & ((1 << 52) - 1);
    let (kept, shift) = match exponent {
        // The exponent of the one lies behind the fraction of the other.
        -14..=15 => ((u64::try_from(exponent + 15).ok()? << 52) | fraction, 42),
        // Units of 2^-24: the leading one is written.
        -24..=-15 => ((1 << 52) | fraction, 28 - exponent),
        _ => return None,
    };
    let half = kept >> shift;
    (half << shift == kept).then_some(sign | u16::try_from(half).ok()?)
}

/// A power of two, of those that are asked for.
fn power(exponent: i32) -> f64 {
    let exponent = u64::try_from(exponent + 1023).unwrap_or_default();
    f64::from_bits(exponent << 52)
}
