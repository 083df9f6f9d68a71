//! People's sessions: rows behind an opaque cookie, looked up at most once a second each.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use openchat_domain::{AgentId, BusinessId, Email, Name, SessionId, UserId, agent::Role};
use openchat_projections::Db;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{AccountError, Accounts, Known, Member, Token, User};
use crate::store::StoreError;

/// A signed-in person, as of at most a second ago.
#[derive(Debug, Clone)]
pub struct Session {
    /// The session's public name, for the audit trail.
    pub id: SessionId,
    /// Who signed in.
    pub user: User,
    /// Its place on a team, when it has one.
    pub member: Option<Member>,
    /// Until when it lasts unless it is used.
    pub expires_at: DateTime<Utc>,
}

const BEGIN: &str = "
    insert into sessions (session_id, token_hash, user_id, created_at, expires_at) values ($1, $2, $3, $4, $5)";
const FIND: &str = "
    select s.session_id, s.expires_at, u.user_id, u.email, u.name,
           m.tenant_id, m.agent_id, a.data->>'role', a.data->>'name'
    from sessions s
    join users u on u.user_id = s.user_id
    left join memberships m on m.user_id = s.user_id
    left join agents a on a.tenant_id = m.tenant_id and a.agent_id = m.agent_id and a.data->>'status' = 'active'
    where s.token_hash = $1 and s.revoked_at is null and s.expires_at > $2";
const SLIDE: &str = "update sessions set expires_at = $2 where session_id = $1 and expires_at < $2";
const REVOKE: &str =
    "update sessions set revoked_at = $2 where session_id = $1 and revoked_at is null returning session_id";
const OVER: &str = "
    select id from unnest($1::uuid[]) id
    where not exists (select from sessions where session_id = id and revoked_at is null and expires_at > $2)
      and not exists (select from customer_sessions where session_id = id and revoked_at is null and expires_at > $2)";
const REVOKE_ALL: &str =
    "update sessions set revoked_at = $2 where user_id = $1 and revoked_at is null returning session_id";

impl Session {
    /// How long a session lasts that nobody uses.
    pub const LIFETIME: TimeDelta = TimeDelta::days(30);
    /// A session that was used is prolonged once it has lost this much of its life.
    const WORTH_SLIDING: TimeDelta = TimeDelta::days(1);
}

impl Accounts {
    /// Begins a person's session. The token goes into the cookie and is kept nowhere.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn begin_session(&self, user: UserId) -> Result<Token, AccountError> {
        let token = Token::generate().map_err(|e| AccountError::Secret(e.to_string()))?;
        let (id, now) = (self.clock.uuid(), self.clock.now());
        let db = self.pools.worker().await.map_err(StoreError::from)?;
        let hash = token.hash();
        db.execute(BEGIN, &[&id, &hash.as_slice(), &user.uuid(), &now, &(now + Session::LIFETIME)])
            .await
            .map_err(StoreError::from)?;
        Ok(token)
    }

    /// The session that a cookie opens, if it does.
    ///
    /// # Errors
    /// The store's.
    pub async fn session(&self, token: &Token) -> Result<Option<Arc<Session>>, StoreError> {
        let hash = token.hash();
        if let Some(known) = self.memory.sessions.get(&hash).filter(Known::is_fresh) {
            return Ok(known.answer);
        }
        let now = self.clock.now();
        let db = self.pools.worker().await?;
        let row = db.query_opt(FIND, &[&hash.as_slice(), &now]).await?;
        let session = row.map(|row| read(&row)).transpose()?.map(Arc::new);
        if let Some(session) = &session
            && session.expires_at - now < Session::LIFETIME - Session::WORTH_SLIDING
        {
            db.execute(SLIDE, &[&session.id.uuid(), &(now + Session::LIFETIME)]).await?;
        }
        self.memory.sessions.insert(hash, Known::new(session.clone()));
        Ok(session)
    }

    /// Ends one session, at once in this process and within a second elsewhere.
    ///
    /// # Errors
    /// The store's.
    pub async fn end_session(&self, session: SessionId) -> Result<(), StoreError> {
        let db = self.pools.worker().await?;
        let ended = db.query(REVOKE, &[&session.uuid(), &self.clock.now()]).await?;
        self.forget_sessions(&ended);
        Ok(())
    }

    /// Ends every session of a person, at once in this process and within a second elsewhere.
    ///
    /// # Errors
    /// The store's.
    pub async fn end_sessions_of(&self, user: UserId) -> Result<(), StoreError> {
        let db = self.pools.worker().await?;
        let ended = db.query(REVOKE_ALL, &[&user.uuid(), &self.clock.now()]).await?;
        self.forget_sessions(&ended);
        Ok(())
    }

    /// Those of the given sessions, people's or customers', that are over.
    ///
    /// # Errors
    /// The store's.
    pub async fn over(&self, sessions: &[SessionId]) -> Result<Vec<SessionId>, StoreError> {
        let ids: Vec<Uuid> = sessions.iter().map(|id| id.uuid()).collect();
        let db = self.pools.worker().await?;
        let rows = db.query(OVER, &[&ids, &self.clock.now()]).await?;
        Ok(rows.iter().map(|row| SessionId::from_uuid(row.get(0))).collect())
    }

    /// Looks everybody up anew, after something about a person's place or role has changed.
    pub fn forget_people(&self) {
        self.memory.sessions.clear();
    }

    fn forget_sessions(&self, ended: &[Row]) {
        self.forget_people();
        for row in ended {
            self.tell_ended(SessionId::from_uuid(row.get(0)));
        }
    }
}

fn read(row: &Row) -> Result<Session, StoreError> {
    let member = match (row.try_get(5)?, row.try_get(6)?, row.try_get(7)?, row.try_get(8)?) {
        (Some(tenant), Some(agent), Some(role), Some(name)) => Some(Member {
            tenant: BusinessId::from_uuid(tenant),
            agent: AgentId::from_uuid(agent),
            role: text::<Role>(role, "role")?,
            name: text::<Name>(name, "name")?,
        }),
        _ => None,
    };
    Ok(Session {
        id: SessionId::from_uuid(row.try_get(0)?),
        user: User {
            id: UserId::from_uuid(row.try_get::<_, Uuid>(2)?),
            email: text::<Email>(row.try_get(3)?, "e-mail address")?,
            name: text::<Name>(row.try_get(4)?, "name")?,
        },
        member,
        expires_at: row.try_get(1)?,
    })
}

/// A stored text as what it was checked to be when it was stored.
pub(super) fn text<T: DeserializeOwned>(text: String, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_value(Value::String(text))
        .map_err(|_| openchat_projections::QueryError::Unreadable { what }.into())
}
