//! Whose links those are that handoffs make, whatever has become of them.

use openchat_domain::{BusinessId, KeyId};
use openchat_projections::Db;

use super::{Accounts, Token};
use crate::store::StoreError;

const MADE_BY: &str = "select tenant_id, key_id from handoffs where token_hash = $1";

impl Accounts {
    /// The business that a link is of, and the key with which its backend asked for it; none when there is no such
    /// link. One that was used or is old still has them.
    ///
    /// # Errors
    /// The store's.
    pub async fn link_made_by(&self, token: &Token) -> Result<Option<(BusinessId, KeyId)>, StoreError> {
        let db = self.pools.worker().await?;
        let row = db.query_opt(MADE_BY, &[&token.hash().as_slice()]).await?;
        row.map(|row| Ok((BusinessId::from_uuid(row.try_get(0)?), KeyId::from_uuid(row.try_get(1)?))))
            .transpose()
    }
}
