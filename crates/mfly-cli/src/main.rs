//! The `mfly` command.

fn main() {}
