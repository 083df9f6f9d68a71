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

/// What a message says, for people: its words, and what the file is called that came with them.
pub(crate) fn words(message: &serde_json::Value) -> String {
    let text = message["text"].as_str().unwrap_or_default();
    match message["file"]["name"].as_str() {
        Some(name) => format!("[{name}] {text}").trim_end().to_owned(),
        None => text.to_owned(),
    }
}
