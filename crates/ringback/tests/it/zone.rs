//! The zone from the command line: corps, apps, programs that run, calls, events, conversations.

mod apply;
mod archive;
mod objects;
mod program;
mod running;
mod stage;
