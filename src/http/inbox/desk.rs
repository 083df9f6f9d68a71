//! An agent at work on one conversation: its commands, and the conversation as it is after them.

use actix_web::{ResponseError as _, http::StatusCode};
use openchat_domain::{
    BusinessId, ConversationId, Position,
    conversation::{Conversation, ConversationCommand, ConversationRefusal, Opened},
};
use openchat_projections::inbox::{self, ConversationView};

use super::answers::ConversationAfter;
use crate::{
    app::App,
    http::{
        Member, Problem, Reply, refused,
        reply::{head, settle},
    },
    store::{Context, Executed, StoreError, chain},
};

/// Who works on which conversation, which may not exist.
pub(super) struct Desk<'a> {
    pub(super) app: &'a App,
    pub(super) me: &'a Member,
    pub(super) id: ConversationId,
}

impl Desk<'_> {
    pub(super) fn tenant(&self) -> BusinessId {
        self.me.tenant()
    }

    /// The conversation as the log has it now, or 404.
    pub(super) async fn opened(&self) -> Result<Opened, Problem> {
        there(self.app.aggregates.state(self.tenant(), self.id).await?)
    }

    /// 404 if there is no such conversation.
    pub(super) async fn exists(&self) -> Result<(), Problem> {
        there(self.app.aggregates.recent(self.tenant(), self.id).await?).map(drop)
    }

    /// Carries a command out; a conflict tells the conversation as it is now.
    pub(super) async fn execute(
        &self,
        context: &Context,
        command: &ConversationCommand,
    ) -> Result<Executed, Problem> {
        match self.app.aggregates.execute::<Conversation>(context, self.id, command).await {
            Ok(done) => Ok(done),
            Err(error) => Err(self.told(error.into()).await),
        }
    }

    /// Carries a command out and answers with the conversation as it is after.
    pub(super) async fn change(
        &self,
        command: &ConversationCommand,
    ) -> Result<Reply<ConversationAfter>, Problem> {
        let done = self.execute(&self.me.context(), command).await?;
        Ok(self.after(&done).await)
    }

    /// The answer to a command: the conversation as it is after, unless the views are slow.
    pub(super) async fn after(&self, done: &Executed) -> Reply<ConversationAfter> {
        let conversation = self.seen_at(done.position).await;
        Reply::ok(ConversationAfter::new(conversation)).at(done.position)
    }

    /// A problem; if it is a conflict, with the conversation as it is now.
    pub(super) async fn told(&self, problem: Problem) -> Problem {
        if problem.status_code() != StatusCode::CONFLICT {
            return problem;
        }
        // What has just been recorded by somebody else is what the conflict is about, so the view must have it.
        let Ok(now) = head(self.app, self.tenant()).await else { return problem };
        match self.seen_at(now).await {
            Some(conversation) => problem.current(conversation),
            None => problem,
        }
    }

    /// The conversation once the views have seen a position; none when that takes too long.
    async fn seen_at(&self, position: Position) -> Option<ConversationView> {
        if !settle(self.app, self.tenant(), position).await {
            return None;
        }
        let read = async {
            let db = self.app.pools.tenant(self.tenant()).await?;
            Ok::<_, StoreError>(inbox::get(&db, self.tenant(), self.id).await?)
        };
        read.await.unwrap_or_else(|error| {
            tracing::warn!(error = %chain(&error), "a conversation could not be read back");
            None
        })
    }
}

fn there(conversation: Conversation) -> Result<Opened, Problem> {
    match conversation {
        Conversation::Opened(opened) => Ok(*opened),
        Conversation::NotOpened => Err(refused(&ConversationRefusal::NotFound)),
    }
}
