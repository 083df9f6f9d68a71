//! The inbox: a row per conversation, listed by view, found by words, and kept as the events tell.
//!
//! The whole row is a document, the view itself; columns stand beside it only where a query looks for them.
//! It is folded from the deltas of the team's feed, by the function that keeps a snapshot's list up to date.

mod fold;
mod query;
mod view;

use openchat_domain::{BusinessId, ConversationId, CustomerId, Recorded};

pub use query::{
    View, by_customer, calls_going_on, get, get_for_customer, open_of_customer, page, page_of_customer,
    snoozed_due,
};
pub(crate) use query::{ids_of_customer, last_of_customer, unresolved};
pub use view::{
    CallState, CallView, ConversationView, EndedCall, LastMessage, Marks, RatingView, Resolution, Status,
};

use crate::{
    ApplyError, Db, Write,
    feed::{AgentChange, AgentDelta},
    rows::{Kept, Rows, column, document, documents, key_columns},
    search,
};

/// A delta, and the rows that it concerns.
struct Step {
    tenant: BusinessId,
    delta: AgentDelta,
    rows: Concerned,
}

#[derive(Clone, Copy)]
enum Concerned {
    /// The conversation's.
    Conversation(ConversationId),
    /// Those of all of the customer's conversations.
    Customer(CustomerId),
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
        snoozed_until, call_id, search, data) \
    select tenant, id, position, customer, status, assignee, activity, \
        snoozed, call, array_to_tsvector(string_to_array(words, ' ')), data \
    from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::uuid[], $7::bigint[], \
        $8::timestamptz[], $9::uuid[], $10::text[], $11::json[]) \
        as u (tenant, id, position, customer, status, assignee, activity, snoozed, call, words, data) \
    on conflict (tenant_id, conversation_id) do update set \
        position = excluded.position, customer_id = excluded.customer_id, status = excluded.status, \
        assignee_id = excluded.assignee_id, activity = excluded.activity, \
        snoozed_until = excluded.snoozed_until, call_id = excluded.call_id, search = excluded.search, \
        data = excluded.data";

/// What folding a batch of events in comes to.
///
/// # Errors
/// [`ApplyError`].
pub(crate) async fn writes(
    db: &impl Db,
    kept: &Kept<ConversationView>,
    events: &[&Recorded],
) -> Result<Vec<Write>, ApplyError> {
    let steps: Vec<_> = events.iter().copied().filter_map(step).collect();
    let mut rows = load(db, kept, &steps).await?;
    for Step { tenant, delta, rows: concerned } in &steps {
        match concerned {
            Concerned::Conversation(id) => {
                rows.fold((*tenant, id.uuid()), delta.position, |row| fold::fold(row, delta));
            }
            Concerned::Customer(id) => rows.fold_all(
                *tenant,
                delta.position,
                |row| row.customer.id == *id,
                |row| fold::fold(row, delta),
            ),
        }
    }
    let writes = store(&rows);
    rows.keep(kept);
    Ok(writes.into_iter().collect())
}

async fn load(
    db: &impl Db,
    kept: &Kept<ConversationView>,
    steps: &[Step],
) -> Result<Rows<ConversationView>, ApplyError> {
    let (mut rows, missing) = Rows::at_hand(
        kept,
        steps.iter().filter_map(|step| match step.rows {
            Concerned::Conversation(id) => Some((step.tenant, id.uuid())),
            Concerned::Customer(_) => None,
        }),
    );
    let (tenants, conversations) = key_columns(missing);
    // Which conversations a customer has, only the table knows.
    let (customers_tenants, customers) = key_columns(steps.iter().filter_map(|step| match step.rows {
        Concerned::Conversation(_) => None,
        Concerned::Customer(id) => Some((step.tenant, id.uuid())),
    }));
    if !(conversations.is_empty() && customers.is_empty()) {
        let keys: &crate::Sql<'_> = &[&tenants, &conversations, &customers_tenants, &customers];
        rows.add(Rows::load(db, LOAD, keys, |row| Ok(document(row, 3, "conversation")?)).await?);
    }
    Ok(rows)
}

fn store(rows: &Rows<ConversationView>) -> Option<Write> {
    let rows = rows.changed();
    if rows.is_empty() {
        return None;
    }
    Some(
        Write::new(STORE)
            .with(column(&rows, |it| it.tenant.uuid()))
            .with(column(&rows, |it| it.id))
            .with(column(&rows, |it| it.position))
            .with(column(&rows, |it| it.row.customer.id.uuid()))
            .with(column(&rows, |it| it.row.status.as_str()))
            .with(column(&rows, |it| it.row.assignee.as_ref().map(|agent| agent.id.uuid())))
            .with(column(&rows, |it| it.row.activity))
            .with(column(&rows, |it| it.row.snoozed_until))
            .with(column(&rows, |it| it.row.call.as_ref().map(|call| call.id.uuid())))
            .with(column(&rows, |it| search::lexemes(it.tenant, it.row.searchable())))
            .with(documents(&rows, |it| it.row)),
    )
}

fn step(event: &Recorded) -> Option<Step> {
    let delta = AgentDelta::for_agents(event)?;
    let rows = if let AgentChange::CustomerUpdated { customer_id, .. } = delta.change {
        Concerned::Customer(customer_id)
    } else {
        Concerned::Conversation(delta.conversation_id?)
    };
    Some(Step { tenant: event.tenant, delta, rows })
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
