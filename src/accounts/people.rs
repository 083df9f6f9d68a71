//! People: who can sign in, and whose team each is on.

use openchat_domain::{AgentId, BusinessId, Email, Name, UserId, agent::Role};
use openchat_projections::Db;
use serde::{Deserialize, Serialize};
use tokio_postgres::error::SqlState;
use utoipa::ToSchema;

use super::{AccountError, Accounts, Password, Token, sessions::text};
use crate::store::StoreError;

/// How long an invitation can be accepted, in days.
const INVITE_DAYS: i64 = 7;

/// A person who can sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "usr_019aafc33b7c7d80a1b2c3d4e5f60718", "name": "Olivia Owner", "email": "olivia@acme.com"
}))]
pub struct User {
    /// The person's id.
    pub id: UserId,
    /// The person's name.
    pub name: Name,
    /// The address that the person signs in with.
    pub email: Email,
}

/// A person's place on a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Whose team.
    pub tenant: BusinessId,
    /// Which agent the person is.
    pub agent: AgentId,
    /// What the agent may do.
    pub role: Role,
    /// The name that customers see.
    pub name: Name,
}

/// An open invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// To whose team.
    pub tenant: BusinessId,
    /// As which agent.
    pub agent: AgentId,
    /// For whom.
    pub email: Email,
}

/// Why nobody was signed up.
#[derive(Debug, thiserror::Error)]
pub enum SignUpRefusal {
    /// Somebody signs in with this address already.
    #[error("There already is an account with this e-mail address.")]
    EmailTaken,
    /// It could not be done.
    #[error(transparent)]
    Failed(#[from] AccountError),
}

const SIGN_UP: &str = "
    insert into users (user_id, email, name, password_hash, created_at) values ($1, $2, $3, $4, $5)";
const BY_EMAIL: &str = "select user_id, email, name, password_hash from users where lower(email) = lower($1)";
// Who was taken off a team may join another; nobody is on two.
const JOIN: &str = "
    insert into memberships as m (tenant_id, user_id, agent_id, created_at) values ($1, $2, $3, $4)
    on conflict (user_id) do update
    set tenant_id = excluded.tenant_id, agent_id = excluded.agent_id, created_at = excluded.created_at
    where (m.tenant_id = excluded.tenant_id and m.agent_id = excluded.agent_id) or exists (
        select from agents a
        where a.tenant_id = m.tenant_id and a.agent_id = m.agent_id and a.data->>'status' = 'deactivated')";
const LEAVE: &str = "delete from memberships where tenant_id = $1 and agent_id = $2 returning user_id";
const INVITE: &str = "
    insert into invites (tenant_id, agent_id, token_hash, email, expires_at) values ($1, $2, $3, $4, $5)
    on conflict (tenant_id, agent_id) do update
    set token_hash = excluded.token_hash, expires_at = excluded.expires_at where invites.used_at is null";
const INVITED: &str = "
    select tenant_id, agent_id, email from invites
    where token_hash = $1 and used_at is null and expires_at > $2";
const ACCEPTED: &str = "update invites set used_at = $3 where tenant_id = $1 and agent_id = $2";
const WITHDRAW: &str = "delete from invites where tenant_id = $1 and agent_id = $2 and used_at is null";

impl Accounts {
    /// Makes an account.
    ///
    /// # Errors
    /// [`SignUpRefusal`].
    pub async fn sign_up(
        &self,
        name: &Name,
        email: &Email,
        password: Password,
    ) -> Result<User, SignUpRefusal> {
        let hash = self.passwords.hash(password).await.map_err(|e| AccountError::Secret(e.to_string()))?;
        let user =
            User { id: UserId::from_uuid(self.clock.uuid()), name: name.clone(), email: email.clone() };
        let db = self.pools.worker().await.map_err(|e| AccountError::Store(e.into()))?;
        let (id, now) = (user.id.uuid(), self.clock.now());
        let done = db.execute(SIGN_UP, &[&id, &email.as_str(), &name.as_str(), &hash, &now]).await;
        match done {
            Ok(_) => Ok(user),
            Err(e) if e.code() == Some(&SqlState::UNIQUE_VIOLATION) => Err(SignUpRefusal::EmailTaken),
            Err(e) => Err(AccountError::Store(e.into()).into()),
        }
    }

