//! Every setting once: name, default, meaning, what is allowed, secret or not.
//!
//! Settings are environment variables and nothing else. `.env.example` is generated from [`SETTINGS`].

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use actix_web::http::header::HeaderValue;
use secrecy::SecretString;
use url::Url;

/// One environment variable.
#[derive(Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What holds when it is not set; empty means "nothing".
    pub default: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// What it may be, as a message says it.
    pub allowed: &'static str,
    /// Whether its value must never be shown.
    pub is_secret: bool,
}

const DATABASE_URL: Setting = Setting {
    name: "DATABASE_URL",
    default: "",
    meaning: "The PostgreSQL server to use. When not set, a private one is started in VERBATIM_DATA_DIR.",
    allowed: "postgres://user:password@host:5432/database, optionally with ?sslmode= (disable, prefer, require, verify-full) \
              and &sslrootcert=/path/to/authorities.pem",
    is_secret: true,
};
const LISTEN: Setting = Setting {
    name: "VERBATIM_LISTEN",
    default: "127.0.0.1:8080",
    meaning: "The address to serve on.",
    allowed: "an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080",
    is_secret: false,
};
const DATA_DIR: Setting = Setting {
    name: "VERBATIM_DATA_DIR",
    default: "data",
    meaning: "Where the private PostgreSQL keeps its data, and where files that are sent wait to be imported.",
    allowed: "the path of a directory; it is created when missing",
    is_secret: false,
};
const PG_BINDIR: Setting = Setting {
    name: "VERBATIM_PG_BINDIR",
    default: "",
    meaning: "The directory with PostgreSQL's `postgres` and `initdb`. When not set, the usual places are searched.",
    allowed: "the path of a directory",
    is_secret: false,
};
const PUBLIC_URL: Setting = Setting {
    name: "VERBATIM_PUBLIC_URL",
    default: "",
    meaning: "The address clients reach the API under. When set, `url` and `links` are absolute; else they are paths.",
    allowed: "an http or https URL, such as https://content.example.org",
    is_secret: false,
};
const ARTICLE_URL: Setting = Setting {
    name: "VERBATIM_ARTICLE_URL",
    default: "",
    meaning: "The address of an article on the site that publishes it: makes `canonical_url` of articles that have none of their own.",
    allowed: "an http or https URL that contains {slug}, such as https://example.org/articles/{slug}",
    is_secret: false,
};
const PUBLICATION: Setting = Setting {
    name: "VERBATIM_PUBLICATION",
    default: "",
    meaning: "The name of the publication, as feeds, the news sitemap, citations, embeds and JSON-LD show it.",
    allowed: "a text of 1 to 200 characters on one line",
    is_secret: false,
};
const PUBLIC_READS: Setting = Setting {
    name: "VERBATIM_PUBLIC_READS",
    default: "true",
    meaning: "Whether what is public can be read without a key.",
    allowed: "true or false",
    is_secret: false,
};
const PUBLIC_METRICS: Setting = Setting {
    name: "VERBATIM_PUBLIC_METRICS",
    default: "false",
    meaning: "Whether /metrics can be read without a key. Set it where only those who may know can reach the server, or that path.",
    allowed: "true or false",
    is_secret: false,
};
const CORS_ORIGINS: Setting = Setting {
    name: "VERBATIM_CORS_ORIGINS",
    default: "*",
    meaning: "The web origins whose pages may use the API: * lets any page read without a key, a list lets these pages do everything that their keys may.",
    allowed: "* for any, none, or origins parted by commas, such as https://example.org,https://www.example.org",
    is_secret: false,
};
const CACHE_CONTROL: Setting = Setting {
    name: "VERBATIM_CACHE_CONTROL",
    default: "public, max-age=0, must-revalidate",
    meaning: "How browsers and caches may keep what is read without a key: the Cache-Control header of the answers.",
    allowed: "directives of RFC 9111, RFC 5861 and RFC 8246 parted by commas, such as public, max-age=60, stale-while-revalidate=600",
    is_secret: false,
};
const SURROGATE_KEYS: Setting = Setting {
    name: "VERBATIM_SURROGATE_KEYS",
    default: "true",
    meaning: "Whether answers name what they depend on in the header Surrogate-Key, by which a network of caches can drop them.",
    allowed: "true or false",
    is_secret: false,
};
const CACHE_BYTES: Setting = Setting {
    name: "VERBATIM_CACHE_BYTES",
    default: "67108864",
    meaning: "How many bytes of finished answers are kept in memory at most; 0 keeps none.",
    allowed: "a number from 0 to 1099511627776",
    is_secret: false,
};
const CACHE_LEASE: Setting = Setting {
    name: "VERBATIM_CACHE_LEASE",
    default: "1000",
    meaning: "Milliseconds for which answers are given from memory after the last proof that changes made by other instances are heard.",
    allowed: "a number from 100 to 60000",
    is_secret: false,
};
const WORKERS: Setting = Setting {
    name: "VERBATIM_WORKERS",
    default: "0",
    meaning: "How many threads serve requests; 0 means one for each processor.",
    allowed: "a number from 0 to 256",
    is_secret: false,
};
const MAX_CONNECTIONS: Setting = Setting {
    name: "VERBATIM_MAX_CONNECTIONS",
    default: "10000",
    meaning: "How many client connections each worker holds at most.",
    allowed: "a number from 1 to 1000000",
    is_secret: false,
};
const DATABASE_CONNECTIONS: Setting = Setting {
    name: "VERBATIM_DATABASE_CONNECTIONS",
    default: "16",
    meaning: "How many database connections are held at most.",
    allowed: "a number from 4 to 1000",
    is_secret: false,
};
const MAX_BODY: Setting = Setting {
    name: "VERBATIM_MAX_BODY",
    default: "10485760",
    meaning: "How many bytes the body of a request has at most.",
    allowed: "a number from 1024 to 1073741824",
    is_secret: false,
};
const MAX_IMPORT: Setting = Setting {
    name: "VERBATIM_MAX_IMPORT",
    default: "2147483648",
    meaning: "How many bytes a file that is sent to be imported has at most. It is kept in VERBATIM_DATA_DIR until it is imported.",
    allowed: "a number from 1024 to 1099511627776",
    is_secret: false,
};
const REQUEST_TIMEOUT: Setting = Setting {
    name: "VERBATIM_REQUEST_TIMEOUT",
    default: "30",
    meaning: "Seconds after which a request is given up.",
    allowed: "a number from 1 to 3600",
    is_secret: false,
};
const STATEMENT_TIMEOUT: Setting = Setting {
    name: "VERBATIM_STATEMENT_TIMEOUT",
    default: "10",
    meaning: "Seconds after which PostgreSQL gives up a statement of a request.",
    allowed: "a number from 1 to 3600",
    is_secret: false,
};
const SHUTDOWN_TIMEOUT: Setting = Setting {
    name: "VERBATIM_SHUTDOWN_TIMEOUT",
    default: "30",
    meaning: "Seconds that requests under way are given to finish when the program is stopped.",
    allowed: "a number from 0 to 3600",
    is_secret: false,
};
const WEBHOOKS_ALLOW_PRIVATE: Setting = Setting {
    name: "VERBATIM_WEBHOOKS_ALLOW_PRIVATE",
    default: "false",
    meaning: "Whether webhooks may be sent to private and local addresses too: whoever has a key with the scope admin can then make the server call what only it reaches.",
    allowed: "true or false",
    is_secret: false,
};
const LOG: Setting = Setting {
    name: "VERBATIM_LOG",
    default: "info,actix_server=warn,actix_http=off",
    meaning: "What is logged.",
    allowed: "error, warn, info, debug or trace, or filters such as info,verbatim::db=debug",
    is_secret: false,
};
const LOG_FORMAT: Setting = Setting {
    name: "VERBATIM_LOG_FORMAT",
    default: "text",
    meaning: "How log lines are written, to standard error.",
    allowed: "text or json",
    is_secret: false,
};

