//! Compression: each answer once for each encoding, not once for each request.

use std::cell::RefCell;
use std::io::Write;

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, AcceptEncoding, Encoding as Coding, HeaderValue};

/// How a body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Brotli,
    Gzip,
    Zstd,
}

impl Encoding {
    const ALL: [Self; 4] = [Self::Identity, Self::Brotli, Self::Gzip, Self::Zstd];

    /// Its name in headers.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    fn coding(self) -> Coding {
        match self {
            Self::Identity => Coding::identity(),
            Self::Brotli => Coding::brotli(),
            Self::Gzip => Coding::gzip(),
            Self::Zstd => Coding::zstd(),
        }
    }

    /// The one that suits a request best (RFC 9110 §12.5.3); `None` where it accepts none of them.
    pub(super) fn for_request(request: &ServiceRequest) -> Option<Self> {
        let mut lines = request.headers().get_all(header::ACCEPT_ENCODING);
        match (lines.next(), lines.next()) {
            (None, _) => Some(Self::Identity),
            (Some(only), None) => known(only, || negotiate(request)),
            _ => negotiate(request),
        }
    }

    /// A body in this encoding.
    pub(super) fn encode(self, body: &[u8]) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Identity => Ok(body.to_vec()),
            Self::Brotli => {
                let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
                encoder.write_all(body)?;
                Ok(encoder.into_inner())
            }
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(body)?;
                encoder.finish()
            }
            Self::Zstd => zstd::bulk::compress(body, 6),
        }
    }
}

fn negotiate(request: &ServiceRequest) -> Option<Encoding> {
    let Some(accepted) = request.get_header::<AcceptEncoding>() else { return Some(Encoding::Identity) };
    let codings = Encoding::ALL.map(Encoding::coding);
    let chosen = accepted.negotiate(codings.iter())?;
    Encoding::ALL.into_iter().find(|encoding| encoding.coding() == chosen)
}

/// What a header led to before on this thread: there are few that clients send.
fn known(header: &HeaderValue, negotiate: impl FnOnce() -> Option<Encoding>) -> Option<Encoding> {
    /// How many headers are remembered, and of what length at most.
    const REMEMBERED: (usize, usize) = (32, 64);
    thread_local! {
        static KNOWN: RefCell<Vec<(HeaderValue, Option<Encoding>)>> = const { RefCell::new(Vec::new()) };
    }
    let earlier = KNOWN.with_borrow(|known| known.iter().find(|(known, _)| known == header).map(|(_, found)| *found));
    if let Some(found) = earlier {
        return found;
    }
    let found = negotiate();
    KNOWN.with_borrow_mut(|known| {
        if known.len() < REMEMBERED.0 && header.len() <= REMEMBERED.1 {
            known.push((HeaderValue::from_bytes(header.as_bytes()).unwrap_or_else(|_| header.clone()), found));
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_best_encoding_that_is_accepted_is_chosen() {
        let chosen = |accepted: &[&str]| {
            let mut request = TestRequest::get();
            for line in accepted {
                request = request.append_header((header::ACCEPT_ENCODING, *line));
            }
            Encoding::for_request(&request.to_srv_request())
        };
        for _ in 0..2 {
            assert_eq!(chosen(&[]), Some(Encoding::Identity));
            assert_eq!(chosen(&[""]), Some(Encoding::Identity));
            assert_eq!(chosen(&["gzip, deflate, br, zstd"]), Some(Encoding::Brotli));
            assert_eq!(chosen(&["gzip", "zstd"]), Some(Encoding::Zstd));
            assert_eq!(chosen(&["gzip;q=1, br;q=0.5"]), Some(Encoding::Gzip));
            assert_eq!(chosen(&["deflate"]), Some(Encoding::Identity));
            assert_eq!(chosen(&["compress, identity;q=0"]), None);
        }
    }

    #[test]
    fn what_is_encoded_is_decoded_to_the_same() {
        let body = "“The tide waits for nobody at all,” said Ada Quill. ".repeat(40).into_bytes();
        let mut decoded = Vec::new();
        let gzip = Encoding::Gzip.encode(&body).unwrap();
        flate2::read::GzDecoder::new(gzip.as_slice()).read_to_end(&mut decoded).unwrap();
        assert_eq!(decoded, body);
        assert_eq!(zstd::bulk::decompress(&Encoding::Zstd.encode(&body).unwrap(), body.len()).unwrap(), body);
        let mut decoded = Vec::new();
        let brotli = Encoding::Brotli.encode(&body).unwrap();
        brotli::Decompressor::new(brotli.as_slice(), 4096).read_to_end(&mut decoded).unwrap();
        assert_eq!(decoded, body);
        assert!(gzip.len() < body.len() / 4 && brotli.len() < body.len() / 4);
    }
}
