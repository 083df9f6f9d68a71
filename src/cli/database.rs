//! Reaching the database that a subcommand is about: the one named, the private one, or the one that a server holds.

use std::path::PathBuf;

use openchat::{
    config::DatabaseConfig,
    postgres::{PostgresError, PostgresOptions, PrivatePostgres},
    tls::{self, TrustError},
};
use tokio_postgres::{Config, config::SslMode};
use url::form_urlencoded;

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
    #[error("DATABASE_URL asks for TLS")]
    Trust(#[from] TrustError),
}

impl Database {
    /// Opens it for this process alone; a private one that a server holds is refused.
    pub(crate) async fn open(config: &DatabaseConfig) -> Result<Self, DatabaseError> {
        match &config.database_url {
            Some(url) => {
                let (address, roots) = address(url).map_err(DatabaseError::Url)?;
                if address.get_ssl_mode() == SslMode::Require {
                    tls::trust(roots.as_deref())?;
                }
                Ok(Self::Elsewhere(Box::new(address)))
            }
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

/// What an address says, and the file of roots that it names (`sslrootcert`).
///
/// libpq tells `require`, `verify-ca` and `verify-full` apart by how much of a certificate is checked. Here it is all of it,
/// always.
fn address(url: &str) -> Result<(Config, Option<PathBuf>), tokio_postgres::Error> {
    let Some((base, settings)) = url.split_once('?') else { return Ok((url.parse()?, None)) };
    let mut roots = None;
    let mut known = vec![];
    for setting in settings.split('&') {
        match setting.split_once('=') {
            Some(("sslrootcert", _)) => {
                let value =
                    form_urlencoded::parse(setting.as_bytes()).next().map(|(_, file)| file.into_owned());
                roots = value.filter(|file| file != "system").map(PathBuf::from);
            }
            Some(("sslmode", "verify-ca" | "verify-full")) => known.push("sslmode=require"),
            _ => known.push(setting),
        }
    }
    Ok((format!("{base}?{}", known.join("&")).parse()?, roots))
}

fn options(config: &DatabaseConfig) -> PostgresOptions {
    PostgresOptions {
        bin: config.oc_postgres_bin.clone(),
        path: config.path.clone(),
        ..PostgresOptions::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_whether_and_whom_to_trust() {
        let read = |settings: &str| {
            let (config, roots) = address(&format!("postgres://me@db/chat{settings}")).unwrap();
            (config.get_ssl_mode(), roots, config.get_application_name().map(str::to_owned))
        };
        assert_eq!(read(""), (SslMode::Prefer, None, None));
        assert_eq!(read("?sslmode=disable"), (SslMode::Disable, None, None));
        assert_eq!(read("?sslmode=require&sslrootcert=system"), (SslMode::Require, None, None));
        let full = "?application_name=a%20b&sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem";
        assert_eq!(read(full), (SslMode::Require, Some("/etc/ca.pem".into()), Some("a b".to_owned())));
        assert!(address("postgres://me@db/chat?sslmode=perhaps").is_err());
    }
}
