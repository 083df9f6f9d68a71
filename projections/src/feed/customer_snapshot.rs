//! A customer's snapshot, and how a delta changes it.

use chrono::{DateTime, Utc};
use openchat_domain::{
    ConversationId, CustomerId, Email, MessageText, Name, Phone, Subject,
    business::{Branding, Language, Preferences, Settings, SettingsChanges},
    conversation::{AgentRef, Channel},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CustomerChange, CustomerDelta};
use crate::{
    inbox::{CallView, ConversationView, EndedCall, Marks, RatingView, Status},
    page::Page,
    transcript::Message,
};

/// What a customer's page begins with, as of the position of its `hello`.
///
/// Folding every later delta in keeps it equal to a fresh snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomerSnapshot {
    /// Whose page it is.
    pub customer: OwnProfile,
    /// The business.
    pub business: PublicBusiness,
    /// The customer's conversation that began last.
    pub conversation: Option<OwnConversation>,
}

/// What a customer sees of its own profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnProfile {
    /// Its id.
    pub id: CustomerId,
    /// Name.
    pub name: Option<Name>,
    /// E-mail address.
    pub email: Option<Email>,
    /// Telephone number.
    pub phone: Option<Phone>,
}

/// What a customer sees of a business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicBusiness {
    /// Its name.
    pub name: Name,
    /// What a customer reads first.
    pub welcome_message: Option<MessageText>,
    /// What a customer reads first when nobody is there.
    pub away_message: Option<MessageText>,
    /// How the customer's pages look.
    pub branding: Branding,
    /// The language that the customer's pages speak; without one, the browser's.
    pub language: Option<Language>,
}

/// A conversation as its customer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnConversation {
    /// Its id.
    pub id: ConversationId,
    /// Where it stands.
    pub status: OwnStatus,
    /// How it came in.
    pub channel: Channel,
    /// What it is about.
    pub subject: Option<Subject>,
    /// Who has it, with the name at the time of the assignment.
    pub assignee: Option<AgentRef>,
    /// Its place in the queue, counted from 1 up to 1,000, which stands for all places beyond too; null when it
    /// doesn't wait.
    #[schema(minimum = 1, maximum = 1000)]
    pub queue_position: Option<u32>,
    /// The latest messages, oldest first.
    #[schema(max_items = 50)]
    pub messages: Vec<Message>,
    /// Whether there are messages before these.
    pub has_earlier: bool,
    /// Who has said and read what, up to where.
    pub marks: Marks,
    /// The call that is going on.
    pub call: Option<CallView>,
    /// The call that ended last.
    #[serde(default)]
    pub last_call: Option<EndedCall>,
    /// The customer's judgement, since it was resolved.
    pub rating: Option<RatingView>,
    /// When it began.
    pub created_at: DateTime<Utc>,
}

/// Where a conversation stands, for its customer: that the team lets it rest is the team's own business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum OwnStatus {
    /// It is being dealt with, or waits, or rests.
    Open,
    /// The matter is settled.
    Resolved,
}

impl CustomerSnapshot {
    /// Folds the next delta in. Deltas of a conversation that isn't shown change nothing.
    pub fn fold(&mut self, delta: &CustomerDelta) {
        match &delta.change {
            CustomerChange::ConversationOpened { channel, subject, queue_position } => {
                let shown = self.conversation.as_ref().map(|it| it.id);
                if let Some(id) = delta.conversation_id.filter(|id| Some(*id) > shown) {
                    self.conversation = Some(OwnConversation::opened(
                        id,
                        *channel,
                        subject.clone(),
                        *queue_position,
                        delta.at,
                    ));
                }
            }
            CustomerChange::CustomerUpdated { changes } => {
                let changes = changes.clone();
                let known = &mut self.customer;
                known.name = changes.name.unwrap_or(known.name.take());
                known.email = changes.email.unwrap_or(known.email.take());
                known.phone = changes.phone.unwrap_or(known.phone.take());
            }
            CustomerChange::SettingsChanged { changes } => self.business.change(changes),
            CustomerChange::ConversationAssigned { .. }
            | CustomerChange::ConversationUnassigned { .. }
            | CustomerChange::ConversationResolved { .. }
            | CustomerChange::ConversationReopened { .. }
            | CustomerChange::ConversationRated { .. }
            | CustomerChange::ConversationRead { .. }
            | CustomerChange::MessagePosted { .. }
            | CustomerChange::CallStarted { .. }
            | CustomerChange::CallAnswered { .. }
            | CustomerChange::CallJoined { .. }
            | CustomerChange::CallLeft { .. }
            | CustomerChange::CallEscalated { .. }
            | CustomerChange::CallEnded { .. }
            | CustomerChange::QueueChanged { .. } => {
                if let Some(it) = &mut self.conversation
                    && delta.conversation_id == Some(it.id)
                {
                    it.fold(delta);
                }
            }
        }
    }
}

