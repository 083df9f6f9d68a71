//! Idempotency-Key: the same request under the same key is carried out once and answered alike.
//!
//! The first request under a key claims a row, which holds the id of the command that it will set off. An answer is
//! kept in the row. A server that dies in between leaves a claim without an answer: whoever asks again takes the
//! claim over and carries the same command out, which does nothing twice.

use actix_web::{
    Error, HttpMessage, HttpResponse, HttpResponseBuilder, ResponseError,
    body::{BoxBody, to_bytes},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION},
    },
    middleware::Next,
    web::Bytes,
};
use chrono::{DateTime, TimeDelta, Utc};
use openchat_domain::{BusinessId, CommandId, KeyId};
use openchat_projections::{Db, keys::KeyRecord};
use sha2::{Digest, Sha256};
use tokio_postgres::{Row, types::Json};

use super::{Problem, by_key::Intent, input::read_payload, reply::X_OC_POSITION};
use crate::{accounts::ANSWERS_KEPT, app::App, store::StoreError};

/// The header.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Who has worked on a request for longer than this may be dead.
const PATIENCE: TimeDelta = TimeDelta::seconds(5);
/// The longest key.
const MAX_KEY: usize = 255;
/// The headers that belong to an answer.
const KEPT_HEADERS: [HeaderName; 3] = [CONTENT_TYPE, X_OC_POSITION, LOCATION];

/// A request under a key.
struct Asked {
    tenant: BusinessId,
    key: KeyId,
    name: String,
    hash: [u8; 32],
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    hash: Vec<u8>,
    command: CommandId,
    created_at: DateTime<Utc>,
    claimed_at: Option<DateTime<Utc>>,
    answer: Option<Answer>,
}

/// An answer as it is kept.
#[derive(Debug, Clone, PartialEq)]
struct Answer {
    status: i16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What to do with a request whose key is known.
#[derive(Debug, Clone, PartialEq)]
enum Decision {
    /// Give the first answer again.
    Replay(Answer),
    /// It is another request under the same key.
    Mismatch,
    /// Somebody is at work on it.
    Busy,
    /// Nobody is at work on it any more: carry it out under the same command id.
    TakeOver,
    /// It was kept long enough: begin anew.
    Expired,
}

/// What somebody who has claimed a key works under.
struct Claim {
    command: CommandId,
    at: DateTime<Utc>,
}

const CLAIM: &str = "
    insert into idempotency_keys
        (tenant_id, key_id, idempotency_key, request_hash, command_id, created_at, claimed_at)
    values ($1, $2, $3, $4, $5, $6, $6) on conflict do nothing";
const LOOK: &str = "
    select request_hash, command_id, created_at, claimed_at, status, headers, body from idempotency_keys
    where tenant_id = $1 and key_id = $2 and idempotency_key = $3";
const TAKE_OVER: &str = "
    update idempotency_keys set claimed_at = $4
    where tenant_id = $1 and key_id = $2 and idempotency_key = $3
      and status is null and claimed_at is not distinct from $5";
const FORGET: &str = "
    delete from idempotency_keys
    where tenant_id = $1 and key_id = $2 and idempotency_key = $3 and created_at = $4";
const KEEP: &str = "
    update idempotency_keys set status = $4, headers = $5, body = $6
    where tenant_id = $1 and key_id = $2 and idempotency_key = $3 and status is null";
const RELEASE: &str = "
    update idempotency_keys set claimed_at = null
    where tenant_id = $1 and key_id = $2 and idempotency_key = $3 and claimed_at = $4 and status is null";

/// Carries a request out once.
pub(super) async fn once(
    app: &App,
    key: &KeyRecord,
    mut req: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let claimed = match ask(&mut req, key).await {
        Ok(asked) => claim(app, &asked).await.map(|claimed| (asked, claimed)),
        Err(problem) => Err(problem),
    };
    let (asked, claim) = match claimed {
        Ok((asked, Ok(claim))) => (asked, claim),
        Ok((_, Err(answer))) => return Ok(req.into_response(answer.replay())),
        Err(problem) => return Ok(req.into_response(problem.error_response())),
    };
    req.extensions_mut().insert(Intent(claim.command));
    let (req, response) = next.call(req).await?.into_parts();
    let (head, body) = response.into_parts();
    let body =
        to_bytes(body).await.map_err(|_| Problem::bad_request("unreadable_body", "The answer broke off."))?;
    let kept = if is_kept(head.status()) {
        keep(app, &asked, &Answer::of(head.status(), head.headers(), &body)).await
    } else {
        release(app, &asked, &claim).await
    };
    if let Err(error) = kept {
        // The request was carried out; whoever repeats it takes the claim over and is told the same.
        tracing::warn!(error = %crate::store::chain(&error), "an answer was not kept");
    }
    Ok(ServiceResponse::new(req, head.set_body(body).map_into_boxed_body()))
}

impl Answer {
    fn of(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let kept = |name: HeaderName| Some((name.to_string(), headers.get(name)?.to_str().ok()?.to_owned()));
        let status = i16::try_from(status.as_u16()).unwrap_or(500);
        Self { status, headers: KEPT_HEADERS.into_iter().filter_map(kept).collect(), body: body.to_vec() }
    }

