//! Taking bodies, queries and ids out of a request.

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::header::CONTENT_TYPE,
    web::{self, Bytes},
};
use futures_util::{StreamExt, future::LocalBoxFuture};
use serde_json::{Map, Value};

use super::{Fields, Input, QueryInput};
use crate::http::{BODY_LIMIT, Problem};

/// A JSON body. Extracting it answers 400, 413, 415 or 422 when it isn't there as it must be.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// A JSON body that may be left out, which is the same as `{}`.
#[derive(Debug)]
pub struct OptionalBody<T>(pub T);

/// The query string. Extracting it answers 422 when it isn't as it must be.
#[derive(Debug)]
pub struct Query<T>(pub T);

/// The id in the path. Extracting it answers 404 when it isn't one: there is nothing of that name.
#[derive(Debug, Clone, Copy)]
pub struct Id<T>(pub T);

impl<T: Input + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let typed = check_type(req);
        let payload = payload.take();
        Box::pin(async move {
            typed?;
            let bytes = read_payload(payload).await?;
            Ok(Self(T::read(parse(&bytes)?)?))
        })
    }
}

impl<T: Input + 'static> FromRequest for OptionalBody<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let typed = check_type(req);
        let payload = payload.take();
        Box::pin(async move {
            let bytes = read_payload(payload).await?;
            if bytes.is_empty() {
                return Ok(Self(T::read(Value::Object(Map::new()))?));
            }
            typed?;
            // Nothing, said in JSON.
            let value = parse(&bytes)?;
            Ok(Self(T::read(if value.is_null() { Value::Object(Map::new()) } else { value })?))
        })
    }
}

impl<T: QueryInput> FromRequest for Query<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = Fields::of_query(req.query_string()).and_then(T::read);
        std::future::ready(read.map(Self).map_err(Problem::from))
    }
}

impl<T: std::str::FromStr> FromRequest for Id<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = req.match_info().get("id").and_then(|id| id.parse().ok());
        std::future::ready(
            id.map(Self).ok_or_else(|| Problem::not_found("not_found", "There is no such thing.")),
        )
    }
}

/// Reads a whole body into memory, within the limit.
pub(in crate::http) async fn read_payload(mut payload: Payload) -> Result<Bytes, Problem> {
    let mut body = web::BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| match error {
            PayloadError::Overflow => Problem::too_large(),
            _ => Problem::bad_request("unreadable_body", "The body ended before it was complete."),
        })?;
        if body.len() + chunk.len() > BODY_LIMIT {
            return Err(Problem::too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn check_type(req: &HttpRequest) -> Result<(), Problem> {
    let content_length = req.headers().get("content-length").and_then(|v| v.to_str().ok()?.parse().ok());
    if content_length.is_some_and(|length: usize| length > BODY_LIMIT) {
        return Err(Problem::too_large());
    }
    let mime = req.mime_type().ok().flatten().filter(|_| req.headers().contains_key(CONTENT_TYPE));
    let is_json = mime.is_some_and(|m| {
        m.type_() == "application" && (m.subtype() == "json" || m.suffix().is_some_and(|s| s == "json"))
    });
    if is_json { Ok(()) } else { Err(Problem::unsupported_type()) }
}

fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(bytes)
        .map_err(|e| Problem::bad_request("unreadable_body", format!("The body is not readable JSON: {e}.")))
}

#[cfg(test)]
mod tests {
    use openchat_domain::Email;

    use super::*;
    use crate::http::{Faults, Limit, input::input};

    input! {
        /// Whom to look for.
        query struct Wanted {
            /// The address.
            email: Email,
            /// In which words.
            in_words: Option<String>,
            /// After which one.
            after: Option<i64>,
            /// How many.
            limit: Option<Limit>,
        }
    }

    fn read(query: &str) -> Result<Wanted, Faults> {
        Fields::of_query(query).and_then(QueryInput::read)
    }

    #[test]
    fn a_query_is_read_once_per_name() {
        let fine = read("email=j%40x.com&inWords=a+b&after=7&limit=100").expect("fine");
        assert_eq!((fine.email.as_str(), fine.in_words.as_deref()), ("j@x.com", Some("a b")));
        assert_eq!((fine.after, fine.limit), (Some(7), Some(Limit(100))));
        let twice = read("email=a%40x.com&email=a%40x.com").expect_err("twice");
        assert_eq!(twice, Faults::at("email", "must not be given twice"));
        for wrong in ["", "email=j%40x.com&other=1", "email=j%40x.com&after=x", "email=j%40x.com&limit=101"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
