//! What the binary's subcommands do, a file each; `serve` is in `main`.

pub(crate) mod database;
pub(crate) mod doctor;
pub(crate) mod replay;
pub(crate) mod tail;

use std::io::Write as _;

/// Writes a line to standard output.
pub(crate) fn say(line: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{line}")
}
