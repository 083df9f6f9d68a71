//! What is asked of the inbox.

use chrono::{DateTime, Utc};
use openchat_domain::{AgentId, BusinessId, ConversationId, CustomerId, Position};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{CallView, ConversationView};
use crate::{
    Db, DbError, QueryError,
    page::{Cursor, Page},
    routing_queue::{place_of, read_place},
    rows::{Document, document},
    search,
};

/// A part of the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// What an agent has and hasn't resolved.
    Mine(AgentId),
    /// What nobody has and hasn't been resolved.
    Unassigned,
    /// Everything.
    All,
    /// What is resolved.
    Resolved,
}

/// A page of the rows that meet a condition, in keyset order.
///
/// The inner limit is written out so that one prepared plan, made without knowing $3, walks the view's index.
macro_rules! page_of {
    ($condition:literal) => {
        concat!(
            "select data, activity from (select activity, data from inbox \
                where tenant_id = $1 and activity < $2 and ",
            $condition,
            " order by activity desc limit 101) i order by activity desc limit $3"
        )
    };
}

/// A page of what a search finds among the latest rows that meet a condition.
macro_rules! search_of {
    ($condition:literal) => {
        concat!(
            "select data, activity from (select activity, search, data from inbox \
                where tenant_id = $1 and activity < $2 and ",
            $condition,
            " order by activity desc limit 1000) i \
            where search @@ $4::text::tsquery order by activity desc limit $3"
        )
    };
}

const MINE: &str = page_of!("assignee_id = $4 and status <> 'resolved'");
const UNASSIGNED: &str = page_of!("assignee_id is null and status <> 'resolved'");
const ALL: &str = page_of!("true");
const RESOLVED: &str = page_of!("status = 'resolved'");

const SEARCH_MINE: &str = search_of!("assignee_id = $5 and status <> 'resolved'");
const SEARCH_UNASSIGNED: &str = search_of!("assignee_id is null and status <> 'resolved'");
const SEARCH_ALL: &str = search_of!("true");
const SEARCH_RESOLVED: &str = search_of!("status = 'resolved'");

const SEARCH_INDEX: &str = "\
    select i.data, i.activity from inbox_matching($4::text::tsquery, $5::text, $6::uuid, $2, $3) as hit (id) \
        cross join lateral (select activity, data from inbox \
            where tenant_id = $1 and conversation_id = hit.id limit 1) i \
    order by i.activity desc";

const UNRESOLVED: &str = "\
    select data from inbox where tenant_id = $1 and status <> 'resolved' order by activity desc limit 101";

const GET: &str = concat!(
    "select data, ",
    place_of!("i.conversation_id"),
    " from inbox i where tenant_id = $1 and conversation_id = $2"
);

const LAST_OF_CUSTOMER: &str = concat!(
    "select data, ",
    place_of!("i.conversation_id"),
    " from (select conversation_id, data from inbox \
        where tenant_id = $1 and customer_id = $2 order by conversation_id desc limit 1) i"
);

const IDS_OF_CUSTOMER: &str = "select conversation_id from inbox where tenant_id = $1 and customer_id = $2";

const BY_CUSTOMER: &str = "\
    select data from (select activity, data from inbox where tenant_id = $1 and customer_id = $2 \
        order by activity desc limit 101) i order by activity desc limit $3";

const PAGE_OF_CUSTOMER: &str = "\
    select data from (select activity, data from inbox \
        where tenant_id = $1 and customer_id = $2 and activity < $4 order by activity desc limit 101) i \
    order by activity desc limit $3";

const OPEN_OF_CUSTOMER: &str = "\
    select data from inbox \
    where tenant_id = $1 and customer_id = $2 and status <> 'resolved' order by activity desc limit 1";

const SNOOZED_DUE: &str = "\
    select tenant_id, conversation_id from (select tenant_id, conversation_id, snoozed_until from inbox \
        where snoozed_until <= $1 order by snoozed_until limit 1000) i \
    order by snoozed_until limit $2";

const CALLS: &str = "\
    select tenant_id, data from inbox where call_id is not null order by call_id limit $1";

