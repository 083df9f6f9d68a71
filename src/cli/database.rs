//! Reaching the database that a subcommand is about: the one named, the private one, or the one that a server holds.

use openchat::{
    config::DatabaseConfig,
    postgres::{PostgresError, PostgresOptions, PrivatePostgres},
};
use tokio_postgres::Config;

/// A database that can be connected to.
pub(crate) enum Database {
    /// One that somebody else looks after: `DATABASE_URL`'s, or the private one of a server that runs.
    Elsewhere(Box<Config>),
    /// The private one, held by this process.
    Private(PrivatePostgres),
}

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    #[error("DATABASE_URL is not a Postgres address")]
    Url(#[source] tokio_postgres::Error),
}

impl Database {
    /// Opens it for this process alone; a private one that a server holds is refused.
    pub(crate) async fn open(config: &DatabaseConfig) -> Result<Self, DatabaseError> {
        match &config.database_url {
            Some(url) => Ok(Self::Elsewhere(Box::new(url.parse().map_err(DatabaseError::Url)?))),
            None => Ok(Self::Private(PrivatePostgres::start(&config.oc_data_dir, options(config)).await?)),
        }
    }

    /// Opens it, or joins the server that holds it and goes on.
    pub(crate) async fn join(config: &DatabaseConfig) -> Result<Self, DatabaseError> {
        match Self::open(config).await {
            Err(DatabaseError::Postgres(PostgresError::AlreadyServed { .. })) => {
                let held = PrivatePostgres::held_by_another(&config.oc_data_dir, options(config)).await?;
                Ok(Self::Elsewhere(Box::new(held)))
            }
            opened => opened,
        }
    }

    /// How to connect.
    pub(crate) fn config(&self) -> Config {
        match self {
            Self::Elsewhere(config) => config.as_ref().clone(),
            Self::Private(postgres) => postgres.connection(),
        }
    }

    /// Stops it, if this process started it.
    pub(crate) async fn close(self) -> Result<(), DatabaseError> {
        if let Self::Private(postgres) = self {
            postgres.stop().await?;
        }
        Ok(())
    }
}

fn options(config: &DatabaseConfig) -> PostgresOptions {
    PostgresOptions {
        bin: config.oc_postgres_bin.clone(),
        path: config.path.clone(),
        ..PostgresOptions::default()
    }
}
