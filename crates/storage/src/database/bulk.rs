//! Statements over many rows at once: one `unnest($1, $2, …)` of columns, with one plan for any
//! number of rows.
//!
//! PostgreSQL parses and plans Diesel's `sql_query` anew each time, which costs more than a small
//! batch itself. A statement here has a fixed text and its own type, so each connection prepares it
//! once. The same holds for statements with single values.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, HasSqlType};
use std::marker::PhantomData;

/// Rows as columns, with their statement.
pub(crate) trait Rows: Send + Sync {
    /// Distinguishes this statement from all others; one type per text.
    type Statement: 'static;
    /// The statement, with a placeholder for each column in order: `unnest($1::text[], $2::bigint[])`.
    const SQL: &'static str;

    /// Pushes the columns, in the order of the statement.
    ///
    /// # Errors
    /// If a value cannot be encoded for PostgreSQL.
    fn columns<'b>(&'b self, columns: &mut Columns<'_, 'b>) -> QueryResult<()>;

    /// How often PostgreSQL plans the statement.
    fn planning(&self) -> Planning {
        Planning::Once
    }
}

/// How often PostgreSQL plans a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Planning {
    /// Once per connection: for connections of [`Database::for_batches`](crate::Database::for_batches),
    /// whose plans remain right when a table grows, and for tables that do not grow.
    Once,
    /// Each time.
    EachTime,
}

/// Collects the columns of a statement.
pub(crate) struct Columns<'a, 'b> {
    pass: AstPass<'a, 'b, Pg>,
    /// What of the statement is not written yet.
    rest: &'static str,
}

impl<'b> Columns<'_, 'b> {
    /// Pushes the next column, of the SQL type `T`.
    ///
    /// # Errors
    /// If a value cannot be encoded for PostgreSQL.
    pub(crate) fn push<T: 'static, V>(&mut self, values: &'b Vec<V>) -> QueryResult<()>
    where
        Pg: HasSqlType<Array<T>>,
        Vec<V>: ToSql<Array<T>, Pg>,
    {
        self.bind::<Array<T>, Vec<V>>(values)
    }

    /// Pushes the next single value, of the SQL type `T`.
    ///
    /// # Errors
    /// If the value cannot be encoded for PostgreSQL.
    pub(crate) fn bind<T, V>(&mut self, value: &'b V) -> QueryResult<()>
    where
        Pg: HasSqlType<T>,
        V: ToSql<T, Pg>,
    {
        // Diesel writes the placeholder of a value itself.
        let (before, behind) = self.rest.split_once('$').unwrap_or((self.rest, ""));
        self.pass.push_sql(before);
        self.rest = behind.trim_start_matches(|digit: char| digit.is_ascii_digit());
        self.pass.push_bind_param::<T, V>(value)
    }
}

/// Rows as columns, with a query that returns rows.
pub(crate) trait Lookup: Rows {
    /// The SQL types of the returned columns.
    type Answer;
}

/// The statement for some rows, to be executed or loaded.
pub(crate) struct Bulk<R>(pub R);

impl<R: Rows> QueryFragment<Pg> for Bulk<R> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.0.planning() == Planning::EachTime {
            pass.unsafe_to_cache_prepared();
        }
        let mut columns = Columns { pass: pass.reborrow(), rest: R::SQL };
        self.0.columns(&mut columns)?;
        let rest = columns.rest;
        pass.push_sql(rest);
        Ok(())
    }
}

impl<R: Rows> QueryId for Bulk<R> {
    type QueryId = Bulk<PhantomData<R::Statement>>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<R: Lookup> Query for Bulk<R> {
    type SqlType = R::Answer;
}
