//! The little that read models need of a database connection, and what they want written.

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

/// A statement that is to be carried out, with its parameters.
///
/// A fold asks for what it needs and comes to writes, so that whoever folds can send all of them at once.
#[derive(Debug)]
pub struct Write {
    sql: &'static str,
    params: Vec<Box<dyn ToSql + Send + Sync>>,
}

impl Write {
    /// A statement without parameters.
    #[must_use]
    pub const fn new(sql: &'static str) -> Self {
        Self { sql, params: Vec::new() }
    }

    /// With its next parameter.
    #[must_use]
    pub fn with(mut self, param: impl ToSql + Send + Sync + 'static) -> Self {
        self.params.push(Box::new(param));
        self
    }

    /// The statement.
    #[must_use]
    pub const fn sql(&self) -> &'static str {
        self.sql
    }

    /// What it is given.
    #[must_use]
    pub fn params(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.params.iter().map(|param| &**param as &(dyn ToSql + Sync)).collect()
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
