//! The dialects through their front door.

mod answers;
mod bodies;
mod properties;
mod sending;
mod support;
mod vectors;