/// Every setting there is, in the order of `.env.example`.
pub const SETTINGS: &[&Setting] = &[
    &DATABASE_URL,
    &LISTEN,
    &DATA_DIR,
    &PG_BINDIR,
    &PUBLIC_URL,
    &ARTICLE_URL,
    &PUBLICATION,
    &PUBLIC_READS,
    &PUBLIC_METRICS,
    &CORS_ORIGINS,
    &CACHE_CONTROL,
    &SURROGATE_KEYS,
    &CACHE_BYTES,
    &CACHE_LEASE,
    &WORKERS,
    &MAX_CONNECTIONS,
    &DATABASE_CONNECTIONS,
    &MAX_BODY,
    &MAX_IMPORT,
    &REQUEST_TIMEOUT,
    &STATEMENT_TIMEOUT,
    &SHUTDOWN_TIMEOUT,
    &WEBHOOKS_ALLOW_PRIVATE,
    &LOG,
    &LOG_FORMAT,
];

/// The settings, read and checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The server to use; `None` for a private one.
    pub database_url: Option<SecretString>,
    /// The address to serve on.
    pub listen: SocketAddr,
    /// Where the private PostgreSQL keeps its data.
    pub data_dir: PathBuf,
    /// Where PostgreSQL's programs are.
    pub pg_bindir: Option<PathBuf>,
    /// The address clients reach the API under, without a slash at its end.
    pub public_url: Option<String>,
    /// The address of an article on its site, with `{slug}` in it.
    pub article_url: Option<String>,
    /// The name of the publication.
    pub publication: Option<String>,
    /// Whether what is public can be read without a key.
    pub public_reads: bool,
    /// Whether metrics can be read without a key.
    pub public_metrics: bool,
    /// Whose pages may use the API.
    pub cors_origins: CorsOrigins,
    /// How caches may keep what is public.
    pub cache_control: HeaderValue,
    /// Whether answers name what they depend on.
    pub surrogate_keys: bool,
    /// How many bytes of answers are kept at most.
    pub cache_bytes: usize,
    /// For how long a proof that changes are heard is good.
    pub cache_lease: Duration,
    /// How many threads serve requests.
    pub workers: usize,
    /// Client connections each worker holds at most.
    pub max_connections: usize,
    /// Database connections held at most.
    pub database_connections: usize,
    /// How many bytes the body of a request has at most.
    pub max_body: usize,
    /// How many bytes a file that is sent to be imported has at most.
    pub max_import: u64,
    /// After which a request is given up.
    pub request_timeout: Duration,
    /// After which PostgreSQL gives up a statement.
    pub statement_timeout: Duration,
    /// What requests under way are given at a stop.
    pub shutdown_timeout: Duration,
    /// Whether webhooks may be sent to addresses that are not of the public internet.
    pub webhooks_allow_private: bool,
    /// What is logged.
    pub log: String,
    /// How log lines are written.
    pub log_format: LogFormat,
}

