//! The errors that every route of a kind can answer, written once.

use serde_json::{Value, json};
use utoipa::openapi::{
    ContentBuilder, Ref, RefOr, Response, ResponseBuilder,
    example::{Example, ExampleBuilder},
};

/// An error that many routes share: a reusable response of the document.
#[derive(Debug)]
pub(super) struct Common {
    /// The response's name among the components.
    pub(super) name: &'static str,
    /// The status.
    pub(super) status: u16,
    /// When it comes.
    description: &'static str,
    /// One of its codes.
    code: &'static str,
    /// What it says then.
    sentence: &'static str,
}

macro_rules! commons {
    ($($constant:ident = $name:literal $status:literal $description:literal, $code:literal: $sentence:literal;)*) => {
        $(pub(super) const $constant: Common = Common {
            name: $name, status: $status, description: $description, code: $code, sentence: $sentence,
        };)*
        /// All of them.
        pub(super) const ALL: &[&Common] = &[$(&$constant),*];
    };
}

commons! {
    UNREADABLE = "UnreadableBody" 400 "The body is not readable JSON.",
        "unreadable_body": "The body is not readable JSON: EOF while parsing an object at line 1 column 10.";
    KEY_UNKNOWN = "KeyRefused" 401
        "No key, or one that opens nothing: `missing_api_key`, `api_key_prefix_only`, `api_key_mistyped`, \
         `api_key_wrong_mode`, `api_key_malformed`, `api_key_unknown`, `api_key_rotated`, `api_key_revoked`.",
        "missing_api_key": "Send your integration key in the header X-API-Key.";
    NOT_SIGNED_IN = "NotSignedIn" 401 "Nobody is signed in: `not_signed_in`, `session_ended`.",
        "not_signed_in": "Sign in first.";
    NO_CHAT = "NoChatSession" 401 "No chat session: `no_session`, `session_ended`.",
        "no_session": "Begin a chat session first, and send its token as a bearer token.";
    KEY_MAY_NOT = "KeyMayNot" 403
        "The key lacks the permission (`permission_missing`), a browser asks for what is a backend's \
         (`backend_only`), or a website that the key doesn't allow (`origin_not_allowed`).",
        "permission_missing": "This key does not have the permission support:write.";
    PERSON_MAY_NOT = "PersonMayNot" 403
        "The person is on no team (`no_business`), has another role (`managers_only`), or the request comes from \
         another website's page (`cross_site`).",
        "managers_only": "Only the owner or an admin of the business may do this.";
    CROSS_SITE = "CrossSite" 403 "The request comes from another website's page.",
        "cross_site": "This can't be done from another website's page.";
    NOT_FOUND = "NotFound" 404 "There is no such thing, or it is another business's.",
        "not_found": "There is no such thing.";
    AHEAD = "PositionAhead" 409 "The position asked for is beyond the end of the log, which `current` tells.",
        "position_ahead": "The log ends at position 41; nothing has been written beyond.";
    TWIN = "IdempotencyKeyInUse" 409 "The first request under this Idempotency-Key is still being worked on.",
        "idempotency_key_in_use": "The first request under this Idempotency-Key is still being worked on.";
    TOO_LARGE = "BodyTooLarge" 413 "The body is too large.",
        "body_too_large": "The body is larger than 256 KiB.";
    WRONG_TYPE = "UnsupportedMediaType" 415 "The body is not sent as JSON.",
        "unsupported_media_type": "Send the body as JSON, with Content-Type: application/json.";
    INVALID = "Invalid" 422
        "The request can be read, but not be meant; `fields` tells what is wrong with each field.",
        "invalid_request": "The field email must be an e-mail address like jane@example.com.";
    RATE_LIMITED = "RateLimited" 429 "Too many requests; `Retry-After` says when the next one is welcome.",
        "rate_limited": "This key asks too often; slow down.";
    UNAVAILABLE = "Unavailable" 503 "It may work a little later: `unavailable`, `view_behind`, `busy`, `timed_out`.",
        "unavailable": "OpenChat can't reach its data right now; try again.";
}

impl Common {
    /// The reference by which a route has it.
    pub(super) fn reference(&self) -> RefOr<Response> {
        Ref::from_response_name(self.name).into()
    }

    /// The response itself.
    pub(super) fn response(&self) -> Response {
        problem(self.status, self.description, &[self.case()])
    }

    /// Its code and sentence, to stand beside a route's own.
    pub(super) const fn case(&self) -> (&'static str, &'static str) {
        (self.code, self.sentence)
    }

    /// When it comes.
    pub(super) const fn description(&self) -> &'static str {
        self.description
    }
}

/// A problem response with an example for each code that it can have.
pub(super) fn problem(status: u16, description: &str, cases: &[(&str, &str)]) -> Response {
    let examples = cases.iter().map(|(code, sentence)| (*code, example(status, code, sentence)));
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .examples_from_iter(examples)
        .build();
    let mut response =
        ResponseBuilder::new().description(description).content("application/problem+json", content);
    for header in headers(status) {
        response = response.header_ref(*header, Ref::new(format!("#/components/headers/{header}")));
    }
    response.build()
}

const fn headers(status: u16) -> &'static [&'static str] {
    match status {
        429 => &["Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-Id"],
        503 => &["Retry-After", "X-Request-Id"],
        _ => &["X-Request-Id"],
    }
}

fn example(status: u16, code: &str, sentence: &str) -> Example {
    let title = actix_web::http::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason());
    let mut value = json!({
        "type": "about:blank", "title": title, "status": status, "detail": sentence,
        "success": false, "error": sentence, "code": code,
        "requestId": "req_019aafc33b7c7d80a1b2c3d4e5f60718",
    });
    if code == "invalid_request" {
        value["fields"] = Value::from_iter([("email", "must be an e-mail address like jane@example.com")]);
    }
    ExampleBuilder::new().value(Some(value)).build()
}
