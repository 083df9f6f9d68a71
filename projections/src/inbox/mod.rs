//! The inbox: a row per conversation, listed by view, found by words, and kept as the events tell.
//!
//! The whole row is a document, the view itself; columns stand beside it only where a query looks for them.
//! What is shown of the customer is looked up in [`crate::customers`]; the row has its own copy of the customer's
//! names only for the search.

mod fold;
mod query;
mod view;

use openchat_domain::{
    ConversationId, CustomerId, DomainEvent, Recorded,
    conversation::ConversationEvent,
    customer::{CustomerEvent, ProfileChanges},
};
use tokio_postgres::types::Json;

pub use query::{
    AgentsConversation, View, by_customer, get, get_for_customer, open_of_agent, open_of_customer, page,
    snoozed_due,
};
pub use view::{CallView, ConversationView, LastMessage, Marks, RatingView, Resolution, Status, Waiting};

use crate::{
    ApplyError, Db,
    rows::{Rows, column, document, key_columns},
    search,
};

/// What concerns the inbox in an event.
enum Step<'a> {
    /// Something happened to a conversation.
    Conversation(ConversationId, &'a ConversationEvent),
    /// The customer of some conversations goes by another name or address.
    Profile(CustomerId, &'a ProfileChanges),
}

// A row is found one by one, by its key, even under a plan that was made while the table was small.
const LOAD: &str = "\
    select r.* from unnest($1::uuid[], $2::uuid[]) as k (tenant, id) cross join lateral ( \
        select tenant_id, conversation_id, position, data from inbox \
        where tenant_id = k.tenant and conversation_id = k.id limit 1) r \
    union all \
    select r.* from unnest($3::uuid[], $4::uuid[]) as k (tenant, id) cross join lateral ( \
        select tenant_id, conversation_id, position, data from inbox \
        where tenant_id = k.tenant and customer_id = k.id offset 0) r";

const STORE: &str = "\
    insert into inbox (tenant_id, conversation_id, position, customer_id, status, assignee_id, activity, \
        snoozed_until, search, data) \
    select tenant, id, position, customer, status, assignee, activity, \
        snoozed, array_to_tsvector(string_to_array(words, ' ')), data \
    from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::uuid[], $7::bigint[], \
        $8::timestamptz[], $9::text[], $10::json[]) \
        as u (tenant, id, position, customer, status, assignee, activity, snoozed, words, data) \
    on conflict (tenant_id, conversation_id) do update set \
        position = excluded.position, customer_id = excluded.customer_id, status = excluded.status, \
        assignee_id = excluded.assignee_id, activity = excluded.activity, \
        snoozed_until = excluded.snoozed_until, search = excluded.search, data = excluded.data";

/// Folds a batch of events in.
///
/// # Errors
/// [`ApplyError`]; the caller's transaction must then be rolled back.
pub async fn apply(db: &impl Db, events: &[&Recorded]) -> Result<(), ApplyError> {
    let steps: Vec<_> = events.iter().copied().filter_map(|event| Some((event, step(event)?))).collect();
    if steps.is_empty() {
        return Ok(());
    }
    let mut rows = load(db, &steps).await?;
    for (event, step) in &steps {
        match step {
            Step::Conversation(id, happened) => {
                rows.fold((event.tenant, id.uuid()), event.position, |row| {
                    fold::fold(row, event, *id, happened);
                });
            }
            Step::Profile(id, changes) => rows.fold_all(
                event.tenant,
                event.position,
                |row| row.customer.id == *id,
                |row| fold::fold_profile(row, event, changes),
            ),
        }
    }
    store(db, &rows).await
}

async fn load(db: &impl Db, steps: &[(&Recorded, Step<'_>)]) -> Result<Rows<ConversationView>, ApplyError> {
    let (tenants, conversations) = key_columns(steps.iter().filter_map(|(event, step)| match step {
        Step::Conversation(id, _) => Some((event.tenant, id.uuid())),
        Step::Profile(..) => None,
    }));
    let (customers_tenants, customers) = key_columns(steps.iter().filter_map(|(event, step)| match step {
        Step::Conversation(..) => None,
        Step::Profile(id, _) => Some((event.tenant, id.uuid())),
    }));
    let keys: &crate::Sql<'_> = &[&tenants, &conversations, &customers_tenants, &customers];
    Rows::load(db, LOAD, keys, |row| Ok(document(row, 3, "conversation")?)).await
}

async fn store(db: &impl Db, rows: &Rows<ConversationView>) -> Result<(), ApplyError> {
    let rows = rows.changed();
    if rows.is_empty() {
        return Ok(());
    }
    db.execute(
        STORE,
        &[
            &column(&rows, |it| it.tenant.uuid()),
            &column(&rows, |it| it.id),
            &column(&rows, |it| it.position),
            &column(&rows, |it| it.row.customer.id.uuid()),
            &column(&rows, |it| it.row.status.as_str()),
            &column(&rows, |it| it.row.assignee.as_ref().map(|agent| agent.id.uuid())),
            &column(&rows, |it| it.row.activity),
            &column(&rows, |it| it.row.snoozed_until),
            &column(&rows, |it| search::lexemes(it.tenant, it.row.searchable())),
            &column(&rows, |it| Json(it.row)),
        ],
    )
    .await?;
    Ok(())
}

fn step(recorded: &Recorded) -> Option<Step<'_>> {
    match &recorded.event {
        DomainEvent::Conversation(id, event) => Some(Step::Conversation(*id, event)),
        DomainEvent::Customer(id, event) => Some(Step::Profile(*id, renamed(event)?)),
        DomainEvent::Agent(..) | DomainEvent::Business(..) => None,
    }
}

/// Changes of what a row repeats of its customer.
fn renamed(event: &CustomerEvent) -> Option<&ProfileChanges> {
    match event {
        CustomerEvent::ProfileChanged { changes } => {
            let renamed = changes.name.is_some() || changes.email.is_some() || changes.phone.is_some();
            renamed.then_some(changes)
        }
        // A conversation begins after its customer is known, and moves to another one by an event of its own.
        CustomerEvent::Registered { .. }
        | CustomerEvent::VisitorArrived { .. }
        | CustomerEvent::Merged { .. } => None,
    }
}

impl Status {
    /// How the table writes it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Snoozed => "snoozed",
            Self::Resolved => "resolved",
        }
    }
}
