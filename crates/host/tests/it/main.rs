//! Programs as real child processes: started, watched, restarted, limited, stopped.

#![expect(
    clippy::unwrap_used,
    reason = "a scene that cannot be set fails its test"
)]

mod child;
mod life;
mod logs;
mod stage;
mod stopping;
