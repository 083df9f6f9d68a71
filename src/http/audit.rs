//! The business's history: who did what, when, through which key or session; and how a conversation stood.

use actix_web::{
    HttpResponse, get,
    http::header::{CONTENT_DISPOSITION, HeaderValue},
    web::{Bytes, Data},
};
use chrono::{DateTime, Utc};
use futures_util::stream::try_unfold;
use openchat_domain::{
    BusinessId, ConversationId, Position, Recorded, Stream, conversation::ConversationRefusal,
};
use openchat_projections::{
    Cursor, Page,
    audit::{self, AsOf, AuditEntry, AuditFilter, ConversationAsOf},
};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{
    ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{AnyOfBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type},
    },
};

use super::Reply;
use super::{Faults, Id, Input, Limit, Manager, Problem, Query, input::input, refused};
use crate::{app::App, store::chain};

/// How many events are read at a time.
const CHUNK: i64 = 500;

input! {
    /// Which events of the history to read.
    query struct ListEvents {
        /// Those that one actor caused: its id, or for OpenChat itself the part's name, e.g. `routing`.
        #[param(value_type = Option<String>, max_length = 100, pattern = r"^[^\x00]*$")]
        actor: Option<Word>,
        /// Those of one conversation, customer, agent or business, by its id.
        #[param(value_type = Option<String>, pattern = "^(cnv|cus|agt|biz)_[0-9a-f]{32}$")]
        about: Option<About>,
        /// Those of one type, e.g. `ConversationAssigned`.
        #[param(value_type = Option<String>, max_length = 100, pattern = r"^[^\x00]*$")]
        r#type: Option<Word>,
        /// Those recorded at this time or later.
        from: Option<DateTime<Utc>>,
        /// Those recorded before this time.
        until: Option<DateTime<Utc>>,
        /// Those that were there at some moment: a time, or a position.
        #[param(value_type = Option<Moment>, inline)]
        as_of: Option<Moment>,
        /// Where an earlier page ended.
        cursor: Option<Cursor>,
        /// How many events a page has at most.
        #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 50)]
        limit: Option<Limit>,
    }
}

input! {
    /// Which events to export.
    query struct ExportEvents {
        /// Those that one actor caused: its id, or for OpenChat itself the part's name, e.g. `routing`.
        #[param(value_type = Option<String>, max_length = 100, pattern = r"^[^\x00]*$")]
        actor: Option<Word>,
        /// Those of one conversation, customer, agent or business, by its id.
        #[param(value_type = Option<String>, pattern = "^(cnv|cus|agt|biz)_[0-9a-f]{32}$")]
        about: Option<About>,
        /// Those of one type, e.g. `ConversationAssigned`.
        #[param(value_type = Option<String>, max_length = 100, pattern = r"^[^\x00]*$")]
        r#type: Option<Word>,
        /// Those recorded at this time or later.
        from: Option<DateTime<Utc>>,
        /// Those recorded before this time.
        until: Option<DateTime<Utc>>,
        /// Those that were there at some moment: a time, or a position.
        #[param(value_type = Option<Moment>, inline)]
        as_of: Option<Moment>,
    }
}

input! {
    /// The moment to look at.
    query struct At {
        /// A time, or a position of the business's log; now unless said.
        #[param(value_type = Option<Moment>, inline)]
        as_of: Option<Moment>,
    }
}

/// A short text to compare with.
#[derive(Debug)]
struct Word(String);

/// What an event is about.
#[derive(Debug)]
struct About(Stream);

/// A moment of the log.
#[derive(Debug)]
struct Moment(AsOf);

/// A conversation as it stood at a moment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "asOf": 41,
    "conversation": {
        "id": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718", "status": "open", "snoozedUntil": null,
        "channel": "api", "subject": null,
        "customer": {
            "id": "cus_019aafc33b7c7d80a1b2c3d4e5f60718", "externalUserId": "cus_123", "name": "Jane Customer",
            "email": "jane@example.com", "phone": null, "metadata": {}
        },
        "assignee": null, "tags": [], "priority": "normal",
        "waiting": {"since": "2026-03-01T09:30:00Z", "position": 40, "missedCall": false}, "messages": [], "notes": [],
        "marks": {"customerMessage": 0, "agentMessage": 0, "readByCustomer": 0, "readByAgents": 0},
        "call": null, "lastCall": null, "rating": null,
        "createdAt": "2026-03-01T09:30:00Z", "updatedAt": "2026-03-01T09:30:00Z", "position": 40
    }
}))]
struct AsOfAnswer {
    /// The last position of that moment.
    #[schema(value_type = i64)]
    as_of: Position,
    /// The conversation then.
    conversation: ConversationAsOf,
}

