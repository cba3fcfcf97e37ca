//! The zone from the command line: corps, apps, programs that run, calls, events, conversations.

mod apply;
mod archive;
mod crash;
mod objects;
mod program;
mod running;
mod stage;
