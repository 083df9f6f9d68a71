//! The customers: what is known of each, and when it was seen.

use chrono::{DateTime, TimeDelta, Utc};
use openchat_domain::{
    BusinessId, CustomerId, DomainEvent, Email, ExternalUserId, Metadata, Name, Phone, Position, Recorded,
    conversation::{Author, ConversationEvent, CustomerRef},
    customer::{CustomerEvent, Profile},
};
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use utoipa::ToSchema;

use crate::{
    ApplyError, Db, DbError, QueryError, Sql, Write,
    page::{Cursor, Page},
    rows::{Kept, Rows, column, document, documents},
    search,
};

/// A customer as the team sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "cus_019aafc33b7c7d80a1b2c3d4e5f60718",
    "externalUserId": "cus_123",
    "name": "Jane Customer",
    "email": "jane@example.com",
    "phone": null,
    "metadata": {"plan": "pro"},
    "anonymous": false,
    "mergedInto": null,
    "firstSeenAt": "2026-03-01T09:30:00Z",
    "lastSeenAt": "2026-03-04T16:05:00Z",
    "since": 7
}))]
pub struct CustomerView {
    /// The customer's id.
    pub id: CustomerId,
    /// Its id in the business's own system; none for an anonymous visitor.
    pub external_user_id: Option<ExternalUserId>,
    /// Name.
    pub name: Option<Name>,
    /// E-mail address.
    pub email: Option<Email>,
    /// Telephone number.
    pub phone: Option<Phone>,
    /// What else the business keeps.
    pub metadata: Metadata,
    /// Whether it is a visitor whom the business has not named.
    pub anonymous: bool,
    /// The known customer that this visitor turned out to be, who has its conversations now.
    pub merged_into: Option<CustomerId>,
    /// When it was first heard of.
    pub first_seen_at: DateTime<Utc>,
    /// When it last wrote, to the minute, or the business last told something new of it.
    pub last_seen_at: DateTime<Utc>,
    /// The position in the business's event log at which it was first heard of; lists begin with the highest.
    pub since: Position,
}

/// Who writes message after message is noted as seen this often: what is noted is a row to be written.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);

/// What concerns a customer in an event.
enum Step<'a> {
    /// One of its own events.
    Own(&'a CustomerEvent),
    /// It wrote.
    Seen,
}

// A row is found one by one, by its key, even under a plan that was made while the table was small.
const LOAD: &str = "\
    select r.* from unnest($1::uuid[], $2::uuid[]) as k (tenant, id) cross join lateral ( \
        select tenant_id, customer_id, position, data from customers \
        where tenant_id = k.tenant and customer_id = k.id limit 1) r";

const STORE: &str = "\
    insert into customers (tenant_id, customer_id, position, since, search, data) \
    select tenant, id, position, since, array_to_tsvector(string_to_array(words, ' ')), data \
    from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::json[]) \
        as u (tenant, id, position, since, words, data) \
    on conflict (tenant_id, customer_id) do update set \
        position = excluded.position, search = excluded.search, data = excluded.data";

const GET: &str = "select data from customers where tenant_id = $1 and customer_id = $2";

const PAGE: &str = "\
    select data from (select since, data from customers \
        where tenant_id = $1 and since < $2 order by since desc limit 101) c \
    order by since desc limit $3";

const SEARCH_LATEST: &str = "\
    select data from (select since, search, data from customers \
        where tenant_id = $1 and since < $2 order by since desc limit 1000) c \
    where search @@ $4::text::tsquery order by since desc limit $3";

const SEARCH_INDEX: &str = "\
    select c.data from customers_matching($4::text::tsquery, $2, $3) as hit (id) cross join lateral ( \
        select since, data from customers where tenant_id = $1 and customer_id = hit.id limit 1) c \
    order by c.since desc";

/// What folding a batch of events in comes to.
///
/// # Errors
/// [`ApplyError`].
pub(crate) async fn writes(
    db: &impl Db,
    kept: &Kept<CustomerView>,
    events: &[&Recorded],
) -> Result<Vec<Write>, ApplyError> {
    let steps: Vec<_> = events.iter().copied().filter_map(|event| Some((event, step(event)?))).collect();
    let keys = steps.iter().map(|(event, (id, _))| (event.tenant, id.uuid()));
    let mut rows = Rows::known(db, kept, keys, LOAD, |row| Ok(document(row, 3, "customer")?)).await?;
    for (event, (id, step)) in &steps {
        rows.fold_changes((event.tenant, id.uuid()), event.position, |row| fold(row, event, *id, step));
    }
    let write = store(&rows);
    rows.keep(kept);
    Ok(write.into_iter().collect())
}

fn store(rows: &Rows<CustomerView>) -> Option<Write> {
    let rows = rows.changed();
    if rows.is_empty() {
        return None;
    }
    Some(
        Write::new(STORE)
            .with(column(&rows, |it| it.tenant.uuid()))
            .with(column(&rows, |it| it.id))
            .with(column(&rows, |it| it.position))
            .with(column(&rows, |it| it.row.since))
            .with(column(&rows, |it| search::lexemes(it.tenant, it.row.searchable())))
            .with(documents(&rows, |it| it.row)),
    )
}

