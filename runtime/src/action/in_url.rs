//! Which parameters were written in a URL.

/// A set of parameters, by position. Of these each value is its own text, and a parameter that wants a string takes the
/// text of a number, `true`, an object .. as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InUrl(u16);

impl InUrl {
    /// All of them: they are a URL's query.
    pub const ALL: Self = Self(u16::MAX);
    /// None of them: they are JSON.
    pub const NONE: Self = Self(0);

    /// The same set, and the parameter at this position.
    #[must_use]
    pub const fn with(self, position: usize) -> Self {
        // An action has at most 12 parameters.
        Self(self.0 | 1 << (position & 15))
    }

    /// Whether the parameter at this position was.
    pub const fn has(self, position: usize) -> bool {
        self.0 & 1 << (position & 15) != 0
    }

    /// As a number.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// From its number.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }
}
