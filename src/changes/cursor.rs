//! A place in what an audience is told, as clients keep it: opaque text.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};

use super::Told;

/// What the content of a cursor begins with.
const VERSION: u8 = 1;

/// The place after an announcement, or before the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Who was told.
    pub told: Told,
    /// The position of the announcement; 0 before the first one.
    pub position: i64,
    /// When it was announced, in microseconds: an announcement of another database is another one.
    instant: i64,
}

impl Cursor {
    /// The place after the announcement at a position.
    pub fn new(told: Told, position: i64, announced_at: DateTime<Utc>) -> Self {
        Self { told, position, instant: announced_at.timestamp_micros() }
    }

    /// The place before the first announcement.
    pub fn start(told: Told) -> Self {
        Self { told, position: 0, instant: 0 }
    }

    /// Whether it is the place before the first announcement.
    pub fn is_start(self) -> bool {
        self == Self::start(self.told)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![VERSION, self.told as u8];
        bytes.extend(self.position.to_be_bytes());
        bytes.extend(self.instant.to_be_bytes());
        formatter.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// A text that is no cursor of the change log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of the change log")]
pub struct InvalidCursor;

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let [VERSION, told, numbers @ ..] = bytes.as_slice() else { return Err(InvalidCursor) };
        let told =
            [Told::Public, Told::Editors].into_iter().find(|known| *known as u8 == *told).ok_or(InvalidCursor)?;
        let (position, instant) = numbers.split_first_chunk::<8>().ok_or(InvalidCursor)?;
        let instant = <[u8; 8]>::try_from(instant).map_err(|_| InvalidCursor)?;
        let cursor = Self { told, position: i64::from_be_bytes(*position), instant: i64::from_be_bytes(instant) };
        let is_sound = cursor.position > 0 || cursor.is_start();
        if is_sound { Ok(cursor) } else { Err(InvalidCursor) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_place_survives_the_way_through_a_text(position in 1..i64::MAX, instant: i64, is_public: bool) {
            let told = if is_public { Told::Public } else { Told::Editors };
            for cursor in [Cursor { told, position, instant }, Cursor::start(told)] {
                prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
            }
        }

        #[test]
        fn no_text_is_too_strange_to_be_refused(text in any::<String>(), bytes: Vec<u8>) {
            for text in [text, URL_SAFE_NO_PAD.encode(bytes)] {
                if let Ok(cursor) = text.parse::<Cursor>() {
                    prop_assert_eq!(cursor.to_string(), text);
                }
            }
        }
    }
}
