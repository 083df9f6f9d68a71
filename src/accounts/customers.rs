//! Customers' sessions in the webchat, and the handoff links that lead to them.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use openchat_domain::{BusinessId, CustomerId, KeyId, SessionId};
use openchat_projections::Db;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{AccountError, Accounts, Known, Token};
use crate::store::StoreError;

/// A customer's session: it opens this customer's own conversations and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CustomerSession {
    /// The session's public name, for the audit trail and the rate limit.
    pub id: SessionId,
    /// Whose customer.
    pub tenant: BusinessId,
    /// Which customer.
    pub customer: CustomerId,
    /// How the customer came in.
    pub entry: CustomerEntry,
    /// Until when it lasts.
    pub expires_at: DateTime<Utc>,
}

/// How a customer came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomerEntry {
    /// Through the widget, with this key.
    Widget(KeyId),
    /// Through a link that the business's backend asked for.
    Handoff,
}

/// A link that can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handoff {
    /// Whose customer.
    pub tenant: BusinessId,
    /// Which customer.
    pub customer: CustomerId,
}

/// Why a link opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum HandoffRefusal {
    /// There is no such link.
    #[error("This support link is unknown here. Go back to where it came from and open support again.")]
    Unknown,
    /// It was opened before.
    #[error("This support link was used already. Go back to where it came from and open support again.")]
    Used,
    /// It is too old.
    #[error("This support link has expired. Go back to where it came from and open support again.")]
    Expired,
    /// It could not be looked up.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const HAND_OFF: &str = "
    with first as (
        insert into first_handoffs (tenant_id, first_at) values ($1, $5) on conflict do nothing
    )
    insert into handoffs (tenant_id, token_hash, customer_id, key_id, created_at, expires_at)
    values ($1, $2, $3, $4, $5, $6)";
const LOOK: &str = "select tenant_id, customer_id, used_at, expires_at from handoffs where token_hash = $1";
const REDEEM: &str = "
    update handoffs set used_at = $2 where token_hash = $1 and used_at is null and expires_at > $2
    returning tenant_id, customer_id";
const BEGIN: &str = "
    insert into customer_sessions (tenant_id, session_id, token_hash, customer_id, key_id, created_at, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7)";
const FIND: &str = "
    select session_id, tenant_id, customer_id, key_id, expires_at from customer_sessions
    where token_hash = $1 and revoked_at is null and expires_at > $2";
const REVOKE: &str = "
    update customer_sessions set revoked_at = $3
    where tenant_id = $1 and session_id = $2 and revoked_at is null";

impl Handoff {
    /// How long a link can be opened.
    pub const LIFETIME: TimeDelta = TimeDelta::minutes(10);
}

impl CustomerEntry {
    /// How long a session lasts: a visitor of the website finds its conversation again for a month; who came by
    /// a link may be at somebody else's computer and asks for a new link the next day.
    const fn lifetime(self) -> TimeDelta {
        match self {
            Self::Widget(_) => TimeDelta::days(30),
            Self::Handoff => TimeDelta::days(1),
        }
    }
}

