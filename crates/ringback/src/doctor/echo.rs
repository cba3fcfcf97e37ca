//! Checks of a WeCom URL whose `echostr` has a chosen form in the query.

use ringback_dialect::wecom::{Secrets, challenge};

use super::instrument::Instrument;

/// What the encrypted text looks like in the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// With all three characters of base64 that must be encoded. Nearly every check of the platform has
    /// one of them, so a server that fails over them fails sooner or later.
    Hardest,
    /// With some of them, but no `+`, which becomes a blank when it is decoded once too often.
    NoPlus,
    /// Without any of them: it reads the same decoded and undecoded.
    Bare,
}

/// How often chance is asked: one in sixty is without `+` and `/`.
const TRIES: usize = 4096;
/// As long as the platform's own.
const DIGITS: usize = 19;
/// Three times the padded block: base64 of it needs no `=`.
const BARE_BYTES: usize = 96;
/// What stands round the text: random bytes and length before it, at least one byte of padding behind.
const FRAME_BYTES: usize = 21;

/// One check: what is sent, and what must come back.
#[derive(Debug)]
pub(super) struct Echo {
    pub(super) query: String,
    pub(super) text: String,
}

impl Echo {
    /// A fresh check of this shape, as far as chance gives one.
    pub(super) fn new(instrument: &Instrument, secrets: &Secrets, shape: Shape) -> Self {
        let length = match shape {
            Shape::Hardest | Shape::NoPlus => DIGITS,
            Shape::Bare => BARE_BYTES.saturating_sub(FRAME_BYTES + secrets.receive_id.len()),
        };
        let text = digits(instrument, length);
        let now = instrument.clock.wire();
        let query = || challenge(secrets, &text, now, instrument.random.secret());
        let found = (1..TRIES).map(|_| query()).find(|query| shape.fits(query));
        Self {
            query: found.unwrap_or_else(query),
            text,
        }
    }
}

impl Shape {
    fn fits(self, query: &str) -> bool {
        let [plus, slash, equals] = ["%2B", "%2F", "%3D"].map(|code| query.contains(code));
        match self {
            Self::Hardest => plus && slash && equals,
            Self::NoPlus => !plus && (slash || equals),
            Self::Bare => !plus && !slash && !equals,
        }
    }
}

fn digits(instrument: &Instrument, count: usize) -> String {
    let bytes: [u8; BARE_BYTES] = instrument.random.secret();
    let digits = bytes.iter().map(|byte| char::from(b'0' + byte % 10));
    digits.take(count).collect()
}
