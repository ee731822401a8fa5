//! Many rows into one table by one statement: an array for each column, not a value for each field.
//!
//! Its text does not depend on how many rows there are, so that PostgreSQL reads and plans it once; with a value for each
//! field that took longer than the rows themselves.

use std::fmt::Debug;
use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::query_source::{Column, Table};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, HasSqlType, SqlType};
use diesel_async::RunQueryDsl;

use super::{Connection, Result};

/// Rows that are to become rows of a table.
pub struct Insert<'r, Into, Row> {
    table: Into,
    rows: &'r [Row],
    columns: Vec<(&'static str, Box<dyn Values + 'r>)>,
}

/// Begins to say what becomes of `rows` in a table.
pub fn insert_into<Into: Table, Row>(table: Into, rows: &[Row]) -> Insert<'_, Into, Row> {
    Insert { table, rows, columns: Vec::new() }
}

impl<'r, Into, Row> Insert<'r, Into, Row>
where
    Into: Table + QueryFragment<Pg> + Send,
    Row: Sync,
{
    /// Fills a column with what `value` gives of each row.
    #[must_use]
    pub fn set<Filled, Value>(mut self, _column: Filled, value: impl Fn(&'r Row) -> Value) -> Self
    where
        Filled: Column<Table = Into>,
        Filled::SqlType: SqlType + 'static,
        Pg: HasSqlType<Filled::SqlType>,
        Value: ToSql<Filled::SqlType, Pg> + Debug + Send + 'r,
    {
        let values = ValuesOf::<Filled::SqlType, Value>(self.rows.iter().map(value).collect(), PhantomData);
        self.columns.push((Filled::NAME, Box::new(values)));
        self
    }

    /// Inserts the rows, in their order.
    pub async fn execute(self, mut connection: &Connection) -> Result<()> {
        if !self.rows.is_empty() {
            RunQueryDsl::execute(self, &mut connection).await?;
        }
        Ok(())
    }
}

/// The values of a column, whatever their type.
trait Values: Send {
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

struct ValuesOf<Type, Value>(Vec<Value>, PhantomData<fn() -> Type>);

impl<Type, Value> Values for ValuesOf<Type, Value>
where
    Type: SqlType + 'static,
    Pg: HasSqlType<Type>,
    Value: ToSql<Type, Pg> + Debug + Send,
{
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<Array<Type>, _>(&self.0)
    }
}

impl<Into: QueryFragment<Pg>, Row> QueryFragment<Pg> for Insert<'_, Into, Row> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ");
        self.table.walk_ast(out.reborrow())?;
        for (index, (name, _)) in self.columns.iter().enumerate() {
            out.push_sql(if index == 0 { " (" } else { ", " });
            out.push_identifier(name)?;
        }
        out.push_sql(") SELECT * FROM unnest");
        for (index, (_, values)) in self.columns.iter().enumerate() {
            out.push_sql(if index == 0 { "(" } else { ", " });
            values.bind(&mut out)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<Into, Row> QueryId for Insert<'_, Into, Row> {
    // Which columns it fills is said at run time, so its type does not tell which statement it is.
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