/// A customer by its id.
///
/// # Errors
/// [`QueryError`].
pub async fn get(
    db: &impl Db,
    tenant: BusinessId,
    id: CustomerId,
) -> Result<Option<CustomerView>, QueryError> {
    let row = db.query_opt(GET, &[&tenant.uuid(), &id.uuid()]).await?;
    row.map(|row| Ok(document(&row, 0, "customer")?)).transpose()
}

/// A customer by its id in the business's own system.
///
/// # Errors
/// [`QueryError`].
pub async fn by_external(
    db: &impl Db,
    tenant: BusinessId,
    external_user_id: &ExternalUserId,
) -> Result<Option<CustomerView>, QueryError> {
    get(db, tenant, CustomerId::of_external(tenant, external_user_id.as_str())).await
}

/// A page of the customers, the newest first; with `q`, those of whom every word of it begins a word of name,
/// e-mail address, telephone number or external id.
///
/// # Errors
/// [`QueryError`].
pub async fn page(
    db: &impl Db,
    tenant: BusinessId,
    q: Option<&str>,
    cursor: Option<Cursor>,
    limit: i64,
) -> Result<Page<CustomerView>, QueryError> {
    let found = find(db, tenant, q, Cursor::before(cursor), Page::<CustomerView>::rows(limit)).await?;
    let customers =
        found.iter().map(|row| Ok(document(row, 0, "customer")?)).collect::<Result<_, QueryError>>()?;
    Ok(Page::of(customers, limit, |customer: &CustomerView| customer.since))
}

async fn find(
    db: &impl Db,
    tenant: BusinessId,
    q: Option<&str>,
    before: Position,
    wanted: i64,
) -> Result<Vec<Row>, DbError> {
    let tenant_id = tenant.uuid();
    let Some(query) = q.and_then(|typed| search::query(tenant, typed)) else {
        return db.query(PAGE, &[&tenant_id, &before, &wanted]).await;
    };
    let params: &Sql<'_> = &[&tenant_id, &before, &wanted, &query];
    let latest = db.query(SEARCH_LATEST, params).await?;
    if search::fills(&latest, wanted) { Ok(latest) } else { db.query(SEARCH_INDEX, params).await }
}

impl CustomerView {
    fn new(
        id: CustomerId,
        external_user_id: Option<ExternalUserId>,
        profile: Profile,
        by: &Recorded,
    ) -> Self {
        let Profile { name, email, phone, metadata } = profile;
        Self {
            id,
            anonymous: external_user_id.is_none(),
            external_user_id,
            name,
            email,
            phone,
            metadata,
            merged_into: None,
            first_seen_at: by.at,
            last_seen_at: by.at,
            since: by.position,
        }
    }

    fn profile(&self) -> Profile {
        Profile {
            name: self.name.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
            metadata: self.metadata.clone(),
        }
    }

    fn searchable(&self) -> impl Iterator<Item = &str> {
        let external = self.external_user_id.iter().map(ExternalUserId::as_str);
        let name = self.name.iter().map(Name::as_str);
        let email = self.email.iter().map(Email::as_str);
        external.chain(name).chain(email).chain(self.phone.iter().map(Phone::as_str))
    }
}

impl From<CustomerView> for CustomerRef {
    fn from(customer: CustomerView) -> Self {
        let CustomerView { id, external_user_id, name, email, phone, metadata, .. } = customer;
        Self { id, external_user_id, name, email, phone, metadata }
    }
}

fn step(recorded: &Recorded) -> Option<(CustomerId, Step<'_>)> {
    match &recorded.event {
        DomainEvent::Customer(id, event) => Some((*id, Step::Own(event))),
        DomainEvent::Conversation(_, event) => Some((writer(event)?, Step::Seen)),
        DomainEvent::Agent(..) | DomainEvent::Business(..) => None,
    }
}

/// The customer who wrote, if that is what happened.
fn writer(event: &ConversationEvent) -> Option<CustomerId> {
    use ConversationEvent as E;
    match event {
        E::Opened { customer, .. } => Some(customer.id),
        E::MessagePosted { author: Author::Customer { id, .. }, .. } => Some(*id),
        E::MessagePosted { author: Author::Agent { .. } | Author::System, .. }
        | E::NoteAdded { .. }
        | E::Assigned { .. }
        | E::Unassigned { .. }
        | E::Read { .. }
        | E::Tagged { .. }
        | E::Prioritized { .. }
        | E::Snoozed { .. }
        | E::Resolved { .. }
        | E::Reopened { .. }
        | E::Rated { .. }
        | E::CallStarted { .. }
        | E::CallRang { .. }
        | E::CallAnswered { .. }
        | E::CallJoined { .. }
        | E::CallDeclined { .. }
        | E::CallLeft { .. }
        | E::CallEscalated { .. }
        | E::CallEnded { .. }
        | E::CustomerChanged { .. } => None,
    }
}

