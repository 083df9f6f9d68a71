//! `openchat replay`: a conversation's history from the log, and the state that it makes, as of any moment.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use openchat::store::{Pools, StoreError};
use openchat_domain::{BusinessId, ConversationId, Position, Stream};
use openchat_projections::{
    Db as _, DbError,
    audit::{self, AsOf, AuditEntry, ConversationAsOf},
    log::LogError,
};
use serde::Serialize;
use serde_json::{Value, value::RawValue};

use super::{say, words};

/// How many events are read at a time.
const CHUNK: i64 = 1_000;

// One index probe per business; an id names one stream of one business.
const WHOSE: &str = "
    select tenant_id from log_heads h where exists (
        select from events e where e.tenant_id = h.tenant_id and e.aggregate_id = $1 and e.sequence = 1)";

/// A moment of the log: a time as RFC 3339 has it, or a position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(AsOf);

/// Why a conversation can't be replayed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    #[error("no business has the conversation {0}, or it had not begun at that moment")]
    Unknown(ConversationId),
    #[error("the log can't be read")]
    Log(#[from] LogError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a statement failed")]
    Db(#[from] DbError),
    #[error("the history can't be written as JSON")]
    Json(#[from] serde_json::Error),
    #[error("standard output can't be written")]
    Output(#[from] std::io::Error),
}

/// What `--json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replayed<'a> {
    business: BusinessId,
    as_of: Position,
    history: &'a [AuditEntry],
    conversation: &'a ConversationAsOf,
}

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(position) = text.parse::<Position>() {
            return if position >= 0 { Ok(Self(AsOf::Position(position))) } else { Err(NO_MOMENT) };
        }
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| NO_MOMENT)?;
        Ok(Self(AsOf::Time(time.with_timezone(&Utc))))
    }
}

const NO_MOMENT: &str = "give a time such as 2026-03-01T09:30:00Z, or a position such as 41";

/// Prints the history and the state, for people or as JSON.
pub(crate) async fn replay(
    pools: &Pools,
    id: ConversationId,
    as_of: Option<Moment>,
    json: bool,
) -> Result<(), ReplayError> {
    let db = pools.worker().await.map_err(StoreError::from)?;
    let stream = Stream::Conversation(id);
    let whose = db.query_opt(WHOSE, &[&stream.aggregate_id()]).await?.ok_or(ReplayError::Unknown(id))?;
    let business = BusinessId::from_uuid(whose.try_get(0)?);
    let upto = audit::position_as_of(&db, business, as_of.map(|moment| moment.0)).await?;

    let (mut history, mut conversation, mut after) = (Vec::new(), None, 0);
    loop {
        let part = audit::history(&db, business, stream, after, upto, CHUNK).await?;
        let Some((last, _)) = part.last() else { break };
        after = last.sequence;
        for (event, payload) in part {
            ConversationAsOf::apply(&mut conversation, &event);
            history.push(AuditEntry::of(&event, RawValue::from_string(payload)?));
        }
    }
    let conversation = conversation.ok_or(ReplayError::Unknown(id))?;
    let as_of = upto.min(history.last().map_or(0, |entry| entry.position));
    if json {
        let replayed = Replayed { business, as_of, history: &history, conversation: &conversation };
        say(&serde_json::to_string_pretty(&replayed)?)?;
    } else {
        tell(&history, &conversation)?;
    }
    Ok(())
}

/// For people: a line per event, then how things stood.
fn tell(history: &[AuditEntry], conversation: &ConversationAsOf) -> Result<(), ReplayError> {
    for entry in history {
        let time = entry.at.format("%Y-%m-%d %H:%M:%S");
        let via = entry.via.as_deref().map_or(String::new(), |via| format!("  [via {via}]"));
        say(&format!("{:>8}  {time}  {}{via}", entry.position, entry.summary))?;
    }
    say("")?;
    say(&format!("{} as of position {}:", conversation.id, conversation.position))?;
    let state = serde_json::to_value(conversation)?;
    for (name, value) in state.as_object().into_iter().flatten() {
        match value {
            Value::Array(said) if matches!(name.as_str(), "messages" | "notes") => {
                say(&format!("  {name:<14} {}", said.len()))?;
                for it in said {
                    let who = it["author"]["name"].as_str().or(it["author"]["kind"].as_str());
                    say(&format!("    {:>8}  {}: {}", it["position"], who.unwrap_or_default(), words(it)))?;
                }
            }
            Value::String(text) => say(&format!("  {name:<14} {text}"))?,
            other => say(&format!("  {name:<14} {other}"))?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_position_or_a_time() {
        assert!(matches!("41".parse(), Ok(Moment(AsOf::Position(41)))));
        let time = "1970-01-01T00:00:00Z".parse::<Moment>();
        assert!(time.is_ok_and(|moment| moment.0 == AsOf::Time(DateTime::UNIX_EPOCH)));
        for wrong in ["-1", "", "yesterday", "2026-03-01"] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }
}
