//! Calendar dates, of which sometimes only the month or the year is known.

use chrono::{Datelike, NaiveDate};

use super::text_enum::text_enum;

text_enum! {
    /// How much of a date is known.
    pub enum DatePrecision {
        /// The day.
        Day = "day",
        /// The month and the year.
        Month = "month",
        /// The year alone.
        Year = "year",
    }
}

/// A date that keeps its precision: `2003-11-05`, `2003-11` or `2003`. It compares by its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartialDate {
    /// The day, or the first day of the month or year.
    pub first_day: NaiveDate,
    /// How much of it is known.
    pub precision: DatePrecision,
}

impl PartialDate {
    /// Puts a date together from its two columns; `None` where there is none.
    pub fn from_columns(first_day: Option<NaiveDate>, precision: Option<DatePrecision>) -> Option<Self> {
        Some(Self { first_day: first_day?, precision: precision? })
    }
}

impl std::fmt::Display for PartialDate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (year, month, day) = (self.first_day.year(), self.first_day.month(), self.first_day.day());
        match self.precision {
            DatePrecision::Day => write!(formatter, "{year:04}-{month:02}-{day:02}"),
            DatePrecision::Month => write!(formatter, "{year:04}-{month:02}"),
            DatePrecision::Year => write!(formatter, "{year:04}"),
        }
    }
}

impl serde::Serialize for PartialDate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl utoipa::PartialSchema for PartialDate {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("A calendar date, of which the day, or the month too, may not be known."))
            .pattern(Some(r"^\d{4}(-\d{2}(-\d{2})?)?$"))
            .examples(["2003-11"])
            .into()
    }
}

impl utoipa::ToSchema for PartialDate {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_shows_only_what_is_known_of_it() {
        let first_day = NaiveDate::from_ymd_opt(2003, 11, 1).unwrap();
        let shown = |precision| PartialDate { first_day, precision }.to_string();
        assert_eq!(shown(DatePrecision::Day), "2003-11-01");
        assert_eq!(shown(DatePrecision::Month), "2003-11");
        assert_eq!(shown(DatePrecision::Year), "2003");
    }
}
