//! The directory of businesses: their names in addresses, reserved before a business begins.

use openchat_domain::{AgentId, BusinessId, ChannelId, Name, UserId};
use openchat_projections::Db;
use tokio_postgres::Row;

use super::Accounts;
use crate::store::StoreError;

/// What is set aside for a person's business. Asking again gives the same, so that a setup that was cut short
/// goes on where it stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// The business's id.
    pub tenant: BusinessId,
    /// Its name in addresses.
    pub slug: String,
    /// The agent that its owner will be.
    pub agent: AgentId,
    /// Its default channel.
    pub channel: ChannelId,
}

/// The most characters of a slug that come from the business's name.
const SLUG_CHARS: usize = 48;

const RESERVE: &str = "
    insert into business_directory (tenant_id, slug, owner_id, agent_id, channel_id, created_at)
    values ($1, $2, $3, $4, $5, $6) on conflict do nothing";
const RESERVED: &str =
    "select tenant_id, slug, agent_id, channel_id from business_directory where owner_id = $1";

impl Accounts {
    /// Sets ids and a unique slug aside for a person's business.
    ///
    /// # Errors
    /// The store's.
    pub async fn reserve_business(&self, owner: UserId, name: &Name) -> Result<Reserved, StoreError> {
        let db = self.pools.worker().await?;
        let base = slug(name.as_str());
        for attempt in 1_u32.. {
            if let Some(row) = db.query_opt(RESERVED, &[&owner.uuid()]).await? {
                return read(&row);
            }
            let id = self.clock.uuid();
            let slug = match attempt {
                1 => base.clone(),
                2..=5 => format!("{base}-{attempt}"),
                // A popular name: stop counting up and take some digits of the fresh id.
                _ => format!("{base}-{:06x}", id.as_u128() & 0x00ff_ffff),
            };
            let (agent, channel) = (self.clock.uuid(), self.clock.uuid());
            db.execute(RESERVE, &[&id, &slug, &owner.uuid(), &agent, &channel, &self.clock.now()]).await?;
        }
        unreachable!("the loop ends by returning");
    }
}

fn read(row: &Row) -> Result<Reserved, StoreError> {
    Ok(Reserved {
        tenant: BusinessId::from_uuid(row.try_get(0)?),
        slug: row.try_get(1)?,
        agent: AgentId::from_uuid(row.try_get(2)?),
        channel: ChannelId::from_uuid(row.try_get(3)?),
    })
}

/// A business's name as it can stand in an address.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() == SLUG_CHARS {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "business".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_fit_for_an_address() {
        assert_eq!(slug("Acme Support"), "acme-support");
        assert_eq!(slug("  Müller & Söhne GmbH! "), "m-ller-s-hne-gmbh");
        assert_eq!(slug("支持"), "business");
        assert_eq!(slug(&"x".repeat(200)).len(), 48);
    }
}
