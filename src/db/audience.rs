//! Who sees: the one place that says what of the content is visible.

use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Timestamptz;

use super::keyset::SortValue;
use super::sql::{Sql, sql};

/// For whom content is read, and when. What is deleted is for nobody; the queries say so themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everybody: what is public at an instant.
    Public {
        /// The instant.
        now: DateTime<Utc>,
    },
    /// Those who may read drafts: what is public, and what is not, or not yet, or no longer.
    Editors {
        /// The instant.
        now: DateTime<Utc>,
    },
}

impl Audience {
    /// The instant that content is read at.
    pub fn now(self) -> DateTime<Utc> {
        match self {
            Self::Public { now } | Self::Editors { now } => now,
        }
    }

    /// The condition that a row may be seen of which `public_from` tells when it becomes public.
    pub fn sees(self, public_from: &'static str) -> Sql {
        match self {
            Self::Public { now } => sql(public_from).text(" <= ").bind(now),
            Self::Editors { .. } => sql("true"),
        }
    }

    /// The condition that a row might have been seen up to the instant in another column.
    pub fn saw(self, public_from: &'static str, until: &'static str) -> Sql {
        match self {
            Self::Public { now } => sql(public_from).text(" <= least(").text(until).text(", ").bind(now).text(")"),
            Self::Editors { .. } => sql("true"),
        }
    }
}

/// When a row becomes public; `None` where nobody knows, which PostgreSQL keeps as infinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromSqlRow, AsExpression)]
#[diesel(sql_type = Timestamptz)]
pub struct PublicFrom(pub Option<DateTime<Utc>>);

impl PublicFrom {
    /// The earlier of two instants.
    #[must_use]
    pub fn earlier(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(one), Some(two)) => Self(Some(one.min(two))),
            (one, two) => Self(one.or(two)),
        }
    }

    /// Its place in a list that runs by it.
    pub fn sort_value(self) -> SortValue {
        self.0.map_or(SortValue::Never, SortValue::Instant)
    }
}

impl FromSql<Timestamptz, Pg> for PublicFrom {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        // The binary form of infinity is the largest number (PostgreSQL, `DT_NOEND`).
        if value.as_bytes() == i64::MAX.to_be_bytes() {
            return Ok(Self(None));
        }
        <DateTime<Utc> as FromSql<Timestamptz, Pg>>::from_sql(value).map(|instant| Self(Some(instant)))
    }
}

impl ToSql<Timestamptz, Pg> for PublicFrom {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        match &self.0 {
            Some(instant) => <DateTime<Utc> as ToSql<Timestamptz, Pg>>::to_sql(instant, out),
            None => {
                std::io::Write::write_all(out, &i64::MAX.to_be_bytes())?;
                Ok(IsNull::No)
            }
        }
    }
}
