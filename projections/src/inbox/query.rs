//! What is asked of the inbox.

use chrono::{DateTime, Utc};
use openchat_domain::{AgentId, BusinessId, ConversationId, CustomerId, Position, conversation::CustomerRef};
use tokio_postgres::{Row, types::Json};
use uuid::Uuid;

use super::{ConversationView, Status};
use crate::{
    Db, DbError, QueryError,
    customers::CustomerView,
    page::{Cursor, Page},
    routing_queue::place_of,
    rows::{Unreadable, document},
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

/// A conversation that an agent has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentsConversation {
    /// Which.
    pub id: ConversationId,
    /// Open or snoozed.
    pub status: Status,
    /// Whether the customer waits for the agent's answer, see [`ConversationView::awaits_reply`].
    pub awaits_reply: bool,
}

/// What is shown of the rows `i` that follow: their document, and their customer's.
macro_rules! shown {
    ($($rows:tt)*) => {
        concat!(
            "select data, (select c.data from customers c \
                where c.tenant_id = i.tenant_id and c.customer_id = i.customer_id) from ",
            $($rows)*
        )
    };
}

/// A page of the rows that meet a condition, in keyset order.
///
/// The inner limit is written out so that one prepared plan, made without knowing $3, walks the view's index.
macro_rules! page_of {
    ($condition:literal) => {
        shown!(
            "(select tenant_id, customer_id, activity, data from inbox \
                where tenant_id = $1 and activity < $2 and ",
            $condition,
            " order by activity desc limit 101) i order by activity desc limit $3"
        )
    };
}

/// A page of what a search finds among the latest rows that meet a condition.
macro_rules! search_of {
    ($condition:literal) => {
        shown!(
            "(select tenant_id, customer_id, activity, search, data from inbox \
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

const SEARCH_INDEX: &str = shown!(
    "inbox_matching($4::text::tsquery, $5::text, $6::uuid, $2, $3) as hit (id) cross join lateral ( \
        select tenant_id, customer_id, activity, data from inbox \
        where tenant_id = $1 and conversation_id = hit.id limit 1) i \
    order by activity desc"
);

const GET: &str = concat!(
    "select data, (select c.data from customers c \
        where c.tenant_id = i.tenant_id and c.customer_id = i.customer_id), ",
    place_of!(),
    " from inbox i where tenant_id = $1 and conversation_id = $2"
);

const BY_CUSTOMER: &str = shown!(
    "(select tenant_id, customer_id, activity, data from inbox where tenant_id = $1 and customer_id = $2 \
        order by activity desc limit 101) i order by activity desc limit $3"
);

const OPEN_OF_CUSTOMER: &str = shown!(
    "inbox i where tenant_id = $1 and customer_id = $2 and status <> 'resolved' order by activity desc limit 1"
);

const OPEN_OF_AGENT: &str = "\
    select data from inbox where tenant_id = $1 and assignee_id = $2 and status <> 'resolved' order by activity";

const SNOOZED_DUE: &str = "\
    select tenant_id, conversation_id from (select tenant_id, conversation_id, snoozed_until from inbox \
        where snoozed_until <= $1 order by snoozed_until limit 1000) i \
    order by snoozed_until limit $2";

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
) -> Result<Page<ConversationView>, QueryError> {
    let (before, wanted) = (Cursor::before(cursor), Page::<ConversationView>::rows(limit));
    let rows = match q.and_then(|typed| search::query(tenant, typed)) {
        None => list(db, tenant, view, before, wanted).await?,
        Some(query) => find(db, tenant, view, &query, before, wanted).await?,
    };
    let conversations = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Page::of(conversations, limit, |conversation: &ConversationView| conversation.activity))
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
    let Some(row) = db.query_opt(GET, &[&tenant.uuid(), &id.uuid()]).await? else {
        return Ok(None);
    };
    Ok(Some(ConversationView { queue_position: row.try_get(2)?, ..read(&row)? }))
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

/// The open and snoozed conversations that an agent has, the longest untouched first.
///
/// # Errors
/// [`QueryError`].
pub async fn open_of_agent(
    db: &impl Db,
    tenant: BusinessId,
    agent: AgentId,
) -> Result<Vec<AgentsConversation>, QueryError> {
    let rows = db.query(OPEN_OF_AGENT, &[&tenant.uuid(), &agent.uuid()]).await?;
    rows.iter()
        .map(|row| {
            let it: ConversationView = document(row, 0, "conversation")?;
            Ok(AgentsConversation { id: it.id, status: it.status, awaits_reply: it.awaits_reply() })
        })
        .collect()
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

/// The conversation with what is known now of its customer.
fn read(row: &Row) -> Result<ConversationView, QueryError> {
    let shown: ConversationView = document(row, 0, "conversation")?;
    let customer = row.try_get::<_, Option<Json<CustomerView>>>(1);
    match customer.map_err(|_| Unreadable("customer"))? {
        Some(Json(customer)) => Ok(ConversationView { customer: CustomerRef::from(customer), ..shown }),
        None => Ok(shown),
    }
}