/// List the history.
///
/// Every event of the business: who, what, when, through which key or session; the newest first.
#[utoipa::path(operation_id = "listEvents", tag = "Business", params(ListEvents), security(("session" = [])),
    responses((status = 200, description = "A page of events.", body = Page<AuditEntry>)))]
#[get("/audit")]
pub(super) async fn list_events(
    Manager(me): Manager,
    Query(query): Query<ListEvents>,
    app: Data<App>,
) -> Result<Reply<Page<AuditEntry>>, Problem> {
    let ListEvents { actor, about, r#type, from, until, as_of, cursor, limit } = query;
    let filter = ExportEvents { actor, about, r#type, from, until, as_of }.filter();
    Ok(Reply::ok(page(&app, me.tenant(), &filter, cursor, limit).await?))
}

/// A page of the events that pass a filter, the newest first.
pub(super) async fn page(
    app: &App,
    tenant: BusinessId,
    filter: &AuditFilter,
    cursor: Option<Cursor>,
    limit: Option<Limit>,
) -> Result<Page<AuditEntry>, Problem> {
    let (before, limit) = (cursor.map(Cursor::position), limit.unwrap_or_default().0);
    let db = app.pools.tenant(tenant).await?;
    let mut data = audit::page(&db, tenant, filter, before, limit + 1).await?;
    let more = i64::try_from(data.len()).is_ok_and(|found| found > limit);
    data.truncate(usize::try_from(limit).unwrap_or_default());
    let next_cursor = data.last().filter(|_| more).map(|last| Cursor::at(last.position));
    Ok(Page { data, next_cursor })
}

/// Read a conversation as it stood.
///
/// Replayed from its events up to a moment.
#[utoipa::path(operation_id = "getConversationAsOf", tag = "Business", security(("session" = [])),
    params(("id" = ConversationId, Path, description = "The conversation."), At),
    responses((status = 200, description = "The conversation at that moment.", body = AsOfAnswer)))]
#[get("/audit/conversations/{id}")]
pub(super) async fn conversation_as_of(
    Manager(me): Manager,
    Id(id): Id<ConversationId>,
    Query(query): Query<At>,
    app: Data<App>,
) -> Result<Reply<AsOfAnswer>, Problem> {
    let db = app.pools.tenant(me.tenant()).await?;
    let as_of = audit::position_as_of(&db, me.tenant(), query.as_of.map(|moment| moment.0)).await?;
    let stream = Stream::Conversation(id);
    let (mut conversation, mut after) = (None, 0);
    loop {
        let events = audit::history(&db, me.tenant(), stream, after, as_of, CHUNK).await?;
        for (event, _) in &events {
            ConversationAsOf::apply(&mut conversation, event);
        }
        let Some((Recorded { sequence, .. }, _)) = events.last() else { break };
        after = *sequence;
    }
    let conversation = conversation.ok_or_else(|| refused(&ConversationRefusal::NotFound))?;
    Ok(Reply::ok(AsOfAnswer { as_of, conversation }))
}

/// Export the history.
///
/// Every event of the business in order, a line of JSON each, up to the moment of the request.
#[utoipa::path(operation_id = "exportEvents", tag = "Business", params(ExportEvents),
    security(("session" = [])),
    responses((status = 200, description = "The events, as JSON Lines.", content_type = "application/jsonl",
        body = String, headers(("Content-Disposition" = String, description = "A file name.")))))]
