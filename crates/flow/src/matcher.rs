//! Understanding that works offline: which flow a message starts, and what a sentence tells.
//!
//! The platform lets a model match a start node's intent and examples and extract what an
//! information-collection node asks for (sheet `tencent-desk`, section 2.8). This is the part without a
//! model: words, key words and shapes, Chinese and English. The same message always gives the same
//! answer, no message takes more than a bounded time, and where a sentence does not say something
//! plainly, it counts as not said: asking once more costs less than calling the business with a guess.

mod choose;
mod keys;
mod option;
mod pick;
mod shape;
mod words;

pub use choose::{Meaning, choose};
pub use option::{is_skip, option};
pub use pick::{Wanted, pick};
