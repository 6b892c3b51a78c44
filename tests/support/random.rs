//! Repeatable randomness: a test prints its seed, and the same seed plays the same moves.

/// A small generator (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number of `low..high`.
    pub fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.draw() % (high - low).max(1)
    }
}

/// The seed of this run: `STAYPUT_SEED`, else the clock's nanoseconds. Printed, so that a failure can be replayed.
pub fn seed(test: &str) -> u64 {
    let given = std::env::var("STAYPUT_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(1, |since| u64::from(since.subsec_nanos()) ^ since.as_secs())
    });
    note(&format!("{test}: STAYPUT_SEED={seed}"));
    seed
}

/// Says something that a reader of the test log wants to know.
#[allow(clippy::print_stdout, reason = "a test's log is its standard output")]
pub fn note(text: &str) {
    println!("{text}");
}
