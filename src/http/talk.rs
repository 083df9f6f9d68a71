//! What is said, for backends' and customers' routes alike: the message in a request, whose it is, the message in an answer.

use openchat_domain::{
    BusinessId, ConversationId, CustomerId, DomainEvent, MessageId, MessageText, Recorded,
    conversation::{self, ConversationEvent, NewMessage},
    customer::{Customer, Profile},
};
use openchat_projections::{
    Db, Page, QueryError,
    transcript::{self, Message},
};

pub(super) use super::inbox::input::{ClientMessageId, MessagesQuery, UpTo};
use super::{Problem, files::TextType, input::input};
use crate::{
    app::App,
    store::{Executed, StoreError},
};

input! {
    /// Something that the customer says.
    #[schema(example = json!({"type": "text", "text": "I need help with my order."}))]
    pub(super) open struct SaidByCustomer {
        /// What it is.
        r#type: TextType,
        /// The words.
        text: MessageText,
    }
}

impl From<SaidByCustomer> for conversation::MessageBody {
    fn from(said: SaidByCustomer) -> Self {
        match said.r#type {
            TextType::Text => Self::Text { text: said.text },
        }
    }
}

/// A message that is about to be posted, under a fresh id.
pub(super) fn new_message(
    app: &App,
    body: conversation::MessageBody,
    name: Option<ClientMessageId>,
) -> NewMessage {
    let id = MessageId::from_uuid(app.clock.uuid());
    NewMessage { id, body, client_message_id: name.map(|name| name.0) }
}

/// What is known of a customer; none of a visitor who was merged into another customer.
pub(super) async fn customer(
    app: &App,
    tenant: BusinessId,
    id: CustomerId,
) -> Result<Option<conversation::CustomerRef>, StoreError> {
    let (external_user_id, profile) = match app.aggregates.recent::<Customer>(tenant, id).await? {
        Customer::Known { external_user_id, profile } => (Some(external_user_id), profile),
        Customer::Anonymous { profile } => (None, profile),
        Customer::Unknown | Customer::Merged { .. } => return Ok(None),
    };
    let Profile { name, email, phone, metadata } = profile;
    Ok(Some(conversation::CustomerRef { id, external_user_id, name, email, phone, metadata }))
}

/// The message that a command has posted, now or when it was carried out before.
pub(super) fn posted(done: &Executed) -> Result<Message, Problem> {
    done.events.iter().find_map(|event| message(event)).ok_or_else(taken)
}

/// The message that an event tells of.
pub(super) fn message(recorded: &Recorded) -> Option<Message> {
    let DomainEvent::Conversation(id, event) = &recorded.event else { return None };
    let ConversationEvent::MessagePosted { message_id, author, body, client_message_id } = event else {
        return None;
    };
    Some(Message::posted(recorded, *id, *message_id, author, body, client_message_id.as_deref()))
}

/// The conversation that an event happened to.
pub(super) const fn conversation(recorded: &Recorded) -> Option<ConversationId> {
    match recorded.event {
        DomainEvent::Conversation(id, _) => Some(id),
        _ => None,
    }
}

/// Under this command's name something else was done before, which only a wrong use of the name can lead to.
pub(super) fn taken() -> Problem {
    Problem::conflict("command_id_taken", "Something else was done under this name before.")
}

/// A page of what customer and team have said to each other, the latest unless asked for earlier ones.
pub(super) async fn messages(
    db: &impl Db,
    tenant: BusinessId,
    conversation: ConversationId,
    wanted: &MessagesQuery,
) -> Result<Page<Message>, QueryError> {
    let (before, limit) = (wanted.before.map(|it| it.0), wanted.limit.unwrap_or_default().0);
    transcript::messages(db, tenant, conversation, before, limit).await
}
