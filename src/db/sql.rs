//! SQL that is put together at run time: fixed text and bound values, never the one for the other.
//!
//! Diesel's own query builder cannot express lateral joins, row comparisons or conditions that are used in several
//! statements at once. A statement made here is prepared once and kept, like one of Diesel's, unless it asks for a plan of
//! its own each time.

use std::marker::PhantomData;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::QueryResult;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types;
use uuid::Uuid;

/// A piece of SQL with the values it is bound to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sql {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(&'static str),
    Value(Value),
    EndOfExists,
    PlannedEachTime,
}

/// A value that is bound to a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// An id.
    Uuid(Uuid),
    /// Ids, as one array.
    Uuids(Vec<Uuid>),
    /// A text.
    Text(String),
    /// Texts, as one array.
    Texts(Vec<String>),
    /// An instant.
    Instant(DateTime<Utc>),
    /// Instants, as one array.
    Instants(Vec<DateTime<Utc>>),
    /// The instant after all others.
    Never,
    /// A day.
    Date(NaiveDate),
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f32),
}

macro_rules! value_from {
    ($($source:ty => $variant:ident),+ $(,)?) => {
        $(impl From<$source> for Value {
            fn from(value: $source) -> Self {
                Value::$variant(value.into())
            }
        })+
    };
}
value_from!(
    Uuid => Uuid, Vec<Uuid> => Uuids, String => Text, &str => Text, Vec<String> => Texts, DateTime<Utc> => Instant,
    Vec<DateTime<Utc>> => Instants, NaiveDate => Date, i64 => Integer, i32 => Integer, u32 => Integer, f32 => Real,
);

/// Fixed text to begin with.
pub fn sql(text: &'static str) -> Sql {
    Sql::default().text(text)
}

impl Sql {
    /// Adds fixed text.
    #[must_use]
    pub fn text(mut self, text: &'static str) -> Self {
        self.pieces.push(Piece::Text(text));
        self
    }

    /// Adds a bound value.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.pieces.push(Piece::Value(value.into()));
        self
    }

    /// Makes the whole statement be planned for its values each time, not once for all: for values on which it
    /// depends which index is the right one, such as words that few or most rows have.
    #[must_use]
    pub fn planned_each_time(mut self) -> Self {
        self.pieces.push(Piece::PlannedEachTime);
        self
    }

    /// Makes every [`exists`] be asked of one row after the other. PostgreSQL may turn it into a join with all rows
    /// that it is true of, which is right for a count and ruinous for a page.
    #[must_use]
    pub fn row_by_row(mut self) -> Self {
        for piece in &mut self.pieces {
            if *piece == Piece::EndOfExists {
                // A subquery with an offset stays one.
                *piece = Piece::Text(" OFFSET 0");
            }
        }
        self
    }

    /// Adds other SQL.
    #[must_use]
    pub fn append(mut self, other: Sql) -> Self {
        self.pieces.extend(other.pieces);
        self
    }

    /// The SQL as a condition of a query of Diesel's.
    pub fn condition(self) -> Fragment<sql_types::Bool> {
        self.fragment()
    }

    /// The SQL as an expression of a query of Diesel's: something of the type `Type`, or what stands after `ORDER BY`.
    pub fn fragment<Type>(self) -> Fragment<Type> {
        Fragment { sql: self, sql_type: PhantomData }
    }
}

/// The condition that `rows`, a `SELECT`, gives any row.
pub fn exists(rows: Sql) -> Sql {
    let mut condition = sql("EXISTS (").append(rows);
    condition.pieces.push(Piece::EndOfExists);
    condition.text(")")
}

/// Conditions, all of which must hold.
pub fn all(conditions: impl IntoIterator<Item = Sql>) -> Sql {
    conditions.into_iter().fold(sql("true"), |all, condition| all.text(" AND (").append(condition).text(")"))
}

/// SQL of a known type, for use in a query of Diesel's or as a query of its own.
#[derive(Debug, Clone)]
pub struct Fragment<Type> {
    sql: Sql,
    sql_type: PhantomData<Type>,
}

impl<Type: sql_types::SingleValue> Expression for Fragment<Type> {
    type SqlType = Type;
}

impl<Type, Source> AppearsOnTable<Source> for Fragment<Type> where Self: Expression {}
impl<Type, Source> SelectableExpression<Source> for Fragment<Type> where Self: Expression {}

impl<Type, GroupBy> ValidGrouping<GroupBy> for Fragment<Type> {
    type IsAggregate = is_aggregate::Never;
}

impl<Type> QueryId for Fragment<Type> {
    // Its text is put together at run time, so its type does not tell which statement it is.
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Type> QueryFragment<Pg> for Fragment<Type> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for piece in &self.sql.pieces {
            match piece {
                Piece::Text(text) => out.push_sql(text),
                Piece::Value(value) => bind(&mut out, value)?,
                Piece::EndOfExists => {}
                // A statement that is not kept is prepared, and so planned, anew.
                Piece::PlannedEachTime => out.unsafe_to_cache_prepared(),
            }
        }
        Ok(())
    }
}

/// SQL that is a whole statement, of which the types of the columns are known.
#[derive(Debug, Clone)]
pub struct Statement<Row>(Fragment<Row>);

impl Sql {
    /// The SQL as a whole statement whose columns have the types `Row`.
    pub fn statement<Row>(self) -> Statement<Row> {
        Statement(self.fragment())
    }
}

impl<Row> Query for Statement<Row> {
    type SqlType = Row;
}

impl<Row> QueryId for Statement<Row> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Row> QueryFragment<Pg> for Statement<Row> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}

fn bind<'b>(out: &mut AstPass<'_, 'b, Pg>, value: &'b Value) -> QueryResult<()> {
    match value {
        Value::Uuid(value) => out.push_bind_param::<sql_types::Uuid, _>(value),
        Value::Uuids(values) => out.push_bind_param::<sql_types::Array<sql_types::Uuid>, _>(values),
        Value::Text(value) => out.push_bind_param::<sql_types::Text, _>(value),
        Value::Texts(values) => out.push_bind_param::<sql_types::Array<sql_types::Text>, _>(values),
        Value::Instant(value) => out.push_bind_param::<sql_types::Timestamptz, _>(value),
        Value::Instants(values) => out.push_bind_param::<sql_types::Array<sql_types::Timestamptz>, _>(values),
        Value::Never => {
            out.push_sql("'infinity'::timestamptz");
            Ok(())
        }
        Value::Date(value) => out.push_bind_param::<sql_types::Date, _>(value),
        Value::Integer(value) => out.push_bind_param::<sql_types::BigInt, _>(value),
        Value::Real(value) => out.push_bind_param::<sql_types::Float, _>(value),
    }
}
