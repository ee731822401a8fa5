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

/// Why a text is no partial date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a day (2003-11-05), a month (2003-11) or a year (2003) of the calendar")]
pub struct InvalidDate;

impl std::str::FromStr for PartialDate {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        let (precision, first_day) = match text.len() {
            10 => (DatePrecision::Day, text.to_owned()),
            7 => (DatePrecision::Month, format!("{text}-01")),
            4 => (DatePrecision::Year, format!("{text}-01-01")),
            _ => return Err(InvalidDate),
        };
        let first_day = NaiveDate::parse_from_str(&first_day, "%Y-%m-%d").map_err(|_| InvalidDate)?;
        let date = Self { first_day, precision };
        // The parser takes signs and blanks, and there is no year 0.
        if first_day.year() >= 1 && date.to_string() == text { Ok(date) } else { Err(InvalidDate) }
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

impl<'de> serde::Deserialize<'de> for PartialDate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
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
            .format(Some(utoipa::openapi::schema::SchemaFormat::Custom("partial-date".to_owned())))
            .examples(["2003-11"])
            .into()
    }
}

impl utoipa::ToSchema for PartialDate {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_date_is_read_as_it_is_shown() {
        for text in ["2003-11-05", "2003-11", "2003", "0001", "2024-02-29"] {
            assert_eq!(text.parse::<PartialDate>().unwrap().to_string(), text);
        }
        for wrong in
            ["", "2003-13", "2003-02-30", "0000", "+200-01-01", "2003-1-01", "2003-1", " 2003-1", "03", "2003-11-5"]
        {
            assert_eq!(wrong.parse::<PartialDate>(), Err(InvalidDate), "{wrong}");
        }
    }

    #[test]
    fn a_date_shows_only_what_is_known_of_it() {
        let first_day = NaiveDate::from_ymd_opt(2003, 11, 1).unwrap();
        let shown = |precision| PartialDate { first_day, precision }.to_string();
        assert_eq!(shown(DatePrecision::Day), "2003-11-01");
        assert_eq!(shown(DatePrecision::Month), "2003-11");
        assert_eq!(shown(DatePrecision::Year), "2003");
    }

    #[test]
    fn what_is_no_date_of_the_calendar_is_refused() {
        for text in ["2003-13", "2003-00", "2003-02-29", "2003-2-1", "20031101", "+200", "2003-1 ", "", "199", "éé"] {
            assert_eq!(text.parse::<PartialDate>(), Err(InvalidDate), "{text}");
        }
        assert!("2004-02-29".parse::<PartialDate>().is_ok());
    }

    proptest! {
        #[test]
        fn every_date_survives_the_way_out_and_back(days in -700_000_i32..2_000_000, precision in 0..3_u8) {
            let first_day = NaiveDate::default() + chrono::TimeDelta::days(days.into());
            let text = first_day.to_string();
            let text = &text[..[4, 7, 10][usize::from(precision)]];
            prop_assert_eq!(text.parse::<PartialDate>().map(|date| date.to_string()), Ok(text.to_owned()));
        }
    }
}