impl PublicBusiness {
    /// The public part of a business's settings.
    #[must_use]
    pub fn new(name: Name, settings: Settings) -> Self {
        let Settings { welcome_message, away_message, branding, preferences, hours: _ } = settings;
        Self { name, welcome_message, away_message, branding, language: preferences.language }
    }

    fn change(&mut self, changes: &SettingsChanges) {
        let other = Settings::default();
        let known = Settings {
            welcome_message: self.welcome_message.take(),
            away_message: self.away_message.take(),
            branding: self.branding.clone(),
            preferences: Preferences { language: self.language, ..other.preferences },
            ..other
        };
        *self = Self::new(self.name.clone(), known.changed(changes));
    }
}

impl OwnConversation {
    /// The most messages that a snapshot shows.
    pub const MESSAGES: usize = 50;

    /// What the customer sees of a conversation, with the latest page of its messages.
    pub(super) fn new(conversation: ConversationView, messages: Page<Message>) -> Self {
        Self {
            id: conversation.id,
            status: match conversation.status {
                Status::Open | Status::Snoozed => OwnStatus::Open,
                Status::Resolved => OwnStatus::Resolved,
            },
            channel: conversation.channel,
            subject: conversation.subject,
            assignee: conversation.assignee,
            queue_position: conversation.queue_position,
            has_earlier: messages.next_cursor.is_some(),
            messages: messages.data,
            marks: conversation.marks,
            call: conversation.call.map(CallView::for_customer),
            last_call: conversation.last_call,
            rating: conversation.rating,
            created_at: conversation.created_at,
        }
    }

    /// A conversation that has just begun.
    fn opened(
        id: ConversationId,
        channel: Channel,
        subject: Option<Subject>,
        queue_position: Option<u32>,
        created_at: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            status: OwnStatus::Open,
            channel,
            subject,
            assignee: None,
            queue_position,
            messages: Vec::new(),
            has_earlier: false,
            marks: Marks::default(),
            call: None,
            last_call: None,
            rating: None,
            created_at,
        }
    }

    fn fold(&mut self, delta: &CustomerDelta) {
        use CustomerChange as C;
        match &delta.change {
            C::ConversationAssigned { assignee, queue_position } => {
                self.give_to(Some(assignee), *queue_position);
            }
            C::ConversationUnassigned { queue_position } => self.give_to(None, *queue_position),
            C::ConversationResolved { queue_position } => {
                self.give_to(None, *queue_position);
                self.stand(OwnStatus::Resolved);
            }
            C::ConversationReopened { assignee, queue_position } => {
                self.give_to(assignee.as_ref(), *queue_position);
                self.stand(OwnStatus::Open);
            }
            C::QueueChanged { queue_position } => self.queue_position = *queue_position,
            C::ConversationRated { score, comment } => {
                self.rating = Some(RatingView { score: *score, comment: comment.clone(), at: delta.at });
            }
            C::ConversationRead { reader, up_to } => self.marks.read(*reader, *up_to),
            C::MessagePosted { message } => self.show(message),
            C::CallStarted { call } => self.call = Some(call.clone()),
            C::CallAnswered { .. } => self.with_call(CallView::answered),
            C::CallJoined { by, .. } => self.with_call(|call| call.join(by)),
            C::CallLeft { by, .. } => self.with_call(|call| call.leave(by)),
            C::CallEscalated { .. } => self.with_call(CallView::escalate),
            C::CallEnded { reason, duration_seconds, queue_position, .. } => {
                let ended = |call| EndedCall::new(call, *reason, *duration_seconds, delta.at, delta.position);
                self.last_call = self.call.take().map(ended).or(self.last_call.take());
                self.queue_position = *queue_position;
            }
            C::ConversationOpened { .. } | C::CustomerUpdated { .. } | C::SettingsChanged { .. } => {}
        }
    }

    fn with_call(&mut self, change: impl FnOnce(&mut CallView)) {
        if let Some(call) = &mut self.call {
            change(call);
        }
    }

    fn give_to(&mut self, assignee: Option<&AgentRef>, queue_position: Option<u32>) {
        self.assignee = assignee.cloned();
        self.queue_position = queue_position;
    }

    fn stand(&mut self, status: OwnStatus) {
        self.status = status;
        self.rating = None;
    }

    fn show(&mut self, message: &Message) {
        self.marks.said(message);
        self.messages.push(message.clone());
        if self.messages.len() > Self::MESSAGES {
            self.messages.remove(0);
            self.has_earlier = true;
        }
    }
}
