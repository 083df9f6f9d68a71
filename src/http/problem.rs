//! Errors as clients read them: RFC 9457 problem JSON, made in one place.
//!
//! | what happened | status | code |
//! |---|---|---|
//! | a refusal of the domain: `NotFound`, `Conflict`, `Invalid`, `Forbidden` | 404, 409, 422, 403 | the refusal's own |
//! | the facts behind a command have changed | 409 | `facts_changed` |
//! | an aggregate changes too fast to decide on | 503 | `busy` |
//! | the store can't be reached, or a view lags behind | 503 | `unavailable`, `view_behind` |
//! | the store holds or refuses what it should not | 500 | `internal_error` |
//! | a body is not JSON, too large, or of another type | 400, 413, 415 | `unreadable_body`, `body_too_large`, `unsupported_media_type` |
//! | a body or query is well-formed, but not as it must be | 422 | `invalid_request`, with `fields` |
//! | no such route, or not with this method | 404, 405 | `not_found`, `method_not_allowed` |

use std::{borrow::Cow, collections::BTreeMap, fmt};

use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError,
    http::{
        StatusCode,
        header::{ALLOW, RETRY_AFTER},
    },
};
use openchat_domain::{Refusal, RefusalKind};
use openchat_projections::{DbError, QueryError, log::LogError};
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::error::SqlState;
use utoipa::ToSchema;

use super::{envelope, limits::Allowance};
use crate::{
    accounts::AccountError,
    projector::Behind,
    store::{ExecuteError, PoolError, StoreError, chain},
};

/// An answer that says what went wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    sentence: Cow<'static, str>,
    details: Box<Details>,
}

#[derive(Debug, Clone, Default)]
struct Details {
    fields: BTreeMap<String, String>,
    current: Option<Value>,
    retry_after: Option<u64>,
    allow: Option<String>,
    allowance: Option<Allowance>,
}

/// The error answer of every route: RFC 9457 problem details, and what an integrator's code reads.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem, example = json!({
    "type": "about:blank", "title": "Not Found", "status": 404,
    "detail": "There is no such conversation.", "success": false,
    "error": "There is no such conversation.", "code": "conversation_not_found",
    "requestId": "req_019aafc33b7c7d80a1b2c3d4e5f60718"
}))]
pub struct ProblemBody<'a> {
    /// Always `about:blank`: what is meant is told by `code`.
    #[serde(rename = "type")]
    kind: &'a str,
    /// The status in words.
    title: &'a str,
    /// The status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// One sentence for people.
    detail: &'a str,
    /// Always `false`.
    success: bool,
    /// The same sentence.
    error: &'a str,
    /// What happened, stable for programs.
    #[schema(pattern = "^[a-z][a-z0-9_]*$")]
    code: &'a str,
    /// The request's id, as in the header `X-Request-Id`.
    request_id: &'a str,
    /// What is wrong with each field, by its path; only with status 422.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Option<BTreeMap<String, String>>, nullable = false)]
    fields: &'a BTreeMap<String, String>,
    /// The present state of what the request was about; only with status 409, when there is one to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    current: Option<&'a Value>,
}

