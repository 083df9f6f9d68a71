//! What is said, for backends' and customers' routes alike: the message in a request, whose it is, the message in an answer.

use openchat_domain::{
    BusinessId, ConversationId, CustomerId, DomainEvent, MessageId, MessageText, Recorded, Stream,
    conversation::{
        self, Conversation, ConversationCommand, ConversationEvent, ConversationRefusal, CustomerRef,
        NewMessage,
    },
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
    store::{Condition, Context, ExecuteError, Executed, Facts, StoreError},
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
) -> Result<Option<CustomerRef>, StoreError> {
    Ok(known(id, app.aggregates.recent(tenant, id).await?))
}

fn known(id: CustomerId, customer: Customer) -> Option<CustomerRef> {
    let (external_user_id, profile) = match customer {
        Customer::Known { external_user_id, profile } => (Some(external_user_id), profile),
        Customer::Anonymous { profile } => (None, profile),
        Customer::Unknown | Customer::Merged { .. } => return None,
    };
    let Profile { name, email, phone, metadata } = profile;
    Some(CustomerRef { id, external_user_id, name, email, phone, metadata })
}

/// Carries out a command on a conversation that tells what is known of its customer; `gone` answers when that is nobody.
///
/// It is recorded only while that is what is known: the views apply a change to those conversations of a customer that
/// come before it in the log, so what comes after must know of it.
pub(super) async fn execute_knowing(
    app: &App,
    context: &Context,
    (conversation, customer): (ConversationId, CustomerId),
    command: impl Fn(CustomerRef) -> ConversationCommand,
    gone: fn() -> Problem,
) -> Result<Executed, Problem> {
    for _ in 0..ATTEMPTS {
        let (state, after) = app.aggregates.state_at(context.tenant, customer).await?;
        let command = command(known(customer, state).ok_or_else(gone)?);
        let facts = Facts::Stream(Stream::Customer(customer));
        let context = Context { condition: Some(Condition { after, facts }), ..context.clone() };
        match app.aggregates.execute::<Conversation>(&context, conversation, &command).await {
            Err(ExecuteError::Unmet) => {}
            done => return Ok(done?),
        }
    }
    Err(ExecuteError::<ConversationRefusal>::Contended.into())
}

/// A customer who changes more often than this while a command is recorded is not waited for.
const ATTEMPTS: usize = 8;

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