    /// The account, when the password is its own. An unknown address takes as long as a wrong password.
    ///
    /// # Errors
    /// The store's.
    pub async fn sign_in(&self, email: &Email, password: Password) -> Result<Option<User>, StoreError> {
        let row = {
            let db = self.pools.worker().await?;
            db.query_opt(BY_EMAIL, &[&email.as_str()]).await?
        };
        let hash = row.as_ref().map(|row| row.get(3));
        if !self.passwords.verify(password, hash).await {
            return Ok(None);
        }
        row.map(|row| {
            Ok(User {
                id: UserId::from_uuid(row.try_get(0)?),
                email: text(row.try_get(1)?, "e-mail address")?,
                name: text(row.try_get(2)?, "name")?,
            })
        })
        .transpose()
    }

    /// Puts a person on a team, unless it is on another; says whether it is on this one now.
    ///
    /// # Errors
    /// The store's.
    pub async fn join(&self, user: UserId, tenant: BusinessId, agent: AgentId) -> Result<bool, StoreError> {
        let db = self.pools.worker().await?;
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&tenant.uuid(), &user.uuid(), &agent.uuid(), &self.clock.now()];
        let joined = db.execute(JOIN, &params).await? == 1;
        self.forget_people();
        Ok(joined)
    }

    /// Takes an agent's person off the team and ends its sessions; an invitation still open is withdrawn.
    ///
    /// # Errors
    /// The store's.
    pub async fn leave(&self, tenant: BusinessId, agent: AgentId) -> Result<(), StoreError> {
        let db = self.pools.tenant(tenant).await?;
        db.execute(WITHDRAW, &[&tenant.uuid(), &agent.uuid()]).await?;
        let left = db.query_opt(LEAVE, &[&tenant.uuid(), &agent.uuid()]).await?;
        drop(db);
        if let Some(row) = left {
            self.end_sessions_of(UserId::from_uuid(row.try_get(0)?)).await?;
        }
        Ok(())
    }

    /// Makes the secret for an invitation's link; an earlier one for the same agent stops working.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn invite(
        &self,
        tenant: BusinessId,
        agent: AgentId,
        email: &Email,
    ) -> Result<Token, AccountError> {
        let token = Token::generate().map_err(|e| AccountError::Secret(e.to_string()))?;
        let until = self.clock.now() + chrono::TimeDelta::days(INVITE_DAYS);
        let db = self.pools.tenant(tenant).await.map_err(StoreError::from)?;
        let hash = token.hash();
        db.execute(INVITE, &[&tenant.uuid(), &agent.uuid(), &hash.as_slice(), &email.as_str(), &until])
            .await
            .map_err(StoreError::from)?;
        Ok(token)
    }

    /// The open invitation that a link leads to.
    ///
    /// # Errors
    /// The store's.
    pub async fn invited(&self, token: &Token) -> Result<Option<Invited>, StoreError> {
        let db = self.pools.worker().await?;
        let row = db.query_opt(INVITED, &[&token.hash().as_slice(), &self.clock.now()]).await?;
        row.map(|row| {
            Ok(Invited {
                tenant: BusinessId::from_uuid(row.try_get(0)?),
                agent: AgentId::from_uuid(row.try_get(1)?),
                email: text(row.try_get(2)?, "e-mail address")?,
            })
        })
        .transpose()
    }

    /// Closes an invitation that was accepted.
    ///
    /// # Errors
    /// The store's.
    pub async fn accepted(&self, invited: &Invited) -> Result<(), StoreError> {
        let db = self.pools.tenant(invited.tenant).await?;
        let now = self.clock.now();
        db.execute(ACCEPTED, &[&invited.tenant.uuid(), &invited.agent.uuid(), &now]).await?;
        Ok(())
    }
}
