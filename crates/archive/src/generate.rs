//! Synthetic conversations: the same lines for the same seed, to be imported like real ones.

mod cast;
mod script;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use ringback_types::ScheduleTime;

use self::cast::Cast;
use self::script::Words;
use crate::archive::Archive;

/// Somebody answers after so many seconds.
const PAUSE_SECONDS: std::ops::Range<u64> = 4..90;

/// How much is made, and when it was said.
#[derive(Debug, Clone)]
pub struct Generate {
    /// Messages.
    pub messages: usize,
    /// Members of the corp, at least 2.
    pub members: usize,
    /// Customers, at least 1; about half of them speak English.
    pub customers: usize,
    /// Group chats with customers.
    pub groups: usize,
    /// Over how many days before `now` the messages are spread.
    pub days: u32,
    /// When the last of them may have been sent.
    pub now: ScheduleTime,
}

impl Generate {
    /// A thousand messages of the four days before `now`, so that all of them are listed.
    pub fn new(now: ScheduleTime) -> Self {
        Self {
            messages: 1_000,
            members: 8,
            customers: 30,
            groups: 6,
            days: 4,
            now,
        }
    }
}

impl Archive {
    /// NDJSON lines of synthetic conversations, without line ends: members, customers, groups, consents,
    /// tag groups and knowledge first, then the messages in the order of their send time. The same seed
    /// and wish give the same lines, ids too, so that an import of them can be repeated.
    pub fn generate(seed: u64, wish: &Generate) -> impl Iterator<Item = String> + use<> {
        let cast = Cast::new(seed, wish);
        let people = cast.lines();
        let messages = Messages::new(cast, wish);
        people.into_iter().chain(messages)
    }
}

/// The messages in the order of send time. Scenes begin evenly over the days and overlap; a line waits
/// until no scene that begins later can come before it.
struct Messages {
    cast: Cast,
    total: usize,
    made: usize,
    end_ms: i64,
    /// Lines by send time and number.
    waiting: BinaryHeap<Reverse<(i64, usize, String)>>,
    ready: VecDeque<String>,
}

impl Messages {
    fn new(cast: Cast, wish: &Generate) -> Self {
        Self {
            cast,
            total: wish.messages,
            made: 0,
            end_ms: wish.now.as_millis(),
            waiting: BinaryHeap::new(),
            ready: VecDeque::new(),
        }
    }

    /// When the next scene begins.
    fn begin_ms(&self) -> i64 {
        let span = (self.end_ms - self.cast.begin_ms) as f64;
        self.cast.begin_ms + (span * self.made as f64 / self.total as f64) as i64
    }

    fn play_scene(&mut self) {
        let (dice, mut at_ms) = (&self.cast.dice, self.begin_ms());
        let staged = self.cast.stage();
        let words = Words::draw(staged.scene.language, |end| dice.below(end));
        for line in staged.scene.lines.iter().take(self.total - self.made) {
            let send_time = at_ms.min(self.end_ms) / 1000;
            let message = staged.message(dice, &words, line, send_time).to_string();
            self.waiting.push(Reverse((send_time, self.made, message)));
            self.made += 1;
            at_ms += dice.within(PAUSE_SECONDS) as i64 * 1000;
        }
    }

    fn release(&mut self) {
        let next = if self.made < self.total {
            self.begin_ms() / 1000
        } else {
            i64::MAX
        };
        while let Some(Reverse((send_time, _, _))) = self.waiting.peek() {
            if *send_time >= next {
                break;
            }
            let Some(Reverse((_, _, line))) = self.waiting.pop() else {
                break;
            };
            self.ready.push_back(line);
        }
    }
}

impl Iterator for Messages {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        while self.ready.is_empty() {
            if self.made >= self.total && self.waiting.is_empty() {
                return None;
            }
            if self.made < self.total {
                self.play_scene();
            }
            self.release();
        }
        self.ready.pop_front()
    }
}