impl Accounts {
    /// Makes a link's secret for a customer.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn hand_off(
        &self,
        tenant: BusinessId,
        customer: CustomerId,
        key: KeyId,
    ) -> Result<Token, AccountError> {
        let token = Token::generate().map_err(|e| AccountError::Secret(e.to_string()))?;
        let (now, hash) = (self.clock.now(), token.hash());
        let until = now + Handoff::LIFETIME;
        let db = self.pools.tenant(tenant).await.map_err(StoreError::from)?;
        db.execute(
            HAND_OFF,
            &[&tenant.uuid(), &hash.as_slice(), &customer.uuid(), &key.uuid(), &now, &until],
        )
        .await
        .map_err(StoreError::from)?;
        Ok(token)
    }

    /// What a link leads to, without using it up: for the page that it opens.
    ///
    /// # Errors
    /// [`HandoffRefusal`].
    pub async fn handoff(&self, token: &Token) -> Result<Handoff, HandoffRefusal> {
        let db = self.pools.worker().await.map_err(StoreError::from)?;
        let row = db.query_opt(LOOK, &[&token.hash().as_slice()]).await.map_err(StoreError::from)?;
        let row = row.ok_or(HandoffRefusal::Unknown)?;
        let used: Option<DateTime<Utc>> = row.try_get(2).map_err(StoreError::from)?;
        let until: DateTime<Utc> = row.try_get(3).map_err(StoreError::from)?;
        match used {
            Some(_) => Err(HandoffRefusal::Used),
            None if until <= self.clock.now() => Err(HandoffRefusal::Expired),
            None => Ok(handed_off(&row)?),
        }
    }

    /// Uses a link up; of two who try, one gets it.
    ///
    /// # Errors
    /// [`HandoffRefusal`].
    pub async fn redeem_handoff(&self, token: &Token) -> Result<Handoff, HandoffRefusal> {
        let db = self.pools.worker().await.map_err(StoreError::from)?;
        let redeemed = db.query_opt(REDEEM, &[&token.hash().as_slice(), &self.clock.now()]).await;
        match redeemed.map_err(StoreError::from)? {
            Some(row) => Ok(handed_off(&row)?),
            None => Err(self.handoff(token).await.err().unwrap_or(HandoffRefusal::Used)),
        }
    }

    /// Begins a customer's session. The token goes to the webchat and is kept nowhere.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn begin_customer_session(
        &self,
        tenant: BusinessId,
        customer: CustomerId,
        entry: CustomerEntry,
    ) -> Result<(Token, CustomerSession), AccountError> {
        let token = Token::generate().map_err(|e| AccountError::Secret(e.to_string()))?;
        let (id, now) = (SessionId::from_uuid(self.clock.uuid()), self.clock.now());
        let session = CustomerSession { id, tenant, customer, entry, expires_at: now + entry.lifetime() };
        let (key, hash) = (entry.key().map(KeyId::uuid), token.hash());
        let db = self.pools.tenant(tenant).await.map_err(StoreError::from)?;
        db.execute(
            BEGIN,
            &[
                &tenant.uuid(),
                &id.uuid(),
                &hash.as_slice(),
                &customer.uuid(),
                &key,
                &now,
                &session.expires_at,
            ],
        )
        .await
        .map_err(StoreError::from)?;
        Ok((token, session))
    }

    /// The customer's session that a token opens, if it does.
    ///
    /// # Errors
    /// The store's.
    pub async fn customer_session(&self, token: &Token) -> Result<Option<Arc<CustomerSession>>, StoreError> {
        let hash = token.hash();
        if let Some(known) = self.memory.customers.get(&hash).filter(Known::is_fresh) {
            return Ok(known.answer);
        }
        let db = self.pools.worker().await?;
        let row = db.query_opt(FIND, &[&hash.as_slice(), &self.clock.now()]).await?;
        let session = row.map(|row| read(&row)).transpose()?.map(Arc::new);
        self.memory.customers.insert(hash, Known::new(session.clone()));
        Ok(session)
    }

    /// Ends a customer's session, at once in this process and within a second elsewhere.
    ///
    /// # Errors
    /// The store's.
    pub async fn end_customer_session(&self, session: &CustomerSession) -> Result<(), StoreError> {
        let db = self.pools.tenant(session.tenant).await?;
        db.execute(REVOKE, &[&session.tenant.uuid(), &session.id.uuid(), &self.clock.now()]).await?;
        self.memory.customers.retain(|_, known| known.answer.as_ref().is_none_or(|s| s.id != session.id));
        self.tell_ended(session.id);
        Ok(())
    }
}

impl CustomerEntry {
    const fn key(self) -> Option<KeyId> {
        match self {
            Self::Widget(key) => Some(key),
            Self::Handoff => None,
        }
    }
}

fn handed_off(row: &Row) -> Result<Handoff, StoreError> {
    let tenant = BusinessId::from_uuid(row.try_get(0)?);
    Ok(Handoff { tenant, customer: CustomerId::from_uuid(row.try_get(1)?) })
}

fn read(row: &Row) -> Result<CustomerSession, StoreError> {
    let key = row.try_get::<_, Option<Uuid>>(3)?.map(KeyId::from_uuid);
    Ok(CustomerSession {
        id: SessionId::from_uuid(row.try_get(0)?),
        tenant: BusinessId::from_uuid(row.try_get(1)?),
        customer: CustomerId::from_uuid(row.try_get(2)?),
        entry: key.map_or(CustomerEntry::Handoff, CustomerEntry::Widget),
        expires_at: row.try_get(4)?,
    })
}