/// Web origins whose pages may use the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Every origin.
    Any,
    /// These; none when empty.
    Only(Vec<String>),
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Settings that cannot be used: all of them at once.
#[derive(Debug, thiserror::Error)]
#[error("the configuration cannot be used:\n  {}", .faults.join("\n  "))]
pub struct ConfigError {
    /// A sentence for each fault.
    pub faults: Vec<String>,
}

impl Config {
    /// Reads the settings of this process.
    pub fn from_environment() -> Result<Self, ConfigError> {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            // A value that is not Unicode is reported as such where the name is ours.
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        });
        Self::read(variables)
    }

    /// Reads the settings out of `variables`; what is neither `DATABASE_URL` nor `VERBATIM_…` is left alone.
    pub fn read(variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(variables);
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let config = Self {
            database_url: reader.optional(&DATABASE_URL, database_url),
            listen: reader.required(&LISTEN, |text| text.parse().ok()),
            data_dir: reader.required(&DATA_DIR, |text| Some(PathBuf::from(text))),
            pg_bindir: reader.optional(&PG_BINDIR, |text| Some(PathBuf::from(text))),
            public_url: reader
                .optional(&PUBLIC_URL, |text| web_url(text).map(|_| text.trim_end_matches('/').to_owned())),
            article_url: reader.optional(&ARTICLE_URL, |text| {
                (text.contains("{slug}") && web_url(text).is_some()).then(|| text.to_owned())
            }),
            publication: reader.optional(&PUBLICATION, |text| {
                let is_line = text.chars().count() <= 200 && !text.chars().any(char::is_control);
                (is_line && !text.trim().is_empty()).then(|| text.trim().to_owned())
            }),
            public_reads: reader.required(&PUBLIC_READS, |text| text.parse().ok()),
            public_metrics: reader.required(&PUBLIC_METRICS, |text| text.parse().ok()),
            cors_origins: reader.required(&CORS_ORIGINS, cors_origins),
            cache_control: reader.required(&CACHE_CONTROL, cache_control),
            surrogate_keys: reader.required(&SURROGATE_KEYS, |text| text.parse().ok()),
            cache_bytes: reader.required(&CACHE_BYTES, |text| number(text, 0, 1 << 40)),
            cache_lease: reader.required(&CACHE_LEASE, |text| {
                number(text, 100, 60_000).map(|milliseconds| Duration::from_millis(milliseconds as u64))
            }),
            workers: reader.required(&WORKERS, |text| match number(text, 0, 256)? {
                0 => Some(processors),
                workers => Some(workers),
            }),
            max_connections: reader.required(&MAX_CONNECTIONS, |text| number(text, 1, 1_000_000)),
            database_connections: reader.required(&DATABASE_CONNECTIONS, |text| number(text, 4, 1000)),
            max_body: reader.required(&MAX_BODY, |text| number(text, 1024, 1 << 30)),
            max_import: reader
                .required(&MAX_IMPORT, |text| number(text, 1024, 1 << 40).and_then(|bytes| u64::try_from(bytes).ok())),
            request_timeout: reader.required(&REQUEST_TIMEOUT, |text| seconds(text, 1)),
            statement_timeout: reader.required(&STATEMENT_TIMEOUT, |text| seconds(text, 1)),
            shutdown_timeout: reader.required(&SHUTDOWN_TIMEOUT, |text| seconds(text, 0)),
            webhooks_allow_private: reader.required(&WEBHOOKS_ALLOW_PRIVATE, |text| text.parse().ok()),
            log: reader
                .required(&LOG, |text| text.parse::<tracing_subscriber::EnvFilter>().ok().map(|_| text.to_owned())),
            log_format: reader.required(&LOG_FORMAT, |text| match text {
                "text" => Some(LogFormat::Text),
                "json" => Some(LogFormat::Json),
                _ => None,
            }),
        };
        reader.finish(config)
    }
}

