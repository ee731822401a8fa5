//! Keyset pages: a page starts after the row that ended the one before, found by an index and not by counting.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Audience;
use super::sql::{Sql, Value, sql};

/// A column that a list is sorted by. It must not hold null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortColumn {
    /// The column with its table, such as `articles.title`.
    pub column: &'static str,
    /// What it holds.
    pub kind: SortKind,
    /// Whether large values come first.
    pub is_descending: bool,
}

/// The order of a list. The id is always its last column, so that no two rows have the same place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What is sorted by, the most important first; at least one.
    pub columns: Vec<SortColumn>,
    /// The column of the id.
    pub id_column: &'static str,
}

/// What a row has in a column that its list is sorted by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SortValue {
    /// An instant.
    #[serde(rename = "i", with = "chrono::serde::ts_microseconds")]
    Instant(DateTime<Utc>),
    /// No instant: after all others.
    #[serde(rename = "x")]
    Never,
    /// A text.
    #[serde(rename = "t")]
    Text(String),
    /// A whole number.
    #[serde(rename = "n")]
    Integer(i64),
}

/// What a column that a list is sorted by holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKind {
    /// Instants.
    Instant,
    /// Texts.
    Text,
    /// Whole numbers.
    Integer,
}

/// The place of a row in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// What the row has in the columns of the order.
    #[serde(rename = "v")]
    pub values: Vec<SortValue>,
    /// The row's id.
    #[serde(rename = "id")]
    pub id: Uuid,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// With the row of this number, counted from 0.
    Offset(i64),
    /// With the row after this place.
    After(Position),
    /// Before this place, running backwards.
    Before(Position),
}

/// Which part of a list to fetch.
#[derive(Debug, Clone)]
pub struct Window {
    /// For whom.
    pub audience: Audience,
    /// The order of the list.
    pub order: Order,
    /// Where the page begins.
    pub start: Start,
    /// How many rows at most.
    pub rows: i64,
}

impl Window {
    /// Whether the rows run backwards from the page's start.
    pub fn is_backwards(&self) -> bool {
        matches!(self.start, Start::Before(_))
    }

    /// The condition that a row comes after the start, if there is one.
    pub fn condition(&self) -> Option<Sql> {
        match &self.start {
            Start::Offset(_) => None,
            Start::After(position) => Some(self.order.comes_after(position, false)),
            Start::Before(position) => Some(self.order.comes_after(position, true)),
        }
    }

    /// The place that the page starts at: what its row has in the first column, and its id.
    pub fn place(&self) -> Option<(Value, Uuid)> {
        match &self.start {
            Start::Offset(_) => None,
            Start::After(position) | Start::Before(position) => {
                Some((position.values.as_slice().first()?.to_value(), position.id))
            }
        }
    }

    /// What the rows are ordered by while they are fetched.
    pub fn ordering(&self) -> Sql {
        self.order.ordering(self.is_backwards())
    }

    /// The rows of the page in their order: what stands after `ORDER BY`.
    pub fn page(&self) -> Sql {
        self.page_limited(sql(" LIMIT ").bind(self.rows))
    }

    /// The same for a list of what passes a filter, whose default lets everything pass.
    ///
    /// PostgreSQL plans a page for its values each time, since a plan for any number of rows looks dear to it. Where
    /// nothing is filtered, no value could make another plan right, so the sizes that are asked for most, with the one
    /// row more that shows whether another page follows, stand in the SQL, and their plans are kept.
    pub fn page_of<Filter: Default + PartialEq>(&self, filter: &Filter) -> Sql {
        let is_everything = *filter == Filter::default();
        match self.rows {
            11 if is_everything => self.page_limited(sql(" LIMIT 11")),
            21 if is_everything => self.page_limited(sql(" LIMIT 21")),
            51 if is_everything => self.page_limited(sql(" LIMIT 51")),
            101 if is_everything => self.page_limited(sql(" LIMIT 101")),
            _ => self.page(),
        }
    }

    /// The conditions of a list of everything that is public, which it is from `column` on.
    ///
    /// The present instant is hidden from PostgreSQL's planner, which would think a plan that knows it cheaper.
    pub fn everything_public(&self, column: &'static str) -> Vec<Sql> {
        let is_public = sql(column).text(" <= (SELECT ").bind(self.audience.now()).text(")");
        [is_public].into_iter().chain(self.condition()).collect()
    }

    fn page_limited(&self, limit: Sql) -> Sql {
        let page = self.ordering().append(limit);
        match self.offset() {
            0 => page,
            offset => page.text(" OFFSET ").bind(offset),
        }
    }

    /// How many rows are passed over first.
    pub fn offset(&self) -> i64 {
        match self.start {
            Start::Offset(offset) => offset,
            Start::After(_) | Start::Before(_) => 0,
        }
    }
}

impl Order {
    /// Whether the list runs by this column alone, in this direction.
    pub fn is_only(&self, column: &str, is_descending: bool) -> bool {
        matches!(self.columns.as_slice(), [only] if only.column == column && only.is_descending == is_descending)
    }

