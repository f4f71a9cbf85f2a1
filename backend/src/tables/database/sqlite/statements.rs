//! Statements on one connection, prepared once.

use rusqlite::{
    Batch, CachedStatement, Connection, OptionalExtension, Params, Row,
    fallible_iterator::FallibleIterator,
};
use sea_orm::{DbErr, ExecResult, QueryResult, Statement, Value};

use super::rows::{Parameter, exec_result, failed_execution, failed_query, read_results};

/// Reads a row of a result by the positions of its columns.
pub type RowReader<T> = fn(&Row<'_>) -> rusqlite::Result<T>;

/// Runs a statement that returns no rows.
pub fn execute(connection: &Connection, statement: &Statement) -> Result<ExecResult, DbErr> {
    let run = || {
        let mut prepared = prepare(connection, statement)?;
        let mut rows = prepared.raw_query();
        while rows.next()?.is_some() {}
        Ok(())
    };
    run().map_err(failed_execution)?;
    written(connection)
}

/// Runs statements without parameters.
pub fn execute_script(connection: &Connection, sql: &str) -> Result<ExecResult, DbErr> {
    let run = || {
        let mut script = Batch::new(connection, sql);
        while let Some(mut statement) = script.next()? {
            let mut rows = statement.raw_query();
            while rows.next()?.is_some() {}
        }
        Ok(())
    };
    run().map_err(failed_execution)?;
    written(connection)
}

fn written(connection: &Connection) -> Result<ExecResult, DbErr> {
    let last_id = connection.last_insert_rowid().max(0) as u64;
    exec_result(connection.changes(), last_id)
}

/// Reads the rows of a statement, at most `limit`.
pub fn query(
    connection: &Connection,
    statement: &Statement,
    limit: usize,
) -> Result<Vec<QueryResult>, DbErr> {
    let run = || read_results(&mut *prepare(connection, statement)?, limit);
    run().map_err(failed_query)
}

/// Reads the rows of a statement without the detour over sea-orm's.
pub fn read_rows<T>(
    connection: &Connection,
    statement: &Statement,
    read: RowReader<T>,
) -> Result<Vec<T>, DbErr> {
    let run = || {
        let mut prepared = prepare(connection, statement)?;
        let mut rows = prepared.raw_query();
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(row)?);
        }
        Ok(found)
    };
    run().map_err(failed_query)
}

/// Reads the first row of a statement, with parameters of its own.
pub fn query_row<T>(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    read: RowReader<T>,
) -> Result<Option<T>, DbErr> {
    let run = || connection.prepare_cached(sql)?.query_row(values, read).optional();
    run().map_err(failed_query)
}

/// Runs a statement that writes, with parameters of its own.
pub fn run_sql(connection: &Connection, sql: &str, values: impl Params) -> Result<usize, DbErr> {
    let run = || connection.prepare_cached(sql)?.execute(values);
    run().map_err(failed_execution)
}

fn prepare<'c>(
    connection: &'c Connection,
    statement: &Statement,
) -> rusqlite::Result<CachedStatement<'c>> {
    let mut prepared = connection.prepare_cached(&statement.sql)?;
    let values: &[Value] = statement.values.as_ref().map_or(&[], |values| &values.0);
    for (position, value) in (1..).zip(values) {
        prepared.raw_bind_parameter(position, Parameter(value))?;
    }
    Ok(prepared)
}
