//! The secret of a key: `vb_` and 256 random bits as base64url. It is never stored, logged or shown in `Debug`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// What every secret begins with, so that people and scanners of leaks know one.
const PREFIX: &str = "vb_";

/// How many random bytes a secret holds.
const BYTES: usize = 32;

/// A secret of the right form; whether it belongs to a key is for the database to say.
#[derive(Debug, Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// A new secret from the operating system's source of random bytes; fails when that fails.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(SecretString::from(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))))
    }

    /// Reads a secret; `None` where the text cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        (bytes.len() == BYTES).then(|| Self(SecretString::from(text)))
    }

    /// What is stored in the secret's place: its SHA-256. A slow hash would guard guessable secrets, which this is not.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.expose_secret()).into()
    }

    /// The secret itself, to be shown to whoever made it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_new_secret_can_be_read_differs_from_others_and_hides_itself() {
        let (one, other) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        assert_eq!(Secret::parse(one.expose()).unwrap().digest(), one.digest());
        assert_ne!(one.digest(), other.digest());
        assert!(!format!("{one:?}").contains(&one.expose()[3..]));
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_the_one_way_to_write_its_bytes(text in "(vb_)?[A-Za-z0-9_=-]{0,46}|\\PC*") {
            if Secret::parse(&text).is_some() {
                let bytes = URL_SAFE_NO_PAD.decode(&text[3..]).unwrap();
                prop_assert_eq!(bytes.len(), BYTES);
                prop_assert_eq!(format!("vb_{}", URL_SAFE_NO_PAD.encode(bytes)), text);
            }
        }

        #[test]
        fn all_bytes_make_a_secret_and_no_altered_text_is_the_same_one(
            bytes: [u8; BYTES], place in 0..46_usize, letter in "[ -~é]",
        ) {
            let text = format!("vb_{}", URL_SAFE_NO_PAD.encode(bytes));
            let secret = Secret::parse(&text).unwrap();
            let altered = format!("{}{letter}{}", &text[..place], &text[place + 1..]);
            let is_same = Secret::parse(&altered).is_some_and(|other| other.digest() == secret.digest());
            prop_assert_eq!(is_same, altered == text);
            for other in [text[..45].to_owned(), text + "A"] {
                prop_assert!(Secret::parse(&other).is_none());
            }
        }
    }
}
