//! The little that read models need of a database connection.

use std::future::Future;

use tokio_postgres::{Row, types::ToSql};

/// Parameters of a statement.
pub type Sql<'a> = [&'a (dyn ToSql + Sync)];

/// A statement failed.
pub type DbError = tokio_postgres::Error;

/// A connection, scoped transaction or pool handle that runs prepared statements.
///
/// An implementation for requests is bound to one tenant (row-level security sees to it underneath);
/// the projector's serves all tenants of a batch inside its transaction.
pub trait Db: Sync {
    /// Runs a statement and returns its rows; statements are prepared once per connection.
    fn query(
        &self,
        sql: &'static str,
        params: &Sql<'_>,
    ) -> impl Future<Output = Result<Vec<Row>, DbError>> + Send;

    /// Runs a statement and returns how many rows it touched.
    fn execute(
        &self,
        sql: &'static str,
        params: &Sql<'_>,
    ) -> impl Future<Output = Result<u64, DbError>> + Send;

    /// The first row, if any.
    fn query_opt(
        &self,
        sql: &'static str,
        params: &Sql<'_>,
    ) -> impl Future<Output = Result<Option<Row>, DbError>> + Send {
        async move { Ok(self.query(sql, params).await?.into_iter().next()) }
    }
}

/// Why a query gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The statement failed.
    #[error("the read model could not be read")]
    Db(#[from] DbError),
    /// A row doesn't hold what its read model writes.
    #[error("the read model holds an unreadable {what}")]
    Unreadable {
        /// What could not be read.
        what: &'static str,
    },
}