/// Takes settings out of the variables and gathers what is wrong with them.
struct Reader {
    variables: BTreeMap<String, String>,
    faults: Vec<String>,
}

impl Reader {
    fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let variables = variables
            .into_iter()
            .filter(|(name, value)| (name == DATABASE_URL.name || name.starts_with("VERBATIM_")) && !value.is_empty())
            .collect();
        Self { variables, faults: Vec::new() }
    }

    fn optional<T>(&mut self, setting: &Setting, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.variables.remove(setting.name)?;
        let value = parse(&text);
        if value.is_none() {
            let shown = if setting.is_secret { "its value (not shown)".to_owned() } else { format!("{text:?}") };
            self.faults.push(format!("{}: {shown} is not {}", setting.name, setting.allowed));
        }
        value
    }

    #[allow(clippy::expect_used, reason = "a test reads every default")]
    fn required<T>(&mut self, setting: &Setting, parse: impl Fn(&str) -> Option<T>) -> T {
        self.optional(setting, &parse)
            .unwrap_or_else(|| parse(setting.default).expect("the default of a setting is allowed"))
    }

    fn finish(mut self, config: Config) -> Result<Config, ConfigError> {
        for name in self.variables.into_keys() {
            let near = SETTINGS
                .iter()
                .map(|setting| (strsim::jaro_winkler(setting.name, &name), setting.name))
                .max_by(|one, other| one.0.total_cmp(&other.0))
                .map_or("", |(_, near)| near);
            self.faults.push(format!("{name}: there is no such setting; did you mean {near}?"));
        }
        if self.faults.is_empty() { Ok(config) } else { Err(ConfigError { faults: self.faults }) }
    }
}

fn number(text: &str, least: usize, most: usize) -> Option<usize> {
    text.parse().ok().filter(|number| (least..=most).contains(number))
}

fn seconds(text: &str, least: usize) -> Option<Duration> {
    number(text, least, 3600).map(|seconds| Duration::from_secs(seconds as u64))
}

fn web_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn database_url(text: &str) -> Option<SecretString> {
    crate::db::Address::parse(text).ok().map(|_| SecretString::from(text))
}