    fn replay(&self) -> HttpResponse {
        let status = u16::try_from(self.status).ok().and_then(|s| StatusCode::from_u16(s).ok());
        let mut response = HttpResponseBuilder::new(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        for (name, value) in &self.headers {
            response.insert_header((name.as_str(), value.as_str()));
        }
        response.insert_header((REPLAYED, HeaderValue::from_static("true")));
        response.body(Bytes::from(self.body.clone()))
    }
}

/// Only an answer that would be the same again is kept: not one that depends on the key's permissions or on the
/// server's health.
fn is_kept(status: StatusCode) -> bool {
    !status.is_server_error()
        && ![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS].contains(&status)
}

async fn ask(req: &mut ServiceRequest, key: &KeyRecord) -> Result<Asked, Problem> {
    let name =
        req.headers().get(IDEMPOTENCY_KEY).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    if name.is_empty() || name.len() > MAX_KEY || !name.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        let fault = format!("must have 1 to {MAX_KEY} printable characters");
        return Err(Problem::invalid([("Idempotency-Key".to_owned(), fault)].into()));
    }
    let body = read_payload(req.take_payload()).await?;
    let mut hash = Sha256::new();
    for part in [req.method().as_str().as_bytes(), req.path().as_bytes(), req.query_string().as_bytes()] {
        hash.update(part);
        hash.update([0]);
    }
    hash.update(&body);
    req.set_payload(Payload::from(body));
    Ok(Asked { tenant: key.tenant, key: key.id, name, hash: hash.finalize().into() })
}

async fn claim(app: &App, asked: &Asked) -> Result<Result<Claim, Answer>, Problem> {
    let db = app.pools.tenant(asked.tenant).await?;
    let (tenant, key) = (asked.tenant.uuid(), asked.key.uuid());
    loop {
        let (command, at) = (CommandId::from_uuid(app.clock.uuid()), app.clock.now());
        let hash = asked.hash.as_slice();
        if db.execute(CLAIM, &[&tenant, &key, &asked.name, &hash, &command.uuid(), &at]).await? == 1 {
            return Ok(Ok(Claim { command, at }));
        }
        let Some(row) = db.query_opt(LOOK, &[&tenant, &key, &asked.name]).await? else { continue };
        let known = read(&row)?;
        match decide(&known, &asked.hash, at, app.edge.started) {
            Decision::Replay(answer) => return Ok(Err(answer)),
            Decision::Mismatch => {
                return Err(Problem::unprocessable(
                    "idempotency_key_reused",
                    "This Idempotency-Key was used for another request; use a new one for each.",
                ));
            }
            Decision::Expired => {
                db.execute(FORGET, &[&tenant, &key, &asked.name, &known.created_at]).await?;
            }
            Decision::TakeOver => {
                let params: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
                    [&tenant, &key, &asked.name, &at, &known.claimed_at];
                if db.execute(TAKE_OVER, &params).await? == 1 {
                    return Ok(Ok(Claim { command: known.command, at }));
                }
            }
            Decision::Busy => {
                return Err(Problem::conflict(
                    "idempotency_key_in_use",
                    "The first request under this Idempotency-Key is still being worked on.",
                )
                .retry_after(1));
            }
        }
    }
}

fn decide(known: &Known, hash: &[u8; 32], now: DateTime<Utc>, started: DateTime<Utc>) -> Decision {
    if known.created_at < now - ANSWERS_KEPT {
        return Decision::Expired;
    }
    if known.hash != hash {
        return Decision::Mismatch;
    }
    match (&known.answer, known.claimed_at) {
        (Some(answer), _) => Decision::Replay(answer.clone()),
        // A claim from the future is that of a clock that was wrong, and says nothing of who may be alive.
        (None, Some(at)) if at >= started && (now - at).abs() < PATIENCE => Decision::Busy,
        (None, _) => Decision::TakeOver,
    }
}

async fn keep(app: &App, asked: &Asked, answer: &Answer) -> Result<(), StoreError> {
    let db = app.pools.tenant(asked.tenant).await?;
    let (tenant, key, headers) = (asked.tenant.uuid(), asked.key.uuid(), Json(&answer.headers));
    db.execute(KEEP, &[&tenant, &key, &asked.name, &answer.status, &headers, &answer.body]).await?;
    Ok(())
}

async fn release(app: &App, asked: &Asked, claim: &Claim) -> Result<(), StoreError> {
    let db = app.pools.tenant(asked.tenant).await?;
    db.execute(RELEASE, &[&asked.tenant.uuid(), &asked.key.uuid(), &asked.name, &claim.at]).await?;
    Ok(())
}

fn read(row: &Row) -> Result<Known, StoreError> {
    let status: Option<i16> = row.try_get(4)?;
    let answer = status
        .map(|status| {
            let Json(headers) = row.try_get(5)?;
            Ok::<_, StoreError>(Answer { status, headers, body: row.try_get(6)? })
        })
        .transpose()?;
    Ok(Known {
        hash: row.try_get(0)?,
        command: CommandId::from_uuid(row.try_get(1)?),
        created_at: row.try_get(2)?,
        claimed_at: row.try_get(3)?,
        answer,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_000_000 + second, 0).expect("a time")
    }

    fn known(claimed_at: Option<i64>, answered: bool) -> Known {
        Known {
            hash: vec![1; 32],
            command: CommandId::from_uuid(uuid::Uuid::nil()),
            created_at: at(0),
            claimed_at: claimed_at.map(at),
            answer: answered.then(|| Answer { status: 201, headers: vec![], body: b"{}".to_vec() }),
        }
    }

    #[test]
    fn the_first_answer_is_given_again_to_the_same_request_only() {
        let answered = known(Some(0), true);
        assert!(matches!(decide(&answered, &[1; 32], at(60), at(-10)), Decision::Replay(_)));
        assert_eq!(decide(&answered, &[2; 32], at(60), at(-10)), Decision::Mismatch);
        assert_eq!(decide(&answered, &[2; 32], at(86_401), at(-10)), Decision::Expired);
    }

    #[test]
    fn a_twin_waits_while_the_first_may_be_alive() {
        assert_eq!(decide(&known(Some(0), false), &[1; 32], at(4), at(-10)), Decision::Busy);
        assert_eq!(decide(&known(Some(0), false), &[1; 32], at(5), at(-10)), Decision::TakeOver);
        // Claimed before this process began: whoever it was is gone.
        assert_eq!(decide(&known(Some(0), false), &[1; 32], at(2), at(1)), Decision::TakeOver);
        assert_eq!(decide(&known(Some(7_200), false), &[1; 32], at(2), at(-10)), Decision::TakeOver);
        assert_eq!(decide(&known(None, false), &[1; 32], at(2), at(-10)), Decision::TakeOver);
    }

    #[test]
    fn what_may_be_different_next_time_is_not_kept() {
        for status in [201, 200, 404, 409, 422] {
            assert!(StatusCode::from_u16(status).is_ok_and(is_kept), "{status}");
        }
        for status in [401, 403, 429, 500, 503] {
            assert!(!StatusCode::from_u16(status).is_ok_and(is_kept), "{status}");
        }
    }
}