impl Problem {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        sentence: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code, sentence: sentence.into(), details: Box::default() }
    }

    /// 400: the request can't be read at all.
    #[must_use]
    pub fn bad_request(code: &'static str, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, sentence)
    }

    /// 401: nobody known is asking.
    #[must_use]
    pub fn unauthorized(code: &'static str, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, sentence)
    }

    /// 403: whoever asks may not.
    #[must_use]
    pub fn forbidden(code: &'static str, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, sentence)
    }

    /// 404: there is no such thing, for this asker.
    #[must_use]
    pub fn not_found(code: &'static str, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, sentence)
    }

    /// 409: the present state doesn't allow it.
    #[must_use]
    pub fn conflict(code: &'static str, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, sentence)
    }

    /// 422: the request can be read, but not be meant; says what is wrong with each field, by its path.
    #[must_use]
    pub fn invalid(fields: BTreeMap<String, String>) -> Self {
        let sentence = match fields.iter().next() {
            Some((path, fault)) if fields.len() == 1 && path.is_empty() => format!("The body {fault}."),
            Some((path, fault)) if fields.len() == 1 => format!("The field {path} {fault}."),
            _ => "Some fields can't be accepted; each is told in fields.".to_owned(),
        };
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", sentence);
        problem.details.fields = fields;
        problem
    }

    /// 422 without a field to blame.
    #[must_use]
    pub fn unprocessable(code: &'static str, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, sentence)
    }

    /// 503: it may work a little later.
    #[must_use]
    pub fn unavailable(code: &'static str, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, sentence).retry_after(1)
    }

    /// 500: our fault. The cause goes into the log and nowhere else.
    #[must_use]
    pub fn internal(cause: &dyn std::error::Error) -> Self {
        tracing::error!(error = %chain(cause), "a request failed by our own fault");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "Something went wrong on our side. Quote the request id when you report it.",
        )
    }

    /// 429: too many requests; the next is welcome after so many seconds.
    #[must_use]
    pub(super) fn too_many(sentence: &'static str, seconds: u64) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", sentence).retry_after(seconds)
    }

    pub(super) fn method_not_allowed(allow: String) -> Self {
        let sentence = format!("This route does not know this method; it knows {allow}.");
        let mut problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", sentence);
        problem.details.allow = Some(allow);
        problem
    }

    pub(super) fn too_large() -> Self {
        let sentence = format!("The body is larger than {} KiB.", super::BODY_LIMIT / 1024);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", sentence)
    }

    pub(super) fn unsupported_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Send the body as JSON, with Content-Type: application/json.",
        )
    }

    /// 426: the route speaks another protocol.
    pub(super) fn upgrade_required(sentence: &'static str) -> Self {
        Self::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", sentence)
    }

    /// With when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.details.retry_after = Some(seconds);
        self
    }

    /// With what is left of a quota.
    pub(super) fn allowance(mut self, allowance: Allowance) -> Self {
        self.details.allowance = Some(allowance);
        self
    }

    /// With the present state of what the request was about.
    #[must_use]
    pub fn current(mut self, state: impl Serialize) -> Self {
        self.details.current = serde_json::to_value(state).ok();
        self
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponseBuilder::new(self.status);
        if let Some(seconds) = self.details.retry_after {
            response.insert_header((RETRY_AFTER, seconds));
        }
        if let Some(allow) = &self.details.allow {
            response.insert_header((ALLOW, allow.as_str()));
        }
        let request_id = envelope::request_id();
        let body = ProblemBody {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.sentence,
            success: false,
            error: &self.sentence,
            code: self.code,
            request_id: &request_id,
            fields: &self.details.fields,
            current: self.details.current.as_ref(),
        };
        let json = serde_json::to_string(&body).unwrap_or_default();
        let mut response = response.content_type("application/problem+json").body(json);
        if let Some(allowance) = self.details.allowance {
            allowance.tell(response.headers_mut());
        }
        response
    }
}

impl<R: Refusal> From<ExecuteError<R>> for Problem {
    fn from(error: ExecuteError<R>) -> Self {
        match error {
            ExecuteError::Refused(refusal) => refused(&refusal),
            ExecuteError::Unmet => {
                Self::conflict("facts_changed", "What this was based on has just changed; look again.")
            }
            ExecuteError::Contended => Self::unavailable("busy", "Too much is happening to this at once."),
            ExecuteError::Store(error) => error.into(),
        }
    }
}

/// A refusal as an answer, for those who add the present state to it.
#[must_use]
pub fn refused<R: Refusal>(refusal: &R) -> Problem {
    let status = match refusal.kind() {
        RefusalKind::NotFound => StatusCode::NOT_FOUND,
        RefusalKind::Conflict => StatusCode::CONFLICT,
        RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        RefusalKind::Forbidden => StatusCode::FORBIDDEN,
    };
    Problem::new(status, refusal.code(), refusal.to_string())
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if !passes(&error) {
            return Self::internal(&error);
        }
        tracing::warn!(error = %chain(&error), "the store can't be reached");
        Self::unavailable("unavailable", "OpenChat can't reach its data right now; try again.")
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        StoreError::from(error).into()
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        StoreError::from(error).into()
    }
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        StoreError::from(error).into()
    }
}

