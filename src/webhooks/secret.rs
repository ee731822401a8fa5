//! What messages are signed with (Standard Webhooks): `whsec_` and 256 random bits as base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// What every secret begins with, so that people and scanners of leaks know one.
const PREFIX: &str = "whsec_";

/// How many random bytes a secret holds.
pub const BYTES: usize = 32;

/// A secret. It is never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(pub [u8; BYTES]);

impl std::fmt::Debug for SigningSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SigningSecret")
    }
}

impl SigningSecret {
    /// A new secret from the operating system's source of random bytes; fails when that fails.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The secret itself, to be shown to whoever made it.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0))
    }

    /// The signature of a message, as `webhook-signature` names it.
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let signature = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(signature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_signed_as_the_specification_says() {
        let secret = SigningSecret(*b"0123456789abcdef0123456789abcdef");
        assert_eq!(secret.expose(), "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
        let signature = secret.sign("msg_1", 1_700_000_000, "{}");
        assert_eq!(signature, "v1,2c4VI0bO4Wd5svqP2unEA9pCk0dTAXr/elrHCJ+/efk=");
        assert_ne!(signature, secret.sign("msg_1", 1_700_000_001, "{}"));
        assert!(!format!("{secret:?}").contains("whsec"));
    }
}
