//! Passes many rows to and from SQLite as one JSON text.
//!
//! sqlx-sqlite crosses a thread for each row, and a statement whose number of parameters depends on
//! the number of rows has to be prepared again for each number. Both cost several times as much as
//! the rows themselves. The other databases send rows in packets, so plain statements are fast
//! there.

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement, TryGetable, Value,
};
use serde::{Serialize, de::DeserializeOwned};

pub fn is_sqlite(db: &impl ConnectionTrait) -> bool {
    db.get_database_backend() == DbBackend::Sqlite
}

/// Runs a statement whose single result is a JSON text.
pub async fn query_json<T: DeserializeOwned>(
    db: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<T, DbErr> {
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    let row = db.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))?;
    from_json(&row.try_get_by_index::<String>(0)?)
}

/// Parses a JSON text that SQLite returned.
pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, DbErr> {
    serde_json::from_str(text).map_err(|error| DbErr::Json(error.to_string()))
}

/// Packs rows as one parameter for `json_each`.
pub fn to_json(rows: &impl Serialize) -> Result<Value, DbErr> {
    let text = serde_json::to_string(rows).map_err(|error| DbErr::Json(error.to_string()))?;
    Ok(text.into())
}

/// Statements that run in one call, because each separate call would wait for two thread switches.
/// Their parameters are concatenated.
#[derive(Default)]
pub struct Script {
    sql: Vec<String>,
    values: Vec<Value>,
}

impl Script {
    pub fn add(&mut self, sql: impl Into<String>, values: impl IntoIterator<Item = Value>) {
        self.sql.push(sql.into());
        self.values.extend(values);
    }

    pub async fn run(self, txn: &DatabaseTransaction) -> Result<(), DbErr> {
        if self.sql.is_empty() {
            return Ok(());
        }
        txn.execute_raw(self.into_statement()).await.map(drop)
    }

    /// Runs the statements and, after them, a query of one value. None of the statements may return
    /// rows.
    pub async fn run_and_query<T: TryGetable>(
        mut self,
        txn: &DatabaseTransaction,
        query: &str,
    ) -> Result<T, DbErr> {
        self.add(query, []);
        let row = txn.query_one_raw(self.into_statement()).await?;
        row.ok_or_else(|| DbErr::RecordNotFound(query.to_owned()))?.try_get_by_index(0)
    }

    fn into_statement(self) -> Statement {
        Statement::from_sql_and_values(DbBackend::Sqlite, self.sql.join("; "), self.values)
    }
}