/// A page of a view, the latest activity first; with `q`, of those conversations that have, for every word of it,
/// a word that begins with it in subject, tags, latest message, or the customer's name, e-mail address or external id.
///
/// # Errors
/// [`QueryError`].
pub async fn page(
    db: &impl Db,
    tenant: BusinessId,
    view: View,
    q: Option<&str>,
    cursor: Option<Cursor>,
    limit: i64,
) -> Result<Page<Document<ConversationView>>, QueryError> {
    let (before, wanted) = (Cursor::before(cursor), Page::<ConversationView>::rows(limit));
    let rows = match q.and_then(|typed| search::query(tenant, typed)) {
        None => list(db, tenant, view, before, wanted).await?,
        Some(query) => find(db, tenant, view, &query, before, wanted).await?,
    };
    let stored = |row: &Row| Ok((Document::of(row, 0, "conversation")?, row.try_get(1)?));
    let conversations: Vec<_> = rows.iter().map(stored).collect::<Result<_, QueryError>>()?;
    let Page { data, next_cursor } = Page::of(conversations, limit, |(_, activity)| *activity);
    Ok(Page { data: data.into_iter().map(|(conversation, _)| conversation).collect(), next_cursor })
}

/// A conversation by its id, with its place in the queue.
///
/// # Errors
/// [`QueryError`].
pub async fn get(
    db: &impl Db,
    tenant: BusinessId,
    id: ConversationId,
) -> Result<Option<ConversationView>, QueryError> {
    let row = db.query_opt(GET, &[&tenant.uuid(), &id.uuid()]).await?;
    row.as_ref().map(read_with_place).transpose()
}

/// A conversation by its id, if it is this customer's, as the customer may see it.
///
/// # Errors
/// [`QueryError`].
pub async fn get_for_customer(
    db: &impl Db,
    tenant: BusinessId,
    id: ConversationId,
    customer: CustomerId,
) -> Result<Option<ConversationView>, QueryError> {
    let found = get(db, tenant, id).await?;
    Ok(found.filter(|it| it.customer.id == customer).map(ConversationView::for_customer))
}

/// The latest conversations of a customer, the latest activity first.
///
/// # Errors
/// [`QueryError`].
pub async fn by_customer(
    db: &impl Db,
    tenant: BusinessId,
    customer: CustomerId,
    limit: i64,
) -> Result<Vec<ConversationView>, QueryError> {
    let rows = db.query(BY_CUSTOMER, &[&tenant.uuid(), &customer.uuid(), &limit.max(0)]).await?;
    rows.iter().map(read).collect()
}

/// A page of a customer's conversations, the latest activity first.
///
/// # Errors
/// [`QueryError`].
pub async fn page_of_customer(
    db: &impl Db,
    tenant: BusinessId,
    customer: CustomerId,
    cursor: Option<Cursor>,
    limit: i64,
) -> Result<Page<ConversationView>, QueryError> {
    let (wanted, before) = (Page::<ConversationView>::rows(limit), Cursor::before(cursor));
    let rows = db.query(PAGE_OF_CUSTOMER, &[&tenant.uuid(), &customer.uuid(), &wanted, &before]).await?;
    let conversations = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Page::of(conversations, limit, |conversation: &ConversationView| conversation.activity))
}

/// The customer's latest conversation that isn't resolved.
///
/// # Errors
/// [`QueryError`].
pub async fn open_of_customer(
    db: &impl Db,
    tenant: BusinessId,
    customer: CustomerId,
) -> Result<Option<ConversationView>, QueryError> {
    let row = db.query_opt(OPEN_OF_CUSTOMER, &[&tenant.uuid(), &customer.uuid()]).await?;
    row.as_ref().map(read).transpose()
}

/// The customer's conversation that began last, with its place in the queue.
///
/// # Errors
/// [`QueryError`].
pub(crate) async fn last_of_customer(
    db: &impl Db,
    tenant: BusinessId,
    customer: CustomerId,
) -> Result<Option<ConversationView>, QueryError> {
    let row = db.query_opt(LAST_OF_CUSTOMER, &[&tenant.uuid(), &customer.uuid()]).await?;
    row.as_ref().map(read_with_place).transpose()
}

