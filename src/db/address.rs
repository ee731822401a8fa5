//! The address of a PostgreSQL server, with the `sslmode` that tokio-postgres alone would not honour in full.

use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

/// How far a connection is encrypted and the server's identity checked, as libpq means it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TlsMode {
    Disable,
    Prefer,
    Require,
    VerifyFull,
}

/// Where a database is and how to connect to it. Holds the password, so it is never shown.
#[derive(Clone)]
pub struct Address {
    pub(super) config: tokio_postgres::Config,
    pub(super) tls: TlsMode,
    pub(super) authorities: Option<PathBuf>,
}

/// Why a database URL cannot be used. Never holds the URL itself.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AddressError {
    /// Not a URL of PostgreSQL's.
    #[error("not a postgres:// URL")]
    NotPostgres,
    /// An `sslmode` that is not known or not supported.
    #[error("sslmode may be disable, prefer, require or verify-full")]
    TlsMode,
    /// Something else in it.
    #[error("not a usable postgres:// URL: {0}")]
    Invalid(String),
}

impl Address {
    /// Reads a `postgres://` URL.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(AddressError::NotPostgres);
        }
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        let mut tls = None;
        let mut authorities = None;
        let mut others = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", mode)) => tls = Some(tls_mode(mode)?),
                Some(("sslrootcert", path)) => authorities = Some(decoded_path(path)),
                _ => others.push(pair),
            }
        }
        let plain = if others.is_empty() { base.to_owned() } else { format!("{base}?{}", others.join("&")) };
        let config = tokio_postgres::Config::from_str(&plain).map_err(|error| {
            // The source names the parameter; the error itself may repeat what it was given.
            AddressError::Invalid(std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default())
        })?;
        Ok(Self { config, tls: tls.unwrap_or(TlsMode::Prefer), authorities })
    }

    /// The host, port and database as a log may show them.
    pub fn shown(&self) -> String {
        let hosts: Vec<String> = self
            .config
            .get_hosts()
            .iter()
            .map(|host| match host {
                tokio_postgres::config::Host::Tcp(name) => name.clone(),
                tokio_postgres::config::Host::Unix(path) => path.display().to_string(),
            })
            .collect();
        format!("{}/{}", hosts.join(","), self.config.get_dbname().unwrap_or_default())
    }
}

fn tls_mode(mode: &str) -> Result<TlsMode, AddressError> {
    match mode {
        "disable" => Ok(TlsMode::Disable),
        "prefer" => Ok(TlsMode::Prefer),
        "require" => Ok(TlsMode::Require),
        "verify-full" => Ok(TlsMode::VerifyFull),
        _ => Err(AddressError::TlsMode),
    }
}

fn decoded_path(encoded: &str) -> PathBuf {
    // A query string of one pair, so that percent signs are decoded by the rules of URLs.
    let decoded = Url::parse(&format!("path:?{}", encoded.replace('+', "%2B")))
        .ok()
        .and_then(|url| url.query_pairs().next().map(|(path, _)| path.into_owned()));
    PathBuf::from(decoded.unwrap_or_else(|| encoded.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sslmode_is_honoured_or_refused() {
        let mode = |text: &str| Address::parse(&format!("postgres://u@h/d?sslmode={text}")).map(|a| a.tls);
        assert_eq!(mode("disable"), Ok(TlsMode::Disable));
        assert_eq!(mode("require"), Ok(TlsMode::Require));
        assert_eq!(mode("verify-full"), Ok(TlsMode::VerifyFull));
        assert_eq!(mode("verify-ca"), Err(AddressError::TlsMode));
        assert_eq!(Address::parse("postgres://u@h/d").map(|a| a.tls), Ok(TlsMode::Prefer));
    }

    #[test]
    fn the_file_of_authorities_and_other_parameters_are_kept() {
        let address =
            Address::parse("postgres://u@/d?host=/run/pg&sslmode=verify-full&sslrootcert=/etc/my%20ca.pem").unwrap();
        assert_eq!(address.authorities, Some(PathBuf::from("/etc/my ca.pem")));
        assert_eq!(address.shown(), "/run/pg/d");
    }

    #[test]
    fn an_error_never_repeats_the_password() {
        let error = Address::parse("postgres://u:hunter2@h:notaport/d").err().unwrap();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
