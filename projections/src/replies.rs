//! The canned replies: what agents answer often, by the names that they call it by.

use std::collections::BTreeMap;

use openchat_domain::{BusinessId, DomainEvent, MessageText, Recorded, Shortcut, business::BusinessEvent};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ApplyError, Db, QueryError, Write,
    rows::{Rows, column, document, documents, key_columns},
};

/// A canned reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"shortcut": "refund", "text": "Dear {{customer.name}}, your refund is on its way."}))]
pub struct CannedReply {
    /// What it is called by.
    pub shortcut: Shortcut,
    /// What it says. `{{customer.name}}`, `{{customer.email}}`, `{{agent.name}}` and `{{business.name}}` stand for
    /// what the inbox puts in their place.
    pub text: MessageText,
}

type Replies = BTreeMap<Shortcut, MessageText>;

const LOAD: &str = "\
    select r.* from unnest($1::uuid[], $2::uuid[]) as k (tenant, id) cross join lateral ( \
        select tenant_id, tenant_id, position, data from canned_replies where tenant_id = k.tenant limit 1) r";

const STORE: &str = "\
    insert into canned_replies (tenant_id, position, data) \
    select * from unnest($1::uuid[], $2::bigint[], $3::json[]) \
    on conflict (tenant_id) do update set position = excluded.position, data = excluded.data";

const LIST: &str = "select data from canned_replies where tenant_id = $1";

/// What folding a batch of events in comes to.
///
/// # Errors
/// [`ApplyError`].
pub async fn writes(db: &impl Db, events: &[&Recorded]) -> Result<Vec<Write>, ApplyError> {
    let steps: Vec<_> = events.iter().copied().filter_map(|event| Some((event, step(event)?))).collect();
    if steps.is_empty() {
        return Ok(vec![]);
    }
    let (tenants, ids) = key_columns(steps.iter().map(|(event, _)| (event.tenant, event.tenant.uuid())));
    let mut rows =
        Rows::load(db, LOAD, &[&tenants, &ids], |row| Ok(document(row, 3, "canned reply")?)).await?;
    for (event, step) in &steps {
        rows.fold((event.tenant, event.tenant.uuid()), event.position, |row: &mut Option<Replies>| {
            step.change(row.get_or_insert_default());
        });
    }
    let rows = rows.changed();
    Ok(vec![
        Write::new(STORE)
            .with(column(&rows, |it| it.tenant.uuid()))
            .with(column(&rows, |it| it.position))
            .with(documents(&rows, |it| it.row)),
    ])
}

/// The business's canned replies, by their names.
///
/// # Errors
/// [`QueryError`].
pub async fn list(db: &impl Db, tenant: BusinessId) -> Result<Vec<CannedReply>, QueryError> {
    let row = db.query_opt(LIST, &[&tenant.uuid()]).await?;
    let replies: Option<Replies> = row.map(|row| document(&row, 0, "canned reply")).transpose()?;
    let reply = |(shortcut, text)| CannedReply { shortcut, text };
    Ok(replies.unwrap_or_default().into_iter().map(reply).collect())
}

/// What an event does to the replies.
enum Step<'a> {
    Save(&'a Shortcut, &'a MessageText),
    Delete(&'a Shortcut),
}

impl Step<'_> {
    fn change(&self, replies: &mut Replies) {
        match self {
            Self::Save(shortcut, text) => drop(replies.insert((*shortcut).clone(), (*text).clone())),
            Self::Delete(shortcut) => drop(replies.remove(*shortcut)),
        }
    }
}

fn step(recorded: &Recorded) -> Option<Step<'_>> {
    match &recorded.event {
        DomainEvent::Business(_, event) => match event {
            BusinessEvent::ReplySaved { shortcut, text } => Some(Step::Save(shortcut, text)),
            BusinessEvent::ReplyDeleted { shortcut } => Some(Step::Delete(shortcut)),
            BusinessEvent::SetUp { .. }
            | BusinessEvent::SettingsChanged { .. }
            | BusinessEvent::KeyCreated { .. }
            | BusinessEvent::KeyChanged { .. }
            | BusinessEvent::KeyRotated { .. }
            | BusinessEvent::KeyRevoked { .. } => None,
        },
        DomainEvent::Conversation(..) | DomainEvent::Customer(..) | DomainEvent::Agent(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{History, text};

    #[test]
    fn given_replies_then_the_latest_of_each_name() {
        let save = |name, words| BusinessEvent::ReplySaved { shortcut: text(name), text: text(words) };
        let history = History::default()
            .business(save("refund", "Yes"))
            .business(save("hours", "Nine to five"))
            .business(save("refund", "No"))
            .business(BusinessEvent::ReplyDeleted { shortcut: text("hours") })
            .business(BusinessEvent::ReplyDeleted { shortcut: text("unknown") });
        let mut replies = Replies::new();
        history.events().iter().filter_map(step).for_each(|step| step.change(&mut replies));
        assert_eq!(replies, Replies::from([(text("refund"), text("No"))]));
    }
}
