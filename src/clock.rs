//! The only reader of the time. Everything else is handed a [`Clock`], so that a test can set it.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// Where the present instant comes from.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still.
    Fixed(DateTime<Utc>),
}

impl Clock {
    /// The present instant in whole microseconds, which is what PostgreSQL keeps.
    #[allow(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
    pub fn now(self) -> DateTime<Utc> {
        let now = match self {
            Clock::System => Utc::now(),
            Clock::Fixed(instant) => instant,
        };
        now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
    }
}
