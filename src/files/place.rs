//! Where the bytes of files lie: a folder of the data directory, or whatever object store a URL names.

use std::{
    path::{Path as Folder, PathBuf},
    sync::Arc,
};

use object_store::{
    ObjectStore, ObjectStoreExt as _, local::LocalFileSystem, memory::InMemory, prefix::PrefixStore,
};
use url::Url;

/// Where the bytes of files lie.
#[derive(Debug, Clone)]
pub struct FilePlace(pub(super) Arc<dyn ObjectStore>);

/// Why files can't be kept where they should.
#[derive(Debug, thiserror::Error)]
pub enum FilePlaceError {
    /// The folder can't be made.
    #[error("the folder {} for files can't be made", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The object store can't be used.
    #[error("files can't be kept at {place}")]
    Unusable {
        /// Which.
        place: String,
        /// Why.
        source: object_store::Error,
    },
}

impl FilePlace {
    /// A folder, which is made if it isn't there.
    ///
    /// # Errors
    /// [`FilePlaceError`].
    pub fn folder(folder: &Folder) -> Result<Self, FilePlaceError> {
        let unmade = |source| FilePlaceError::Folder { folder: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(unmade)?;
        let place = folder.display().to_string();
        let store = LocalFileSystem::new_with_prefix(folder)
            .map_err(|source| FilePlaceError::Unusable { place, source })?;
        // Nothing is acknowledged before it is durable.
        Ok(Self(Arc::new(store.with_fsync(true).with_automatic_cleanup(true))))
    }

    /// What a URL names, such as `s3://bucket/prefix`; the options say how to come in.
    ///
    /// # Errors
    /// [`FilePlaceError`].
    pub fn url(url: &Url, options: Vec<(String, String)>) -> Result<Self, FilePlaceError> {
        let unusable = |source| FilePlaceError::Unusable { place: url.to_string(), source };
        let (store, prefix) = object_store::parse_url_opts(url, options).map_err(unusable)?;
        Ok(Self(Arc::new(PrefixStore::new(store, prefix))))
    }

    /// The process's own memory, gone with it: for tests.
    #[must_use]
    pub fn memory() -> Self {
        Self(Arc::new(InMemory::new()))
    }

    /// Whether the place answers, without changing anything.
    ///
    /// # Errors
    /// Why it doesn't.
    pub async fn look(&self) -> Result<(), object_store::Error> {
        match self.0.head(&"nothing".into()).await {
            Ok(_) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