fn fold(row: &mut Option<CustomerView>, recorded: &Recorded, id: CustomerId, step: &Step<'_>) {
    match step {
        Step::Own(CustomerEvent::Registered { external_user_id, profile }) => {
            let external = Some(external_user_id.clone());
            *row = Some(CustomerView::new(id, external, profile.clone(), recorded));
        }
        Step::Own(CustomerEvent::VisitorArrived { profile }) => {
            *row = Some(CustomerView::new(id, None, profile.clone(), recorded));
        }
        Step::Own(CustomerEvent::ProfileChanged { changes }) => {
            if let Some(customer) = row {
                let Profile { name, email, phone, metadata } = customer.profile().changed(changes);
                *customer = CustomerView {
                    name,
                    email,
                    phone,
                    metadata,
                    last_seen_at: recorded.at,
                    ..customer.clone()
                };
            }
        }
        Step::Own(CustomerEvent::Merged { into }) => {
            if let Some(customer) = row {
                customer.merged_into = Some(*into);
            }
        }
        Step::Seen => {
            if let Some(customer) = row
                && recorded.at - customer.last_seen_at >= SEEN_EVERY
            {
                customer.last_seen_at = recorded.at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use openchat_domain::customer::ProfileChanges;
    use serde_json::json;

    use super::*;
    use crate::history::{History, agent_ref, at, customer, customer_ref, opened, said, text};

    /// Folds the events of customer 5.
    fn customer_after(history: &History) -> Option<CustomerView> {
        let mut row = None;
        for event in history.events() {
            if let Some((id, step)) = step(event).filter(|(id, _)| *id == customer(5)) {
                fold(&mut row, event, id, &step);
            }
        }
        row
    }

    fn metadata(value: serde_json::Value) -> Metadata {
        serde_json::from_value(value).unwrap()
    }

    fn registered() -> CustomerEvent {
        let CustomerRef { name, email, phone, metadata, .. } = customer_ref(5);
        let profile = Profile { name, email, phone, metadata };
        CustomerEvent::Registered { external_user_id: text("ext_5"), profile }
    }

    #[test]
    fn given_a_registration_then_a_known_customer() {
        let it = customer_after(&History::default().customer(5, registered())).unwrap();
        assert_eq!(CustomerRef::from(it.clone()), customer_ref(5));
        assert!(!it.anonymous);
        assert_eq!((it.first_seen_at, it.last_seen_at, it.since), (at(1), at(1), 1));
    }

    #[test]
    fn given_changes_then_only_what_they_name_changes() {
        let changes = ProfileChanges {
            name: Some(Some(text("Jane"))),
            email: Some(None),
            phone: None,
            metadata: Some(metadata(json!({"plan": null, "vip": true}))),
        };
        let history = History::default()
            .customer(5, registered())
            .customer(5, CustomerEvent::ProfileChanged { changes });
        let it = customer_after(&history).unwrap();
        assert_eq!((it.name, it.email, it.phone), (Some(text("Jane")), None, None));
        assert_eq!(it.metadata, metadata(json!({"vip": true})));
        assert_eq!(it.external_user_id, Some(text("ext_5")));
        assert_eq!(it.last_seen_at, at(2));
    }

    #[test]
    fn given_a_visitor_who_turns_out_to_be_known_then_it_points_there() {
        let history = History::default()
            .customer(5, CustomerEvent::VisitorArrived { profile: Profile::default() })
            .customer(5, CustomerEvent::Merged { into: customer(6) });
        let it = customer_after(&history).unwrap();
        assert!(it.anonymous);
        assert_eq!((it.external_user_id, it.merged_into), (None, Some(customer(6))));
    }

    #[test]
    fn it_is_seen_when_it_writes_and_not_when_it_is_answered() {
        let history = History::default()
            .customer(5, registered())
            .conversation(1, opened(5))
            .conversation(1, said(&customer_ref(5), "Hello"));
        assert_eq!(customer_after(&history).map(|it| it.last_seen_at), Some(at(3)));
        let history = history.conversation(1, said(agent_ref(7), "Hi")).conversation(2, opened(6));
        assert_eq!(customer_after(&history).map(|it| it.last_seen_at), Some(at(3)));
    }

    #[test]
    fn it_is_seen_to_the_minute() {
        let says = || said(&customer_ref(5), "Hello");
        let history = History::default()
            .customer(5, registered())
            .conversation(1, opened(5))
            .conversation(1, says())
            .conversation(1, says());
        let mut row = None;
        let seconds = TimeDelta::seconds;
        let times = [at(1), at(1) + seconds(59), at(1) + seconds(60), at(1) + seconds(119)];
        let seen = history.events().iter().zip(times).map(|(event, at)| {
            let event = Recorded { at, ..event.clone() };
            if let Some((id, step)) = step(&event) {
                fold(&mut row, &event, id, &step);
            }
            row.as_ref().map(|it| it.last_seen_at)
        });
        assert_eq!(seen.collect::<Vec<_>>(), [at(1), at(1), at(2), at(2)].map(Some));
    }
}
