//! The sample program as a program of its own; all of it is in the library.

fn main() -> anyhow::Result<()> {
    zone_program::run(std::env::args_os())
}
