//! Values of sea-query as parameters, rows as results of sea-orm, and errors as those of sqlx, so that one
//! text serves all databases.

use std::{borrow::Cow, collections::BTreeMap, error::Error, fmt, sync::Arc};

use rusqlite::{
    Row, Statement, ToSql,
    types::{ToSqlOutput, ValueRef},
};
use sea_orm::{
    DbBackend, DbErr, ExecResult, MockDatabase, MockDatabaseTrait, MockExecResult, QueryResult,
    RuntimeErr, Statement as Sql, Value,
    sqlx::{
        self,
        error::{DatabaseError, ErrorKind},
    },
};
use uuid::Uuid;

/// A parameter of a statement.
pub struct Parameter<'a>(pub &'a Value);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let integer = |number: Option<i64>| number.map_or(ValueRef::Null, ValueRef::Integer);
        let real = |number: Option<f64>| number.map_or(ValueRef::Null, ValueRef::Real);
        let value = match self.0 {
            Value::Bool(value) => integer(value.map(i64::from)),
            Value::TinyInt(value) => integer(value.map(i64::from)),
            Value::SmallInt(value) => integer(value.map(i64::from)),
            Value::Int(value) => integer(value.map(i64::from)),
            Value::BigInt(value) => integer(*value),
            Value::TinyUnsigned(value) => integer(value.map(i64::from)),
            Value::SmallUnsigned(value) => integer(value.map(i64::from)),
            Value::Unsigned(value) => integer(value.map(i64::from)),
            Value::BigUnsigned(Some(value)) => ValueRef::Integer(
                i64::try_from(*value)
                    .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?,
            ),
            Value::Float(value) => real(value.map(f64::from)),
            Value::Double(value) => real(*value),
            Value::String(Some(text)) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(Some(bytes)) => ValueRef::Blob(bytes),
            Value::Uuid(Some(uuid)) => ValueRef::Blob(uuid.as_bytes()),
            Value::String(None)
            | Value::Bytes(None)
            | Value::Uuid(None)
            | Value::BigUnsigned(None) => ValueRef::Null,
            other => {
                let text = format!("a value has no type of SQLite: {other:?}");
                return Err(rusqlite::Error::ToSqlConversionFailure(text.into()));
            }
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

/// A column of a result.
struct Column {
    /// Sorts before all names: sea-orm counts the columns of such a row in the order of their keys.
    position: String,
    name: String,
    kind: ColumnKind,
}

/// The type of a column, where its values do not show it.
enum ColumnKind {
    /// 0 or 1.
    Bool,
    /// 16 bytes.
    Uuid,
    Plain,
}

/// Reads the rows of a statement that has its parameters, at most `limit`.
pub fn read_results(
    statement: &mut Statement<'_>,
    limit: usize,
) -> rusqlite::Result<Vec<QueryResult>> {
    let columns = statement.columns();
    let columns: Vec<_> = (0..)
        .zip(&columns)
        .map(|(position, column)| {
            let kind = match column.decl_type() {
                Some("boolean") => ColumnKind::Bool,
                Some("uuid_text") => ColumnKind::Uuid,
                _ => ColumnKind::Plain,
            };
            Column { position: format!("\0{position:04}"), name: column.name().to_owned(), kind }
        })
        .collect();
    let mut rows = statement.raw_query();
    let mut results = Vec::new();
    while results.len() < limit {
        let Some(row) = rows.next()? else { break };
        results.push(read_row(row, &columns)?);
    }
    Ok(query_results(results))
}

fn read_row(row: &Row<'_>, columns: &[Column]) -> rusqlite::Result<BTreeMap<String, Value>> {
    let mut values = BTreeMap::new();
    for (index, column) in columns.iter().enumerate() {
        let value = match (row.get_ref(index)?, &column.kind) {
            (ValueRef::Null, ColumnKind::Bool) => Value::Bool(None),
            (ValueRef::Null, ColumnKind::Uuid) => Value::Uuid(None),
            (ValueRef::Integer(number), ColumnKind::Bool) => Value::Bool(Some(number != 0)),
            (ValueRef::Blob(bytes), ColumnKind::Uuid) => Value::Uuid(Uuid::from_slice(bytes).ok()),
            (ValueRef::Null, ColumnKind::Plain) => Value::BigInt(None),
            (ValueRef::Integer(number), _) => Value::BigInt(Some(number)),
            (ValueRef::Real(number), _) => Value::Double(Some(number)),
            (ValueRef::Text(text), _) => Value::String(Some(String::from_utf8_lossy(text).into())),
            (ValueRef::Blob(bytes), _) => Value::Bytes(Some(bytes.to_vec())),
        };
        values.insert(column.position.clone(), value.clone());
        values.insert(column.name.clone(), value);
    }
    Ok(values)
}

/// Makes rows of sea-orm. It builds them from values only for its mock and its proxy, and version 2.0.4
/// does not compile with both the proxy and MySQL.
fn query_results(rows: Vec<BTreeMap<String, Value>>) -> Vec<QueryResult> {
    let mut mock = MockDatabase::new(DbBackend::Sqlite).append_query_results([rows]);
    mock.query(0, Sql::from_string(DbBackend::Sqlite, "")).unwrap_or_default()
}

/// The result of a statement that returns no rows.
pub fn exec_result(rows_affected: u64, last_insert_id: u64) -> Result<ExecResult, DbErr> {
    let result = MockExecResult { last_insert_id, rows_affected };
    let mut mock = MockDatabase::new(DbBackend::Sqlite).append_exec_results([result]);
    mock.execute(0, Sql::from_string(DbBackend::Sqlite, ""))
}

/// The error of a statement that writes.
pub fn failed_execution(error: rusqlite::Error) -> DbErr {
    DbErr::Exec(to_sqlx(error))
}

/// The error of a statement that reads.
pub fn failed_query(error: rusqlite::Error) -> DbErr {
    DbErr::Query(to_sqlx(error))
}

fn to_sqlx(error: rusqlite::Error) -> RuntimeErr {
    let failure = SqliteFailure { text: error.to_string(), code: extended_code(&error) };
    RuntimeErr::SqlxError(Arc::new(sqlx::Error::Database(Box::new(failure))))
}

/// The [extended result code](https://www.sqlite.org/rescode.html) of an error.
fn extended_code(error: &rusqlite::Error) -> Option<i32> {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => Some(failure.extended_code),
        rusqlite::Error::SqlInputError { error, .. } => Some(error.extended_code),
        _ => None,
    }
}

/// An error of SQLite, or of the use of it.
#[derive(Debug)]
pub struct SqliteFailure {
    text: String,
    /// The extended result code.
    pub code: Option<i32>,
}

impl fmt::Display for SqliteFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for SqliteFailure {}

impl DatabaseError for SqliteFailure {
    fn message(&self) -> &str {
        &self.text
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        self.code.map(|code| code.to_string().into())
    }

    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        match self.code {
            // CONSTRAINT_PRIMARYKEY, CONSTRAINT_UNIQUE, CONSTRAINT_ROWID
            Some(1555 | 2067 | 2579) => ErrorKind::UniqueViolation,
            // CONSTRAINT_FOREIGNKEY
            Some(787) => ErrorKind::ForeignKeyViolation,
            _ => ErrorKind::Other,
        }
    }
}
