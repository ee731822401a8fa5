//! One message to one address: the name is looked up once, its addresses are checked, and the connection is opened to
//! exactly one of those. No redirect is followed, no connection is kept, and of the answer only a little is read.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Position, Url};

use super::reach::Reach;

/// How much of an answer is kept for the log, in bytes.
const KEPT: usize = 1024;

/// Sends messages.
#[derive(Clone)]
pub(super) struct Sender {
    tls: TlsConnector,
    reach: Reach,
    timeout: Duration,
}

/// A message as it is sent.
pub(super) struct Message {
    pub url: String,
    pub id: String,
    pub timestamp: i64,
    pub signatures: String,
    pub body: String,
}

/// What a receiver answered.
pub(super) struct Reply {
    pub status: u16,
    /// The beginning of its body.
    pub excerpt: String,
}

impl Sender {
    /// A sender that trusts whom the system trusts.
    pub(super) fn new(reach: Reach, timeout: Duration) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), reach, timeout })
    }

    /// Sends a message; tells what was answered, or why it did not get there.
    pub(super) async fn send(&self, message: Message) -> Result<Reply, String> {
        match tokio::time::timeout(self.timeout, self.exchange(message)).await {
            Ok(reply) => reply,
            Err(_) => Err(format!("no answer within {} seconds", self.timeout.as_secs_f32())),
        }
    }

    async fn exchange(&self, message: Message) -> Result<Reply, String> {
        let Message { url, id, timestamp, signatures, body } = message;
        let url = Url::parse(&url).map_err(|error| error.to_string())?;
        let header = |text: &str| HeaderValue::from_str(text).map_err(|error| error.to_string());
        let request = Request::builder()
            .method(Method::POST)
            .uri(&url[Position::BeforePath..Position::AfterQuery])
            .header(HOST, header(&url[Position::BeforeHost..Position::AfterPort])?)
            .header(USER_AGENT, concat!("verbatim/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", header(&id)?)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", header(&signatures)?)
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        let stream = self.connect(&url).await?;
        if url.scheme() == "http" {
            return converse(stream, request).await;
        }
        let name = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(name).map_err(|error| error.to_string())?;
        let stream = self.tls.connect(name, stream).await.map_err(|error| format!("TLS: {error}"))?;
        converse(stream, request).await
    }

    /// Connects to an address of the URL's host that messages may be sent to.
    async fn connect(&self, url: &Url) -> Result<TcpStream, String> {
        let port = url.port_or_known_default().unwrap_or(443);
        let addresses: Vec<IpAddr> = match url.host() {
            Some(Host::Ipv4(address)) => vec![address.into()],
            Some(Host::Ipv6(address)) => vec![address.into()],
            Some(Host::Domain(name)) => {
                let found = tokio::net::lookup_host((name, port)).await.map_err(|error| format!("{name}: {error}"))?;
                found.map(|address| address.ip()).collect()
            }
            None => return Err("the URL names no host".to_owned()),
        };
        let mut failure = "the host has no address of the public internet".to_owned();
        for address in addresses.into_iter().filter(|address| self.reach.allows(*address)) {
            match TcpStream::connect(SocketAddr::new(address, port)).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = format!("no connection: {error}"),
            }
        }
        Err(failure)
    }
}

/// Sends a request over a connection that is for it alone.
async fn converse<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Reply, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let told = |error: hyper::Error| format!("no answer: {error}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(told)?;
    let exchange = async move {
        let response = sender.send_request(request).await.map_err(told)?;
        let status = response.status().as_u16();
        Ok(Reply { status, excerpt: excerpt(response).await })
    };
    // The connection is driven only as long as somebody waits for the answer.
    tokio::pin!(exchange, connection);
    tokio::select! {
        reply = &mut exchange => reply,
        ended = &mut connection => match ended {
            Ok(()) => exchange.await,
            Err(error) => Err(told(error)),
        },
    }
}

/// The beginning of an answer, as text for people.
async fn excerpt(response: Response<Incoming>) -> String {
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    while bytes.len() < KEPT
        && let Some(Ok(frame)) = body.frame().await
    {
        bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |data| &data[..]));
    }
    bytes.truncate(KEPT);
    String::from_utf8_lossy(&bytes).replace('\0', "\u{fffd}")
}