    /// Whether the list runs by this column, first or among others.
    pub fn has(&self, column: &'static str) -> bool {
        self.columns.iter().any(|sorted| sorted.column == column)
    }

    /// Every column and whether it is descending, with the id, which runs as the most important one does: one index
    /// serves both directions.
    fn all_columns(&self) -> Vec<(&'static str, bool)> {
        let is_descending = self.columns.first().is_some_and(|first| first.is_descending);
        let columns = self.columns.iter().map(|sorted| (sorted.column, sorted.is_descending));
        columns.chain([(self.id_column, is_descending)]).collect()
    }

    fn ordering(&self, is_reversed: bool) -> Sql {
        let mut ordered = Sql::default();
        for (index, (column, is_descending)) in self.all_columns().into_iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let direction = if is_descending == is_reversed { " ASC" } else { " DESC" };
            ordered = ordered.text(separator).text(column).text(direction);
        }
        ordered
    }

    /// The condition that a row comes after a place, or before it.
    ///
    /// One direction throughout is a comparison of rows, which one index range answers; mixed ones are spelled out.
    fn comes_after(&self, position: &Position, is_reversed: bool) -> Sql {
        let columns = self.all_columns();
        let mut values: Vec<Value> = position.values.iter().map(SortValue::to_value).collect();
        values.push(Value::Uuid(position.id));
        let sign = |is_descending: bool| if is_descending == is_reversed { " > " } else { " < " };
        let (_, is_descending) = columns[0];
        if columns.iter().all(|(_, its)| *its == is_descending) {
            let names = list(columns.iter().map(|(column, _)| sql(column)));
            let bounds = list(values.into_iter().map(|value| Sql::default().bind(value)));
            return sql("(").append(names).text(")").text(sign(is_descending)).text("(").append(bounds).text(")");
        }
        let mut alternatives = Vec::new();
        for (index, (column, is_descending)) in columns.iter().enumerate() {
            let mut alternative = sql(column).text(sign(*is_descending)).bind(values[index].clone());
            for ((earlier, _), value) in columns.iter().zip(&values).take(index) {
                alternative = alternative.text(" AND ").text(earlier).text(" = ").bind(value.clone());
            }
            alternatives.push(alternative);
        }
        let mut any = Sql::default();
        for (index, alternative) in alternatives.into_iter().enumerate() {
            any = any.text(if index == 0 { "(" } else { " OR (" }).append(alternative).text(")");
        }
        any
    }
}

impl SortValue {
    /// What a column must hold for this to be a value of it.
    pub fn kind(&self) -> SortKind {
        match self {
            SortValue::Instant(_) | SortValue::Never => SortKind::Instant,
            SortValue::Text(_) => SortKind::Text,
            SortValue::Integer(_) => SortKind::Integer,
        }
    }

    /// The value, to be bound.
    pub fn to_value(&self) -> Value {
        match self {
            SortValue::Instant(instant) => Value::Instant(*instant),
            SortValue::Never => Value::Never,
            SortValue::Text(text) => Value::Text(text.clone()),
            SortValue::Integer(number) => Value::Integer(*number),
        }
    }
}

fn list(items: impl IntoIterator<Item = Sql>) -> Sql {
    let mut joined = Sql::default();
    for (index, item) in items.into_iter().enumerate() {
        joined = joined.text(if index == 0 { "" } else { ", " }).append(item);
    }
    joined
}

/// Declares what a resource can be sorted by: the names clients use, each with its column, which must not hold null.
macro_rules! sort_keys {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident / $term:ident { $( $variant:ident = $text:literal => $column:literal as $kind:ident ),+ $(,)? }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $( $variant ),+ }

        impl $name {
            const fn column(self) -> (&'static str, $crate::db::keyset::SortKind) {
                match self { $( Self::$variant => ($column, $crate::db::keyset::SortKind::$kind) ),+ }
            }
        }

        /// A column to sort by and its direction.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $term {
            /// What to sort by.
            pub key: $name,
            /// Whether large values come first.
            pub is_descending: bool,
        }

        impl $term {
            /// The column, as the database knows it.
            pub fn column(self) -> $crate::db::keyset::SortColumn {
                let (column, kind) = self.key.column();
                $crate::db::keyset::SortColumn { column, kind, is_descending: self.is_descending }
            }
        }

        impl<'de> serde::Deserialize<'de> for $term {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let (name, is_descending) = match text.strip_prefix('-') {
                    Some(name) => (name, true),
                    None => (text.as_str(), false),
                };
                let key = match name {
                    $( $text => $name::$variant, )+
                    other => return Err(serde::de::Error::custom(format!("cannot sort by {other:?}"))),
                };
                Ok(Self { key, is_descending })
            }
        }

        impl utoipa::PartialSchema for $term {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$( $text, concat!("-", $text) ),+]))
                    .into()
            }
        }

        impl utoipa::ToSchema for $term {}
    };
}
pub(crate) use sort_keys;
