//! Files that people send each other: bytes in an object store, and a row beside the log that says whose they are.
//!
//! An upload makes a row, then an object, then says in the row that all of it is there. A message that is about to name the
//! file claims the row for its command; the message itself is an event. So whatever a crash interrupts leaves a file that no
//! message names, and those are swept after a day.

mod place;
mod sweep;
mod upload;

use std::fmt;

use bytes::Bytes;
use chrono::TimeDelta;
use futures_util::stream::BoxStream;
use object_store::{ObjectStoreExt as _, path::Path};
use openchat_domain::{
    AgentId, BusinessId, CommandId, ConversationId, CustomerId, File, FileId, FileName, MediaType,
};
use openchat_projections::Db;
use tokio_postgres::Row;
use uuid::Uuid;

pub use object_store::Error as ObjectError;
pub use place::{FilePlace, FilePlaceError};
pub use upload::Upload;

use crate::{
    clock::Clock,
    store::{Pools, StoreError},
};

/// How long an uploaded file may be sent. It is swept an hour later, when nobody can be about to send it.
const SENDABLE: TimeDelta = TimeDelta::days(1);
/// How many files somebody may have uploaded without sending them.
const MOST_UNSENT: i64 = 20;

/// The files of every business.
#[derive(Debug, Clone)]
pub struct Files {
    place: FilePlace,
    pools: Pools,
    clock: Clock,
}

/// Who uploads: a customer or an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploader(String);

/// A file that was sent, and where it may be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentFile {
    /// The file.
    pub file: File,
    /// The conversation that it was sent in.
    pub conversation: ConversationId,
}

/// Why a file is not taken or not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileRefusal {
    /// It has too many bytes.
    #[error("A file may have at most {} MiB.", File::MAX_BYTES / 1024 / 1024)]
    TooLarge,
    /// It is of a kind that may not be sent.
    #[error("Files of this type can't be sent.")]
    TypeNotAllowed,
    /// It isn't what it claims to be.
    #[error("This file's content is not of the type that it is said to be.")]
    NotOfItsType,
    /// There is nothing in it.
    #[error("This file is empty.")]
    Empty,
    /// Its uploader keeps many files without sending them.
    #[error("Send the files that you have uploaded before you upload more.")]
    TooManyUnsent,
    /// There is no such file, for this asker.
    #[error("There is no such file.")]
    NotFound,
    /// Another message has it.
    #[error("This file was sent already; upload it again to send it again.")]
    AlreadySent,
}

