//! The zone through its front doors: what an app's server calls, what a program written with the SDK
//! gets and calls, and what lies on the disk afterwards.

mod calls;
mod debug;
mod door;
mod figure;
mod hostile;
mod jobs;
mod program;
mod stage;
mod tasks;