fn cors_origins(text: &str) -> Option<CorsOrigins> {
    match text {
        "*" => Some(CorsOrigins::Any),
        "none" => Some(CorsOrigins::Only(Vec::new())),
        list => list
            .split(',')
            .map(|origin| {
                let url = web_url(origin.trim())?;
                Some(url.origin().ascii_serialization()).filter(|serialised| serialised == origin.trim())
            })
            .collect::<Option<Vec<_>>>()
            .map(CorsOrigins::Only),
    }
}

/// A `Cache-Control` header of known directives: caches pass over one that they do not know, a misspelt one too.
fn cache_control(text: &str) -> Option<HeaderValue> {
    let is_known = |directive: &str| match directive.split_once('=') {
        Some((name, seconds)) => {
            matches!(name, "max-age" | "s-maxage" | "stale-while-revalidate" | "stale-if-error")
                && seconds.parse::<u32>().is_ok()
        }
        None => matches!(
            directive,
            "public"
                | "private"
                | "no-cache"
                | "no-store"
                | "no-transform"
                | "must-revalidate"
                | "proxy-revalidate"
                | "must-understand"
                | "immutable"
        ),
    };
    let are_known = text.split(',').all(|directive| is_known(directive.trim()));
    if are_known { HeaderValue::from_str(text).ok() } else { None }
}

/// The content of `.env.example`: every setting with its meaning, what is allowed and its default.
pub fn env_example() -> String {
    let mut text = String::from(
        "# Every setting of verbatim with its default. Settings are environment variables: to use a file like this one,\n\
         # run `set -a; . ./.env; set +a` in the shell that starts the program.\n",
    );
    for setting in SETTINGS {
        text.push_str(&format!("\n# {}\n# Allowed: {}.\n", setting.meaning, setting.allowed));
        text.push_str(&format!("#{}={}\n", setting.name, setting.default));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn nothing_set_gives_the_defaults_and_foreign_variables_are_left_alone() {
        let config = read(&[("PATH", "/bin"), ("VERBATIM_PUBLIC_URL", "")]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert!(config.database_url.is_none() && config.public_url.is_none());
    }

    #[test]
    fn wrong_and_unknown_settings_are_all_named_with_what_is_allowed() {
        let error = read(&[("VERBATIM_LISTEN", "everywhere"), ("VERBATIM_LISTN", "x")]).unwrap_err();
        assert_eq!(error.faults.len(), 2);
        assert!(error.faults[0].contains("VERBATIM_LISTEN: \"everywhere\" is not an IP address"));
        assert!(error.faults[1].contains("did you mean VERBATIM_LISTEN?"));
    }

    #[test]
    fn a_secret_is_not_shown_even_when_it_is_wrong() {
        let error = read(&[("DATABASE_URL", "mysql://someone:hunter2@db")]).unwrap_err().to_string();
        assert!(error.contains("DATABASE_URL") && !error.contains("hunter2"), "{error}");
        let config = read(&[("DATABASE_URL", "postgres://someone:hunter2@db/x")]).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn origins_are_any_none_or_a_list() {
        let origins = |text| read(&[("VERBATIM_CORS_ORIGINS", text)]).map(|config| config.cors_origins);
        assert_eq!(origins("*").unwrap(), CorsOrigins::Any);
        assert_eq!(origins("none").unwrap(), CorsOrigins::Only(vec![]));
        assert_eq!(
            origins("https://a.example, http://b.example:81").unwrap(),
            CorsOrigins::Only(vec!["https://a.example".into(), "http://b.example:81".into()])
        );
        assert!(origins("a.example").is_err() && origins("https://a.example/path").is_err());
    }

    #[test]
    fn cache_control_is_made_of_known_directives() {
        let control = |text| read(&[("VERBATIM_CACHE_CONTROL", text)]).map(|config| config.cache_control);
        for right in ["no-store", "public, max-age=60,stale-while-revalidate=600", "s-maxage=31536000, immutable"] {
            assert_eq!(control(right).unwrap(), right);
        }
        for wrong in ["for ever", "max-agee=60", "max-age", "max-age=-1", "public,", "public=1", "public; max-age=1"] {
            assert!(control(wrong).is_err(), "{wrong}");
        }
    }
}
