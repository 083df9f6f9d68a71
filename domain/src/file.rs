//! Files that people send each other: what one is called, which kinds there may be, and what their content begins with.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::FileId;

/// A file as a message names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "fil_019aafc33b7c7d80a1b2c3d4e5f60718", "name": "invoice.pdf", "mediaType": "application/pdf", "size": 48213
}))]
pub struct File {
    /// The file's id.
    pub id: FileId,
    /// What it is called.
    #[schema(value_type = String, min_length = 1)]
    pub name: FileName,
    /// What it is, such as `image/png`.
    #[schema(value_type = String)]
    pub media_type: MediaType,
    /// How many bytes it has.
    #[schema(minimum = 1)]
    pub size: u64,
}

impl File {
    /// The most bytes that a file may have.
    pub const MAX_BYTES: u64 = 10 * 1024 * 1024;
}

/// What a file is called: never a path, never unprintable, never too long for a disk.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileName(String);

impl FileName {
    /// The most bytes: what the usual file systems can hold.
    pub const MAX_BYTES: usize = 255;

    /// The name out of whatever a browser sends, which may be a whole path; `file` when nothing is left of it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
        let clean: String = last.chars().filter(|c| !c.is_control() && !is_invisible(*c)).collect();
        // Dots at the edges hide a file, or are dropped by some systems.
        let clean = clean.trim().trim_matches('.').trim();
        Self(if clean.is_empty() { "file".to_owned() } else { shortened(clean) })
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a character turns the direction of writing, or can't be seen: `gpj.exe` must not pass for `exe.jpg`.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Cuts the middle of the name, so that its ending, which says what it is, stays.
fn shortened(name: &str) -> String {
    if name.len() <= FileName::MAX_BYTES {
        return name.to_owned();
    }
    let ending =
        name.rfind('.').map(|dot| &name[dot..]).filter(|ending| ending.len() <= 20).unwrap_or_default();
    let mut end = FileName::MAX_BYTES - ending.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", name[..end].trim_end())
}

/// What a file is: one of the kinds that may be sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaType(String);

/// How a file of a kind must begin.
#[derive(Debug, Clone, Copy)]
enum Beginning {
    /// As anything.
    Any,
    /// As text does: without zeros, unless it says at once that it is UTF-16.
    Text,
    /// With one of these.
    One(&'static [&'static [u8]]),
    /// With the first, and at an offset with the second.
    Both(&'static [u8], usize, &'static [u8]),
}

const ZIP: Beginning = Beginning::One(&[b"PK\x03\x04", b"PK\x05\x06"]);

/// Every kind that may be sent. What a browser would run (HTML, SVG, scripts) is not among them.
const KINDS: &[(&str, Beginning)] = &[
    ("image/png", Beginning::One(&[b"\x89PNG\r\n\x1a\n"])),
    ("image/jpeg", Beginning::One(&[b"\xff\xd8\xff"])),
    ("image/gif", Beginning::One(&[b"GIF87a", b"GIF89a"])),
    ("image/webp", Beginning::Both(b"RIFF", 8, b"WEBP")),
    ("application/pdf", Beginning::One(&[b"%PDF-"])),
    ("text/plain", Beginning::Text),
    ("text/csv", Beginning::Text),
    ("application/zip", ZIP),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ZIP),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ZIP),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", ZIP),
    ("audio/mpeg", Beginning::Any),
    ("audio/mp4", Beginning::Any),
    ("audio/ogg", Beginning::Any),
    ("audio/wav", Beginning::Any),
    ("video/mp4", Beginning::Any),
    ("video/webm", Beginning::Any),
];

/// The names under which some browsers send a kind.
const ALIASES: &[(&str, &str)] = &[
    ("application/x-zip-compressed", "application/zip"),
    ("audio/mp3", "audio/mpeg"),
    ("audio/x-m4a", "audio/mp4"),
    ("audio/m4a", "audio/mp4"),
    ("audio/x-wav", "audio/wav"),
    ("audio/wave", "audio/wav"),
    ("audio/vnd.wave", "audio/wav"),
    ("application/csv", "text/csv"),
    // So says a browser on a computer that has Excel.
    ("application/vnd.ms-excel", "text/csv"),
    ("image/jpg", "image/jpeg"),
];

