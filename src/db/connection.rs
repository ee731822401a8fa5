//! Connections and the pool of them.
//!
//! A connection is driven by a task of the runtime that opened it. The workers of the HTTP server are single-threaded
//! runtimes, and each has a pool of its own: an answer of PostgreSQL wakes the thread that waits for it and no other.

use std::iter::Sum;
use std::sync::Arc;
use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, deadpool};
use rustls::ClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, Client, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::{Address, TlsMode};
use super::{Connection, DatabaseError, WriteTurns};

/// How long a request waits for a connection, new or freed.
const WAIT: Duration = Duration::from_secs(5);

/// A pool of connections, all on the runtime that it was made on.
#[derive(Clone)]
pub struct Pool {
    connections: deadpool::Pool<AsyncPgConnection>,
    address: Arc<Address>,
    settings: PoolSettings,
    turns: WriteTurns,
}

/// A connection on loan from the pool.
pub type PooledConnection = deadpool::Object<AsyncPgConnection>;

impl Pool {
    /// The share that one of several runtimes has of the connections, which are never more together than this pool may
    /// have: a pool of its own on the present runtime, or this one where there are too few to part. One connection
    /// stays with this pool. Who writes waits in one line with the writers of the others.
    pub fn share_of(&self, runtimes: usize) -> Result<Self, DatabaseError> {
        match self.settings.connections.saturating_sub(1) / runtimes.max(1) {
            0 => Ok(self.clone()),
            connections => {
                let share = open_pool(&self.address, PoolSettings { connections, ..self.settings })?;
                Ok(Self { turns: self.turns.clone(), ..share })
            }
        }
    }

    /// Whose turn it is to write.
    pub fn turns(&self) -> &WriteTurns {
        &self.turns
    }

    /// What its connections do at the moment.
    pub fn status(&self) -> PoolStatus {
        let status = self.connections.status();
        PoolStatus {
            limit: status.max_size as u64,
            idle: status.available as u64,
            busy: status.size.saturating_sub(status.available) as u64,
            wanted: status.waiting as u64,
        }
    }

    /// Borrows a connection; waits for one, but not for ever.
    pub async fn get(&self) -> Result<PooledConnection, DatabaseError> {
        tokio::time::timeout(WAIT, self.connections.get())
            .await
            .map_err(|_| DatabaseError::Unavailable("no connection became free in time".to_owned()))?
            .map_err(DatabaseError::from)
    }
}

/// What the connections of a pool do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolStatus {
    /// How many there may be.
    pub limit: u64,
    /// How many wait to be borrowed.
    pub idle: u64,
    /// How many are borrowed.
    pub busy: u64,
    /// How many borrowers wait for one.
    pub wanted: u64,
}

impl Sum for PoolStatus {
    fn sum<I: Iterator<Item = Self>>(pools: I) -> Self {
        pools.fold(Self::default(), |all, one| Self {
            limit: all.limit + one.limit,
            idle: all.idle + one.idle,
            busy: all.busy + one.busy,
            wanted: all.wanted + one.wanted,
        })
    }
}

/// What a pool keeps to.
#[derive(Debug, Clone, Copy)]
pub struct PoolSettings {
    /// Connections held at most.
    pub connections: usize,
    /// After which PostgreSQL gives up a statement.
    pub statement_timeout: Duration,
}

/// Makes a pool whose connections live on the present runtime. Connects to nothing yet.
pub fn open_pool(address: &Address, settings: PoolSettings) -> Result<Pool, DatabaseError> {
    let runtime = Handle::current();
    let shared = Arc::new(address.clone());
    let address = Arc::clone(&shared);
    let mut manager = ManagerConfig::default();
    manager.recycling_method = RecyclingMethod::Fast;
    manager.custom_setup = Box::new(move |_| {
        let (runtime, address) = (runtime.clone(), Arc::clone(&address));
        Box::pin(async move {
            runtime
                .spawn(async move { establish(&address, Some(settings.statement_timeout)).await })
                .await
                .map_err(|error| ConnectionError::BadConnection(error.to_string()))?
        })
    });
    // The URL is unused: the set-up above knows the address.
    let manager = AsyncDieselConnectionManager::new_with_config(String::new(), manager);
    let connections = deadpool::Pool::builder(manager)
        .max_size(settings.connections)
        .build()
        .map_err(|error| DatabaseError::Unavailable(error.to_string()))?;
    Ok(Pool { connections, address: Arc::clone(&shared), settings, turns: WriteTurns::default() })
}

/// Opens one connection outside any pool, without a limit on the time of a statement.
pub async fn connect(address: &Address) -> Result<Connection, DatabaseError> {
    establish(address, None).await.map_err(DatabaseError::from)
}

/// Opens one connection outside any pool of which `hear` gets what PostgreSQL sends unasked, such as notifications, in
/// order. The task that drives it ends with the connection.
pub async fn connect_hearing(
    address: &Address,
    mut hear: impl FnMut(AsyncMessage) + Send + 'static,
) -> Result<(Client, AbortHandle), DatabaseError> {
    let (client, mut connection) = open(address).await?;
    let driver = tokio::spawn(async move {
        while let Some(Ok(message)) = std::future::poll_fn(|context| connection.poll_message(context)).await {
            hear(message);
        }
    });
    Ok((client, driver.abort_handle()))
}

type RawConnection = tokio_postgres::Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

async fn open(address: &Address) -> ConnectionResult<(Client, RawConnection)> {
    let mut config = address.config.clone();
    config.application_name("verbatim").connect_timeout(WAIT).ssl_mode(match address.tls {
        TlsMode::Disable => SslMode::Disable,
        TlsMode::Prefer => SslMode::Prefer,
        TlsMode::Require | TlsMode::VerifyFull => SslMode::Require,
    });
    let tls = MakeRustlsConnect::new(tls_config(address)?);
    config.connect(tls).await.map_err(|error| ConnectionError::BadConnection(with_source(&error)))
}

async fn establish(address: &Address, statement_timeout: Option<Duration>) -> ConnectionResult<AsyncPgConnection> {
    let (client, connection) = open(address).await?;
    let mut connection = AsyncPgConnection::try_from_client_and_connection(client, connection).await?;
    if let Some(limit) = statement_timeout {
        // Statements here take milliseconds: to compile one costs more than it could ever save, and PostgreSQL decides
        // by a guess at their cost that takes in paths they do not run.
        diesel_async::SimpleAsyncConnection::batch_execute(
            &mut connection,
            &format!("SET statement_timeout = {}; SET jit = off", limit.as_millis()),
        )
        .await
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    }
    Ok(connection)
}

/// tokio-postgres keeps the telling half of a message in the source of its errors.
fn with_source(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn tls_config(address: &Address) -> ConnectionResult<ClientConfig> {
    let bad = |message: String| ConnectionError::BadConnection(message);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(error.to_string()))?;
    if address.tls != TlsMode::VerifyFull {
        let verifier = Arc::new(EncryptOnly(provider));
        return Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
    }
    let mut roots = rustls::RootCertStore::empty();
    match &address.authorities {
        Some(path) => {
            let certificates = CertificateDer::pem_file_iter(path)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .map_err(|error| bad(format!("sslrootcert {}: {error}", path.display())))?;
            roots.add_parsable_certificates(certificates);
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// `prefer` and `require` encrypt, but do not ask who the server is: that is what these modes mean (libpq, "SSL Mode
/// Descriptions"); `verify-full` asks.
#[derive(Debug)]
struct EncryptOnly(Arc<CryptoProvider>);

impl ServerCertVerifier for EncryptOnly {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
