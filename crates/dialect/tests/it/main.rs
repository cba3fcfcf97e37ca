//! The dialects through their front door.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod answers;
mod bodies;
mod desk;
mod desk_vectors;
mod properties;
mod sending;
mod support;
mod vectors;
mod wecom;
mod wecom_properties;
mod zone;
mod zone_properties;
mod zone_vectors;