/// All of a customer's conversations.
///
/// # Errors
/// [`QueryError`].
pub(crate) async fn ids_of_customer(
    db: &impl Db,
    tenant: BusinessId,
    customer: CustomerId,
) -> Result<Vec<ConversationId>, QueryError> {
    let rows = db.query(IDS_OF_CUSTOMER, &[&tenant.uuid(), &customer.uuid()]).await?;
    rows.iter().map(|row| Ok(ConversationId::from_uuid(row.try_get(0)?))).collect()
}

/// The unresolved conversations with the latest activity, latest first, at most 101.
///
/// # Errors
/// [`QueryError`].
pub(crate) async fn unresolved(
    db: &impl Db,
    tenant: BusinessId,
) -> Result<Vec<ConversationView>, QueryError> {
    let rows = db.query(UNRESOLVED, &[&tenant.uuid()]).await?;
    rows.iter().map(read).collect()
}

/// Conversations of any business whose snooze has run out, the longest overdue first, at most 1,000.
/// For a connection that serves all tenants.
///
/// # Errors
/// [`QueryError`].
pub async fn snoozed_due(
    db: &impl Db,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<(BusinessId, ConversationId)>, QueryError> {
    let rows = db.query(SNOOZED_DUE, &[&now, &limit.max(0)]).await?;
    rows.iter()
        .map(|row| {
            let (tenant, id): (Uuid, Uuid) = (row.try_get(0)?, row.try_get(1)?);
            Ok((BusinessId::from_uuid(tenant), ConversationId::from_uuid(id)))
        })
        .collect()
}

/// The conversations of any business in which a call goes on, the call that began first first.
/// For a connection that serves all tenants.
///
/// # Errors
/// [`QueryError`].
pub async fn calls_going_on(
    db: &impl Db,
    limit: i64,
) -> Result<Vec<(BusinessId, ConversationId, CallView)>, QueryError> {
    let rows = db.query(CALLS, &[&limit.max(0)]).await?;
    let going_on = |row: &Row| {
        let conversation: ConversationView = document(row, 1, "conversation")?;
        let tenant = BusinessId::from_uuid(row.try_get(0)?);
        Ok(conversation.call.map(|call| (tenant, conversation.id, call)))
    };
    rows.iter().filter_map(|row| going_on(row).transpose()).collect()
}

async fn list(
    db: &impl Db,
    tenant: BusinessId,
    view: View,
    before: Position,
    wanted: i64,
) -> Result<Vec<Row>, DbError> {
    let tenant = tenant.uuid();
    match view {
        View::Mine(agent) => db.query(MINE, &[&tenant, &before, &wanted, &agent.uuid()]).await,
        View::Unassigned => db.query(UNASSIGNED, &[&tenant, &before, &wanted]).await,
        View::All => db.query(ALL, &[&tenant, &before, &wanted]).await,
        View::Resolved => db.query(RESOLVED, &[&tenant, &before, &wanted]).await,
    }
}

/// The two steps of a search, see [`search`].
async fn find(
    db: &impl Db,
    tenant: BusinessId,
    view: View,
    query: &str,
    before: Position,
    wanted: i64,
) -> Result<Vec<Row>, DbError> {
    let tenant = tenant.uuid();
    let (name, agent, latest) = match view {
        View::Mine(agent) => {
            let agent = agent.uuid();
            let latest = db.query(SEARCH_MINE, &[&tenant, &before, &wanted, &query, &agent]).await?;
            ("mine", Some(agent), latest)
        }
        View::Unassigned => {
            ("unassigned", None, db.query(SEARCH_UNASSIGNED, &[&tenant, &before, &wanted, &query]).await?)
        }
        View::All => ("all", None, db.query(SEARCH_ALL, &[&tenant, &before, &wanted, &query]).await?),
        View::Resolved => {
            ("resolved", None, db.query(SEARCH_RESOLVED, &[&tenant, &before, &wanted, &query]).await?)
        }
    };
    if search::fills(&latest, wanted) {
        return Ok(latest);
    }
    db.query(SEARCH_INDEX, &[&tenant, &before, &wanted, &query, &name, &agent]).await
}

fn read(row: &Row) -> Result<ConversationView, QueryError> {
    Ok(document(row, 0, "conversation")?)
}

fn read_with_place(row: &Row) -> Result<ConversationView, QueryError> {
    Ok(ConversationView { queue_position: read_place(row, 1)?, ..read(row)? })
}
