//! Brings a database's schema to the version that this binary was built with: numbered, forward only.

use tokio_postgres::{Client, Config};

use super::pool::connect;

/// The migrations in order; their files are never changed once released.
const MIGRATIONS: &[(i32, &str, &str)] = &[
    (1, "log", include_str!("../../migrations/0001_log.sql")),
    (2, "read models", include_str!("../../migrations/0002_read_models.sql")),
    (3, "accounts", include_str!("../../migrations/0003_accounts.sql")),
    (4, "portal", include_str!("../../migrations/0004_portal.sql")),
    (5, "files", include_str!("../../migrations/0005_files.sql")),
    (6, "calls", include_str!("../../migrations/0006_calls.sql")),
    (7, "launch", include_str!("../../migrations/0007_launch.sql")),
    (8, "nodes", include_str!("../../migrations/0008_nodes.sql")),
    (9, "read_models_built", include_str!("../../migrations/0009_read_models_built.sql")),
    (10, "conditions on aggregates", include_str!("../../migrations/0010_conditions_on_aggregates.sql")),
    (11, "calls in a column", include_str!("../../migrations/0011_calls_in_a_column.sql")),
];

/// Two nodes that start together must not both migrate.
const LOCK: i64 = 0x6f70_656e_6368_6174;

/// Why a database can't be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// It can't be reached.
    #[error("the database can't be reached")]
    Connect(#[source] tokio_postgres::Error),
    /// A migration failed; the database is as it was before that one.
    #[error("migration {number} ({name}) failed")]
    Failed {
        /// Its number.
        number: i32,
        /// Its name.
        name: &'static str,
        /// Why.
        source: tokio_postgres::Error,
    },
    /// The list of migrations can't be read or written.
    #[error("the list of applied migrations can't be kept")]
    Bookkeeping(#[source] tokio_postgres::Error),
    /// A newer release has been here.
    #[error("the database has migration {found}, this release knows {known}; run the newer release")]
    Newer {
        /// What the database has.
        found: i32,
        /// What this binary has.
        known: i32,
    },
}

/// The number of the latest migration that this binary brings.
#[must_use]
pub fn latest_migration() -> i32 {
    MIGRATIONS.last().map_or(0, |(number, _, _)| *number)
}

/// Applies what is missing and returns how many migrations that were.
///
/// # Errors
/// [`MigrateError`]; a failed migration leaves nothing behind.
pub async fn migrate(config: &Config) -> Result<usize, MigrateError> {
    let (mut client, driver) = connect(config).await.map_err(MigrateError::Connect)?;
    let applied = apply_missing(&mut client).await;
    drop(client);
    // The connection ends once its client is gone; its own error has reached the statement that met it.
    let _ = driver.await;
    applied
}

async fn apply_missing(client: &mut Client) -> Result<usize, MigrateError> {
    client.execute("select pg_advisory_lock($1)", &[&LOCK]).await.map_err(MigrateError::Bookkeeping)?;
    client
        .batch_execute(
            "set client_min_messages = warning;
             create table if not exists migrations (
                 number int primary key, name text not null, applied_at timestamptz not null default now())",
        )
        .await
        .map_err(MigrateError::Bookkeeping)?;
    let row = client
        .query_one("select coalesce(max(number), 0) from migrations", &[])
        .await
        .map_err(MigrateError::Bookkeeping)?;
    let found: i32 = row.get(0);
    let known = latest_migration();
    if found > known {
        return Err(MigrateError::Newer { found, known });
    }
    let missing = || MIGRATIONS.iter().filter(|(number, _, _)| *number > found);
    for &(number, name, sql) in missing() {
        let failed = |source| MigrateError::Failed { number, name, source };
        let tx = client.transaction().await.map_err(failed)?;
        tx.batch_execute(sql).await.map_err(failed)?;
        tx.execute("insert into migrations (number, name) values ($1, $2)", &[&number, &name])
            .await
            .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
    }
    Ok(missing().count())
}
