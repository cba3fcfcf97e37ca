//! The one place that makes random bytes.

#![expect(
    clippy::disallowed_methods,
    reason = "the one place that makes random bytes"
)]

use std::sync::{Arc, Mutex};

/// Random numbers that may be seeded in `dev` for repeatable runs. Cheap to clone.
///
/// [`Random::secret`] always asks the system: keys, nonces and tokens are never seeded.
#[derive(Debug, Clone)]
pub struct Random(Option<Arc<Mutex<fastrand::Rng>>>);

impl Random {
    /// Bytes from the system's generator.
    pub fn system() -> Self {
        Self(None)
    }

    /// Bytes that repeat for the same seed. Never in `serve`.
    pub fn seeded(seed: u64) -> Self {
        Self(Some(Arc::new(Mutex::new(fastrand::Rng::with_seed(seed)))))
    }

    /// So many bytes; repeatable when seeded, so never for keys, nonces or tokens.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let Some(seeded) = &self.0 else {
            return self.secret();
        };
        let mut bytes = [0; N];
        seeded
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .fill(&mut bytes);
        bytes
    }

    /// So many bytes from the system's generator, seeded or not: for keys, nonces and tokens.
    pub fn secret<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        getrandom::fill(&mut bytes).expect("the system's generator answers once it has booted");
        bytes
    }

    /// So many letters and digits from the system's generator: for secrets and ids that nobody may guess.
    /// 62 does not divide 256; what that takes from 190 bits (32 characters) is nothing.
    pub fn alphanumeric<const N: usize>(&self) -> String {
        const CHARACTERS: &[u8; 62] =
            b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let pick = |byte: &u8| char::from(CHARACTERS[usize::from(*byte) % CHARACTERS.len()]);
        self.secret::<N>().iter().map(pick).collect()
    }

    /// A number from 0.0 up to 1.0; repeatable when seeded.
    pub fn unit(&self) -> f64 {
        let bits = u64::from_le_bytes(self.bytes()) >> 11;
        bits as f64 / (1_u64 << 53) as f64
    }
}