#[get("/audit/export")]
pub(super) async fn export_events(
    Manager(me): Manager,
    Query(query): Query<ExportEvents>,
    app: Data<App>,
) -> Result<HttpResponse, Problem> {
    let mut filter = query.filter();
    let tenant = me.tenant();
    // An export that ran after a log which grows as fast would never end.
    let db = app.pools.tenant(tenant).await?;
    filter.as_of = Some(AsOf::Position(audit::position_as_of(&db, tenant, filter.as_of).await?));
    drop(db);
    let lines = try_unfold(0, move |after| {
        let (app, filter) = (app.clone(), filter.clone());
        async move {
            let part = part(&app, tenant, &filter, after).await;
            part.inspect_err(|e| tracing::error!(error = %chain(e), "an export broke off"))
        }
    });
    Ok(HttpResponse::Ok()
        .content_type("application/jsonl")
        .insert_header((
            CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"events.jsonl\""),
        ))
        .streaming(lines))
}

/// The lines after a position, and the position where they end; nothing after the last.
async fn part(
    app: &App,
    tenant: BusinessId,
    filter: &AuditFilter,
    after: Position,
) -> Result<Option<(Bytes, Position)>, ExportError> {
    let db = app.pools.tenant(tenant).await?;
    let entries = audit::export(&db, tenant, filter, after, CHUNK).await?;
    let Some(last) = entries.last().map(|entry| entry.position) else { return Ok(None) };
    let mut lines = Vec::new();
    for entry in &entries {
        serde_json::to_writer(&mut lines, entry)?;
        lines.push(b'\n');
    }
    Ok(Some((lines.into(), last)))
}

/// Why an export broke off; the connection then ends before the answer is complete.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error("no connection to the database")]
    Pool(#[from] crate::store::PoolError),
    #[error(transparent)]
    Log(#[from] openchat_projections::log::LogError),
    #[error("an event can't be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl ExportEvents {
    fn filter(self) -> AuditFilter {
        AuditFilter {
            actor: self.actor.map(|word| word.0),
            stream: self.about.map(|about| about.0),
            event_type: self.r#type.map(|word| word.0),
            from: self.from,
            until: self.until,
            as_of: self.as_of.map(|moment| moment.0),
        }
    }
}

impl Input for Word {
    fn read(value: Value) -> Result<Self, Faults> {
        let text = String::read(value)?;
        let fine = text.chars().count() <= 100 && !text.contains('\0');
        if fine { Ok(Self(text)) } else { Err(Faults::of("must have at most 100 characters")) }
    }
}

impl Input for About {
    fn read(value: Value) -> Result<Self, Faults> {
        let text = String::read(value)?;
        let conversation = text.parse().map(Stream::Conversation);
        let stream = conversation
            .or_else(|_| text.parse().map(Stream::Customer))
            .or_else(|_| text.parse().map(Stream::Agent))
            .or_else(|_| text.parse().map(Stream::Business));
        stream
            .map(Self)
            .map_err(|_| Faults::of("must be the id of a conversation, customer, agent or business"))
    }
}

impl utoipa::PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        let position = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9]{1,18}$"));
        let time = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
        AnyOfBuilder::new().item(time).item(position).examples([json!("2026-03-01T09:30:00Z")]).into()
    }
}

impl ToSchema for Moment {}

impl Input for Moment {
    fn read(value: Value) -> Result<Self, Faults> {
        let text = String::read(value)?;
        if (1..=18).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
            let position = text.parse().map_err(|_| Faults::of("must be a time or a position"))?;
            return Ok(Self(AsOf::Position(position)));
        }
        DateTime::<Utc>::read(Value::String(text)).map(|time| Self(AsOf::Time(time)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_position_or_a_time() {
        let read = |text: &str| Moment::read(text.into()).map(|moment| moment.0);
        assert_eq!(read("41"), Ok(AsOf::Position(41)));
        assert_eq!(read("1970-01-01T00:00:00Z"), Ok(AsOf::Time(DateTime::UNIX_EPOCH)));
        for wrong in ["", "-1", "yesterday", "99999999999999999999"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_an_event_is_about_is_told_by_the_id() {
        let id = ConversationId::from_uuid(uuid::Uuid::from_u128(7));
        let read = About::read(id.to_string().into()).map(|about| about.0);
        assert_eq!(read, Ok(Stream::Conversation(id)));
        assert!(About::read("msg_00000000000000000000000000000007".into()).is_err());
    }
}