impl From<PoolError> for Problem {
    fn from(error: PoolError) -> Self {
        StoreError::from(error).into()
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Store(error) => error.into(),
            AccountError::Secret(_) => Self::internal(&error),
        }
    }
}

impl From<Behind> for Problem {
    fn from(behind: Behind) -> Self {
        tracing::warn!(%behind, "a read gave up waiting");
        Self::unavailable("view_behind", "What you wrote can't be read yet; try again.")
    }
}

/// Whether the failure is of the kind that goes away by itself.
fn passes(error: &StoreError) -> bool {
    match error {
        StoreError::Pool(_) | StoreError::Unavailable => true,
        StoreError::Db(error)
        | StoreError::Query(QueryError::Db(error))
        | StoreError::Log(LogError::Db(error)) => match error.code() {
            // No connection, too few resources, an operator's intervention, a serialisation failure, or a replica that is
            // about to take over.
            Some(state) => {
                ["08", "53", "57", "40"].contains(&&state.code()[..2])
                    || *state == SqlState::READ_ONLY_SQL_TRANSACTION
            }
            None => true,
        },
        StoreError::Refused(_)
        | StoreError::Decode(_)
        | StoreError::Query(QueryError::Unreadable { .. })
        | StoreError::Log(LogError::Version { .. } | LogError::Event { .. } | LogError::Payload { .. }) => {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use openchat_domain::{business::BusinessRefusal, conversation::ConversationRefusal};

    use super::*;

    async fn told(problem: impl Into<Problem>) -> (u16, Value) {
        let response = problem.into().error_response();
        let status = response.status().as_u16();
        assert_eq!(
            response.headers().get("content-type").and_then(|v| v.to_str().ok()),
            Some("application/problem+json")
        );
        let body = to_bytes(response.into_body()).await.expect("a body");
        (status, serde_json::from_slice(&body).expect("JSON"))
    }

    #[actix_web::test]
    async fn refusals_become_their_statuses() {
        let refuse = ExecuteError::<ConversationRefusal>::Refused;
        for (refusal, status, code) in [
            (ConversationRefusal::NotFound, 404, "conversation_not_found"),
            (ConversationRefusal::Resolved, 409, "conversation_resolved"),
            (ConversationRefusal::ScoreOutOfRange, 422, "score_out_of_range"),
        ] {
            let (told_status, body) = told(refuse(refusal)).await;
            assert_eq!((told_status, body["code"].as_str()), (status, Some(code)));
            assert_eq!(body["status"], status);
            assert_eq!((&body["success"], &body["error"]), (&Value::Bool(false), &body["detail"]));
        }
        assert_eq!(told(ExecuteError::<BusinessRefusal>::Unmet).await.0, 409);
        assert_eq!(told(ExecuteError::<BusinessRefusal>::Contended).await.0, 503);
    }

    #[actix_web::test]
    async fn our_own_faults_tell_nothing_of_their_cause() {
        let refused = StoreError::Refused("column secret does not exist".into());
        let (status, body) = told(refused).await;
        assert_eq!(status, 500);
        assert!(!body.to_string().contains("secret"));
        let response = Problem::from(StoreError::Unavailable).error_response();
        assert_eq!(response.status().as_u16(), 503);
        assert!(response.headers().contains_key(RETRY_AFTER));
    }

    #[actix_web::test]
    async fn every_faulty_field_is_told() {
        let fields = [("email".to_owned(), "is required".to_owned()), ("name".to_owned(), "x".to_owned())];
        let (status, body) = told(Problem::invalid(fields.into())).await;
        assert_eq!(status, 422);
        assert_eq!(body["fields"]["email"], "is required");
        let one = Problem::invalid([("name".to_owned(), "must not be blank".to_owned())].into());
        assert_eq!(one.to_string(), "The field name must not be blank.");
    }
}
