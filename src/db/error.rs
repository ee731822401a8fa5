//! What can go wrong with the database, as far as callers tell it apart.

use diesel::ConnectionError;
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::pooled_connection::{PoolError, deadpool};

/// A failed query or connection.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// PostgreSQL cannot be reached, or went away while it was asked.
    #[error("the database is away: {0}")]
    Unavailable(String),
    /// A statement took longer than it may.
    #[error("the database gave up a statement that took too long")]
    Timeout,
    /// Too many writes wait for their turn.
    #[error("too many writes wait for their turn")]
    Busy,
    /// The content breaks a rule of the schema.
    #[error("the database refused: the content breaks the rule {0}")]
    Constraint(String),
    /// Anything else: a fault of this program, or of the database.
    #[error("the database refused: {0}")]
    Unexpected(Error),
}

impl From<Error> for DatabaseError {
    fn from(error: Error) -> Self {
        let Error::DatabaseError(kind, information) = &error else {
            return Self::Unexpected(error);
        };
        let message = information.message();
        match kind {
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                Self::Unavailable(message.to_owned())
            }
            // Diesel keeps no SQLSTATE for these (57P01 to 57P03, 57014); the wording has been the same for decades.
            DatabaseErrorKind::Unknown if message.starts_with("terminating connection") => {
                Self::Unavailable(message.to_owned())
            }
            DatabaseErrorKind::Unknown if message.starts_with("the database system is") => {
                Self::Unavailable(message.to_owned())
            }
            DatabaseErrorKind::Unknown if message.contains("statement timeout") => Self::Timeout,
            DatabaseErrorKind::CheckViolation => {
                Self::Constraint(information.constraint_name().unwrap_or_default().to_owned())
            }
            _ => Self::Unexpected(error),
        }
    }
}

impl From<ConnectionError> for DatabaseError {
    fn from(error: ConnectionError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<deadpool::PoolError> for DatabaseError {
    fn from(error: deadpool::PoolError) -> Self {
        match error {
            deadpool::PoolError::Backend(PoolError::QueryError(error)) => Self::from(error),
            other => Self::Unavailable(other.to_string()),
        }
    }
}