impl MediaType {
    /// How much of a file's beginning [`fits`](Self::fits) wants to see, if the file has as much.
    pub const BEGINNING: usize = 16;

    /// The kind that a `Content-Type` names, if it may be sent.
    #[must_use]
    pub fn new(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let alias = ALIASES.iter().find(|(alias, _)| *alias == essence).map(|(_, kind)| *kind);
        let wanted = alias.unwrap_or(&essence);
        KINDS.iter().find(|(kind, _)| *kind == wanted).map(|(kind, _)| Self((*kind).to_owned()))
    }

    /// Every kind that may be sent.
    pub fn all() -> impl Iterator<Item = &'static str> {
        KINDS.iter().map(|(kind, _)| *kind)
    }

    /// Whether a file that begins so can be of this kind.
    #[must_use]
    pub fn fits(&self, beginning: &[u8]) -> bool {
        match KINDS.iter().find(|(kind, _)| *kind == self.0).map(|(_, beginning)| beginning) {
            None => false,
            Some(Beginning::Any) => true,
            Some(Beginning::Text) => {
                !beginning.contains(&0)
                    || [b"\xff\xfe", b"\xfe\xff"].iter().any(|mark| beginning.starts_with(*mark))
            }
            Some(Beginning::One(ways)) => ways.iter().any(|way| beginning.starts_with(way)),
            Some(Beginning::Both(first, offset, second)) => {
                beginning.starts_with(first)
                    && beginning.get(*offset..).is_some_and(|rest| rest.starts_with(second))
            }
        }
    }

    /// The kind, as in a `Content-Type`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path_and_has_nothing_unprintable() {
        for (sent, kept) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\Jane\\Größe.png", "Größe.png"),
            ("a\r\nSet-Cookie: b.txt", "aSet-Cookie: b.txt"),
            ("photo\u{202e}gpj.exe", "photogpj.exe"),
            (".htaccess", "htaccess"),
            ("  .. ", "file"),
            ("", "file"),
            ("a/", "file"),
        ] {
            assert_eq!(FileName::new(sent).as_str(), kept, "{sent:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let kept = FileName::new(&format!("{}.pdf", "é".repeat(200)));
        assert!(kept.as_str().len() <= FileName::MAX_BYTES && kept.as_str().ends_with("é.pdf"));
        let kept = FileName::new(&format!("a.{}", "b".repeat(300)));
        assert_eq!(kept.as_str().len(), FileName::MAX_BYTES);
        assert_eq!(FileName::new(kept.as_str()), kept);
    }

    #[test]
    fn only_the_kinds_on_the_list_may_be_sent() {
        let kind = |sent: &str| MediaType::new(sent).map(|it| it.0);
        assert_eq!(kind("Image/PNG").as_deref(), Some("image/png"));
        assert_eq!(kind("text/plain; charset=utf-8").as_deref(), Some("text/plain"));
        assert_eq!(kind("audio/x-m4a").as_deref(), Some("audio/mp4"));
        for wrong in ["text/html", "image/svg+xml", "application/javascript", "application/octet-stream", ""]
        {
            assert_eq!(kind(wrong), None, "{wrong}");
        }
        for (alias, kind) in ALIASES {
            assert_eq!(MediaType::new(alias).as_ref().map(MediaType::as_str), Some(*kind));
        }
    }

    #[test]
    fn the_content_must_begin_as_its_kind_does() {
        let fits = |kind: &str, beginning: &[u8]| MediaType::new(kind).expect("a kind").fits(beginning);
        assert!(fits("image/png", b"\x89PNG\r\n\x1a\n\0\0"));
        assert!(fits("image/webp", b"RIFF\x10\0\0\0WEBPVP8 "));
        assert!(fits("application/pdf", b"%PDF-1.7"));
        assert!(fits("text/plain", b"<html>"));
        assert!(fits("text/csv", b"\xff\xfea\0;\0"));
        assert!(!fits("application/vnd.ms-excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0"));
        assert!(!fits("image/png", b"<html>"));
        assert!(!fits("image/webp", b"RIFF\x10\0\0\0WAVE"));
        assert!(!fits("image/jpeg", b"\xff\xd8"));
        assert!(!fits("application/zip", b"MZ"));
    }
}
