//! Tencent Desk: talked to, looked at, and brought to what a file says, by the command line alone.

mod apply;
mod apps;
mod chat;
mod conversations;
mod crash;
mod flows;
mod shop;
