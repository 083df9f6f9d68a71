//! Throws away the files that no message names.

use chrono::TimeDelta;
use object_store::ObjectStoreExt as _;
use openchat_domain::{BusinessId, FileId};
use openchat_projections::Db;
use uuid::Uuid;

use super::{FileError, Files, ObjectError, SENDABLE, path};
use crate::store::StoreError;

/// How many files are looked at in one go.
const AT_ONCE: i64 = 100;
/// How much longer than it may be sent a file is kept: whoever is sending it has long finished then.
const AFTER: TimeDelta = TimeDelta::hours(1);

/// The oldest files of which nobody has asked the log yet, and whether it holds the message that names each: one of
/// the few events of the command that claimed it.
const UNSENT: &str = "
    select f.tenant_id, f.file_id, exists (
        select from events first join events e
            on e.tenant_id = first.tenant_id and e.position between first.position and first.position + 9
        where first.tenant_id = f.tenant_id and first.command_id = f.command_id and first.command_index = 0
          and e.command_id = f.command_id and e.event_type = 'MessagePosted'
          and e.payload #>> '{body,file,id}' = 'fil_' || replace(f.file_id::text, '-', ''))
    from files f where not f.sent and f.created_at < $1 order by f.created_at limit $2";
const KEEP: &str = "update files set sent = true where tenant_id = $1 and file_id = $2";
const FORGET: &str = "delete from files where tenant_id = $1 and file_id = $2";

impl Files {
    /// Deletes what was uploaded more than a day ago and is in no message; returns how many files that were.
    ///
    /// # Errors
    /// [`FileError`]; what could not be deleted is met again the next time.
    pub async fn sweep(&self) -> Result<u64, FileError> {
        let db = self.pools.worker().await.map_err(StoreError::from)?;
        let before = self.clock.now() - SENDABLE - AFTER;
        let rows = db.query(UNSENT, &[&before, &AT_ONCE]).await.map_err(StoreError::from)?;
        let mut swept = 0;
        for row in rows {
            let (tenant, file, named): (Uuid, Uuid, bool) = (row.get(0), row.get(1), row.get(2));
            if named {
                db.execute(KEEP, &[&tenant, &file]).await.map_err(StoreError::from)?;
                continue;
            }
            // The bytes first: a row without bytes is met again, bytes without a row never.
            match self.place.0.delete(&path(BusinessId::from_uuid(tenant), FileId::from_uuid(file))).await {
                Ok(()) | Err(ObjectError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            db.execute(FORGET, &[&tenant, &file]).await.map_err(StoreError::from)?;
            swept += 1;
        }
        Ok(swept)
    }
}
