//! How many rows a query has by the planner's statistics, without reading them.

use crate::{Connection, StorageError};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Json;
use diesel_async::RunQueryDsl;

/// The plan of a query as JSON.
pub(crate) struct Explained<Q>(pub Q);

impl<Q: QueryFragment<Pg> + Send> Explained<Q> {
    /// The number of rows that PostgreSQL expects, which may be wrong by orders of magnitude.
    ///
    /// # Errors
    /// If PostgreSQL fails.
    pub(crate) async fn estimate_rows(self, connection: &mut Connection) -> Result<u64, StorageError> {
        let plan: serde_json::Value = self.get_result(connection).await?;
        let rows = plan.pointer("/0/Plan/Plan Rows").and_then(serde_json::Value::as_u64);
        rows.ok_or_else(|| StorageError::inconsistent("explain", format!("plan {plan}")))
    }
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Explained<Q> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql("explain (format json) ");
        self.0.walk_ast(pass.reborrow())
    }
}

impl<Q> QueryId for Explained<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Explained<Q> {
    type SqlType = Json;
}
