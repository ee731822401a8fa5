//! Which addresses messages may be sent to: whoever makes a webhook must not reach what only this machine reaches.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// How far messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// To addresses of the public internet.
    Public,
    /// Anywhere, as the configuration says.
    Anywhere,
}

impl Reach {
    /// Whether messages may be sent to an address.
    pub fn allows(self, address: IpAddr) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Public => match address {
                IpAddr::V4(address) => is_public_v4(address),
                IpAddr::V6(address) => is_public_v6(address),
            },
        }
    }

    /// Why a URL cannot be one of a webhook, as far as it tells without asking for the addresses of its name.
    pub fn objection(self, text: &str) -> Option<&'static str> {
        let Ok(url) = Url::parse(text) else { return Some("is not a URL") };
        if !matches!(url.scheme(), "http" | "https") {
            return Some("must begin with https:// or http://");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Some("must not hold a name or a password: messages are signed");
        }
        if url.fragment().is_some() {
            return Some("must not hold a fragment");
        }
        let is_allowed = match url.host() {
            Some(Host::Ipv4(address)) => self.allows(address.into()),
            Some(Host::Ipv6(address)) => self.allows(address.into()),
            Some(Host::Domain(_)) => true,
            None => return Some("must name a host"),
        };
        if is_allowed { None } else { Some("is not an address of the public internet") }
    }
}

/// The IANA IPv4 Special-Purpose Address Registry says what is not (RFC 6890).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || first == 0
        || first >= 240
        || (first == 100 && (64..128).contains(&second))
        || (first, second, third) == (192, 0, 0)
        || (first, second, third) == (192, 88, 99)
        || (first == 198 && (18..20).contains(&second));
    !is_special
}

/// Global unicast, without what is no single machine's or leads to an IPv4 address that is not public.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            embedded(high, low)
        }
        // IETF protocols (Teredo among them), and documentation.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_reached() {
        for address in ["93.184.215.14", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(Reach::Public.allows(address.parse().unwrap()), "{address}");
        }
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "198.19.0.1",
            "192.0.2.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "fec0::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::",
            "2001::1",
            "2001:db8::1",
            "::7f00:1",
        ] {
            let address = address.parse().unwrap();
            assert!(!Reach::Public.allows(address), "{address}");
            assert!(Reach::Anywhere.allows(address));
        }
    }

    #[test]
    fn a_url_is_looked_at_as_the_sender_will_read_it() {
        for fine in ["https://example.org/hook?x=1", "http://example.org:8080", "https://1.1.1.1/"] {
            assert_eq!(Reach::Public.objection(fine), None, "{fine}");
        }
        for refused in [
            "example.org",
            "ftp://example.org",
            "https://u:p@example.org/",
            "https://example.org/#x",
            "https://",
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:7f00:1]/",
            "https://169.254.169.254/latest/meta-data",
        ] {
            assert!(Reach::Public.objection(refused).is_some(), "{refused}");
        }
        assert_eq!(Reach::Anywhere.objection("http://127.0.0.1:9000/"), None);
    }
}
