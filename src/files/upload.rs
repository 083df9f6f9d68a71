//! A file on its way in: counted, looked at, and passed on to the object store as it comes.

use std::{io, sync::Arc};

use bytes::Bytes;
use object_store::{ObjectStoreExt as _, buffered::BufWriter};
use openchat_domain::{BusinessId, File, MediaType};
use openchat_projections::Db;
use tokio::io::AsyncWriteExt as _;

use super::{FileError, FileRefusal, Files, ObjectError, path};
use crate::store::{StoreError, chain};

/// The least that object stores take as a part of something larger; what is smaller goes there in one request.
const PART: usize = 5 * 1024 * 1024;

const STORED: &str = "update files set size = $3 where tenant_id = $1 and file_id = $2";
const FORGET: &str = "delete from files where tenant_id = $1 and file_id = $2 and conversation_id is null";

/// A file on its way in. One that is dropped before its end is swept later.
pub struct Upload {
    files: Files,
    tenant: BusinessId,
    file: File,
    /// Its first bytes, until there are enough to tell what it is.
    beginning: Vec<u8>,
    writer: BufWriter,
    /// Whether the object store has been told that this was all.
    complete: bool,
}

impl Upload {
    pub(super) fn new(files: Files, tenant: BusinessId, file: File) -> Self {
        let store = Arc::clone(&files.place.0);
        let writer = BufWriter::with_capacity(store, path(tenant, file.id), PART).with_max_concurrency(1);
        Self {
            files,
            tenant,
            file,
            beginning: Vec::with_capacity(MediaType::BEGINNING),
            writer,
            complete: false,
        }
    }

    /// Takes the next bytes. After an error the file is to be [given up](Self::give_up).
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), FileError> {
        self.file.size += bytes.len() as u64;
        if self.file.size > File::MAX_BYTES {
            return Err(FileRefusal::TooLarge.into());
        }
        let missing = MediaType::BEGINNING - self.beginning.len();
        self.beginning.extend_from_slice(&bytes[..bytes.len().min(missing)]);
        if self.beginning.len() == MediaType::BEGINNING {
            self.check()?;
        }
        Ok(self.writer.put(bytes).await?)
    }

    /// Says that this was all of it: from here on the file can be sent.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn finish(&mut self) -> Result<File, FileError> {
        if self.file.size == 0 {
            return Err(FileRefusal::Empty.into());
        }
        self.check()?;
        self.complete = true;
        self.writer.shutdown().await.map_err(unfinished)?;
        let db = self.files.pools.tenant(self.tenant).await.map_err(StoreError::from)?;
        let size = i64::try_from(self.file.size).unwrap_or(i64::MAX);
        db.execute(STORED, &[&self.tenant.uuid(), &self.file.id.uuid(), &size])
            .await
            .map_err(StoreError::from)?;
        Ok(self.file.clone())
    }

    /// Leaves nothing behind of what has come so far.
    pub async fn give_up(self) {
        if let Err(error) = self.forget().await {
            // What is left is swept in a day.
            tracing::warn!(error = %chain(&error), "a file that was not taken was not forgotten either");
        }
    }

    fn check(&self) -> Result<(), FileRefusal> {
        if self.file.media_type.fits(&self.beginning) { Ok(()) } else { Err(FileRefusal::NotOfItsType) }
    }

    async fn forget(self) -> Result<(), FileError> {
        let Self { files, tenant, file, mut writer, complete, .. } = self;
        if complete {
            match files.place.0.delete(&path(tenant, file.id)).await {
                Ok(()) | Err(ObjectError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        } else {
            // Before its end nothing lies there under the file's name.
            writer.abort().await?;
        }
        let db = files.pools.tenant(tenant).await.map_err(StoreError::from)?;
        db.execute(FORGET, &[&tenant.uuid(), &file.id.uuid()]).await.map_err(StoreError::from)?;
        Ok(())
    }
}

fn unfinished(source: io::Error) -> ObjectError {
    ObjectError::Generic { store: "files", source: source.into() }
}
