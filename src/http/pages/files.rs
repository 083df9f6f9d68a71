//! The embedded files of the web build, each in the smallest form that the browser takes.

use std::borrow::Cow;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{
        AcceptEncoding, CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentEncoding, ETag, Encoding, EntityTag,
        Header as _, IfNoneMatch, VARY,
    },
    web::Bytes,
};
use rust_embed::{EmbeddedFile, RustEmbed};

/// What the web build has left; a debug build reads it from the disk each time.
#[derive(RustEmbed)]
#[folder = "web/dist"]
struct Dist;

/// How long a file may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// For ever: its name changes with its content.
    Forever,
    /// For some minutes, then it is asked for again.
    Shortly,
}

/// The text of a page; none when the web build has not made it.
pub(super) fn text(path: &str) -> Option<String> {
    String::from_utf8(Dist::get(path)?.data.into_owned()).ok()
}

/// A page, under its policy. It is never kept, so that it always names today's scripts.
pub(super) fn page(req: &HttpRequest, path: &str, policy: String) -> Option<HttpResponse> {
    let (file, encoding) = smallest(req, path)?;
    let response = HttpResponse::Ok()
        .content_type(media_type(path))
        .insert_header(encoding)
        .insert_header((VARY, "Accept-Encoding"))
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .body(bytes(file));
    Some(response)
}

/// A script, a style or a picture; none when there is no such file.
pub(super) fn file(req: &HttpRequest, path: &str, kept: Kept) -> Option<HttpResponse> {
    let (file, encoding) = smallest(req, path)?;
    let tag =
        EntityTag::new_strong(file.metadata.sha256_hash()[..12].iter().map(|b| format!("{b:02x}")).collect());
    let known = match IfNoneMatch::parse(req) {
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|it| it.weak_eq(&tag)),
        Ok(IfNoneMatch::Any) | Err(_) => false,
    };
    let caching = match kept {
        Kept::Forever => "public, max-age=31536000, immutable",
        Kept::Shortly => "public, max-age=300, stale-while-revalidate=86400",
    };
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((CACHE_CONTROL, caching))
        .insert_header(ETag(tag))
        .insert_header((VARY, "Accept-Encoding"))
        // Everybody's pages may load it, also with an integrity check or in isolation from other sites.
        .insert_header(("Access-Control-Allow-Origin", "*"))
        .insert_header(("Cross-Origin-Resource-Policy", "cross-origin"));
    if known {
        return Some(response.finish());
    }
    Some(response.content_type(media_type(path)).insert_header(encoding).body(bytes(file)))
}

fn smallest(req: &HttpRequest, path: &str) -> Option<(EmbeddedFile, ContentEncoding)> {
    let known = [Encoding::brotli(), Encoding::gzip(), Encoding::identity()];
    let wanted = AcceptEncoding::parse(req).ok().and_then(|accepted| accepted.negotiate(known.iter()));
    let compressed = match wanted {
        Some(Encoding::Known(encoding @ ContentEncoding::Brotli)) => Some((".br", encoding)),
        Some(Encoding::Known(encoding @ ContentEncoding::Gzip)) => Some((".gz", encoding)),
        _ => None,
    };
    compressed
        .and_then(|(suffix, encoding)| Some((Dist::get(&format!("{path}{suffix}"))?, encoding)))
        .or_else(|| Some((Dist::get(path)?, ContentEncoding::Identity)))
}

fn bytes(file: EmbeddedFile) -> Bytes {
    match file.data {
        Cow::Borrowed(embedded) => Bytes::from_static(embedded),
        Cow::Owned(read) => read.into(),
    }
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