/// What can go wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is not taken.
    #[error(transparent)]
    Refused(#[from] FileRefusal),
    /// The rows can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bytes can't be read or written.
    #[error("the object store failed")]
    Object(#[from] ObjectError),
}

const COUNT_UNSENT: &str =
    "select count(*) from files where tenant_id = $1 and uploader = $2 and conversation_id is null";
const BEGIN: &str = "
    insert into files (tenant_id, file_id, uploader, name, media_type, created_at) values ($1, $2, $3, $4, $5, $6)";
const LOOK: &str = "
    select name, media_type, size, command_id, created_at > $4 from files
    where tenant_id = $1 and file_id = $2 and uploader = $3 and size is not null";
const CLAIM: &str = "
    update files set conversation_id = $4, command_id = $5
    where tenant_id = $1 and file_id = $2 and uploader = $3 and size is not null
      and (command_id = $5 or command_id is null and created_at > $6)
    returning name, media_type, size";
const SENT: &str = "
    select name, media_type, size, conversation_id from files
    where tenant_id = $1 and file_id = $2 and size is not null and conversation_id is not null";

impl Files {
    /// The files whose bytes lie in this place.
    #[must_use]
    pub const fn new(place: FilePlace, pools: Pools, clock: Clock) -> Self {
        Self { place, pools, clock }
    }

    /// Begins to take a file.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn begin(
        &self,
        tenant: BusinessId,
        uploader: &Uploader,
        name: FileName,
        media_type: MediaType,
    ) -> Result<Upload, FileError> {
        let db = self.pools.tenant(tenant).await.map_err(StoreError::from)?;
        let owner = (&tenant.uuid(), &uploader.0);
        let row = db.query_opt(COUNT_UNSENT, &[owner.0, owner.1]).await.map_err(StoreError::from)?;
        if row.is_some_and(|row| row.get::<_, i64>(0) >= MOST_UNSENT) {
            return Err(FileRefusal::TooManyUnsent.into());
        }
        let id = FileId::from_uuid(self.clock.uuid());
        let (named, kind) = (name.as_str(), media_type.as_str());
        db.execute(BEGIN, &[owner.0, &id.uuid(), owner.1, &named, &kind, &self.clock.now()])
            .await
            .map_err(StoreError::from)?;
        Ok(Upload::new(self.clone(), tenant, File { id, name, media_type, size: 0 }))
    }

    /// Asserts that somebody could send a file, under this command.
    ///
    /// # Errors
    /// [`FileRefusal::NotFound`], [`FileRefusal::AlreadySent`], or the store's.
    pub async fn look(
        &self,
        tenant: BusinessId,
        uploader: &Uploader,
        id: FileId,
        command: CommandId,
    ) -> Result<(), FileError> {
        let db = self.pools.tenant(tenant).await.map_err(StoreError::from)?;
        let since = self.clock.now() - SENDABLE;
        let row = db.query_opt(LOOK, &[&tenant.uuid(), &id.uuid(), &uploader.0, &since]).await;
        let row = row.map_err(StoreError::from)?.ok_or(FileRefusal::NotFound)?;
        match (row.get::<_, Option<Uuid>>(3), row.get(4)) {
            (Some(claimed), _) if claimed == command.uuid() => Ok(()),
            (Some(_), _) => Err(FileRefusal::AlreadySent.into()),
            (None, true) => Ok(()),
            (None, false) => Err(FileRefusal::NotFound.into()),
        }
    }

    /// Keeps a file for the message that a command is about to post; the same command may ask again.
    ///
    /// # Errors
    /// [`FileRefusal::NotFound`], [`FileRefusal::AlreadySent`], or the store's.
    pub async fn claim(
        &self,
        tenant: BusinessId,
        uploader: &Uploader,
        id: FileId,
        conversation: ConversationId,
        command: CommandId,
    ) -> Result<File, FileError> {
        let db = self.pools.tenant(tenant).await.map_err(StoreError::from)?;
        let (tenant_id, file, talk) = (tenant.uuid(), id.uuid(), conversation.uuid());
        let since = self.clock.now() - SENDABLE;
        let claimed = db
            .query_opt(CLAIM, &[&tenant_id, &file, &uploader.0, &talk, &command.uuid(), &since])
            .await
            .map_err(StoreError::from)?;
        match claimed {
            Some(row) => Ok(read(id, &row)?),
            None => {
                self.look(tenant, uploader, id, command).await?;
                // It could have been sent when we looked, and not a moment before.
                Err(FileRefusal::NotFound.into())
            }
        }
    }

    /// A file that was sent.
    ///
    /// # Errors
    /// The store's.
    pub async fn sent(&self, tenant: BusinessId, id: FileId) -> Result<Option<SentFile>, StoreError> {
        let db = self.pools.tenant(tenant).await?;
        let row = db.query_opt(SENT, &[&tenant.uuid(), &id.uuid()]).await?;
        row.map(|row| {
            let conversation = ConversationId::from_uuid(row.try_get(3)?);
            Ok(SentFile { file: read(id, &row)?, conversation })
        })
        .transpose()
    }

    /// A file's bytes, as they come from the store.
    ///
    /// # Errors
    /// The object store's.
    pub async fn bytes(
        &self,
        tenant: BusinessId,
        id: FileId,
    ) -> Result<BoxStream<'static, Result<Bytes, ObjectError>>, ObjectError> {
        Ok(self.place.0.get(&path(tenant, id)).await?.into_stream())
    }
}

impl From<CustomerId> for Uploader {
    fn from(id: CustomerId) -> Self {
        Self(id.to_string())
    }
}

impl From<AgentId> for Uploader {
    fn from(id: AgentId) -> Self {
        Self(id.to_string())
    }
}

impl fmt::Display for Uploader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a file's bytes lie.
fn path(tenant: BusinessId, id: FileId) -> Path {
    Path::from(format!("{tenant}/{id}"))
}

/// A file as its row, which begins with name, kind and size, has it.
fn read(id: FileId, row: &Row) -> Result<File, StoreError> {
    let (name, media_type, size): (String, String, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let unreadable = || StoreError::Refused(format!("{id} is of the unknown type {media_type}").into());
    Ok(File {
        id,
        name: FileName::new(&name),
        media_type: MediaType::new(&media_type).ok_or_else(unreadable)?,
        size: u64::try_from(size).unwrap_or_default(),
    })
}
