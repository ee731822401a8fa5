//! Ids: a UUIDv7 in the database, a TypeID outside (a prefix, `_`, and the UUID in base32).

use std::fmt;

use uuid::Uuid;

/// Crockford's base32, lower case, as TypeIDs use it.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// How many base32 digits hold 128 bits.
const DIGITS: usize = 26;

/// Why a text is not the id that was wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_ and 26 characters")]
pub struct InvalidId {
    /// The prefix that was wanted.
    pub prefix: &'static str,
}

/// The value of each digit, and of any other byte one that no digit has.
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        values[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    values
};

const NO_DIGIT: u8 = u8::MAX;

fn write(formatter: &mut fmt::Formatter<'_>, prefix: &str, uuid: Uuid) -> fmt::Result {
    let mut digits = [0; DIGITS];
    let mut value = uuid.as_u128();
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(value & 31) as usize];
        value >>= 5;
    }
    formatter.write_str(prefix)?;
    formatter.write_str("_")?;
    formatter.write_str(str::from_utf8(&digits).map_err(|_| fmt::Error)?)
}

fn decode(prefix: &'static str, text: &str) -> Result<Uuid, InvalidId> {
    let digits = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_'));
    digits.and_then(decode_digits).ok_or(InvalidId { prefix })
}

fn decode_digits(digits: &str) -> Option<Uuid> {
    // 26 digits hold 130 bits, so the first may be 7 at most.
    if digits.len() != DIGITS || digits.as_bytes()[0] > b'7' {
        return None;
    }
    let mut value: u128 = 0;
    for byte in digits.bytes() {
        let digit = VALUES[usize::from(byte)];
        if digit == NO_DIGIT {
            return None;
        }
        value = value << 5 | u128::from(digit);
    }
    Some(Uuid::from_u128(value))
}

/// Declares the id type of one resource.
macro_rules! typed_id {
    ($(#[$attribute:meta])* $name:ident, $prefix:literal, $example:literal) => {
        $(#[$attribute])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = diesel::sql_types::Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// What stands before the `_`.
            pub const PREFIX: &'static str = $prefix;

            /// A new id, later ones sorting after earlier ones.
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write(formatter, $prefix, self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                decode($prefix, text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some(concat!("An id: `", $prefix, "_` and a UUIDv7 in base32 (a TypeID).")))
                    .pattern(Some(concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$")))
                    .examples([$example])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}

        impl diesel::serialize::ToSql<diesel::sql_types::Uuid, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                diesel::serialize::ToSql::<diesel::sql_types::Uuid, diesel::pg::Pg>::to_sql(&self.0, out)
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Uuid, diesel::pg::Pg> for $name {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                diesel::deserialize::FromSql::<diesel::sql_types::Uuid, diesel::pg::Pg>::from_sql(value).map(Self)
            }
        }
    };
}

typed_id!(
    /// Id of an article.
    ArticleId, "art", "art_01jdb2q9wxf8n8k5r0c3v7m2ha"
);
typed_id!(
    /// Id of a quote.
    QuoteId, "quo", "quo_01jdb2q9x3e2tbvq6d9m4y8k1s"
);
typed_id!(
    /// Id of an occurrence: one printing of a quote.
    OccurrenceId, "occ", "occ_01jdb2q9x4fbr9w2h7z5n3c6pt"
);
typed_id!(
    /// Id of a person, an organization or a group.
    PersonId, "per", "per_01jdb2q9wzegx8v4s1k6t9b3md"
);
typed_id!(
    /// Id of an affiliation.
    AffiliationId, "aff", "aff_01jdb2q9x0f5ktc8e2w7r4y6vn"
);
typed_id!(
    /// Id of a label.
    LabelId, "lab", "lab_01jdb2q9wye9prh3x6d1z8m5fc"
);

typed_id!(
    /// Id of a merge.
    MergeId, "mer", "mer_01jdb2q9x7c5sm2w8k4t9e6hvf"
);

typed_id!(
    /// Id of a webhook.
    WebhookId, "hook", "hook_01jdb2q9x8k3tcv5r0w7n2m4ha"
);

typed_id!(
    /// Id of a message to a webhook.
    MessageId, "msg", "msg_01jdb2q9x9n4vdw6s1x8p3n5jb"
);

typed_id!(
    /// Id of an import: a file that was sent to be imported.
    ImportId, "imp", "imp_01jdb2q9x8e4tw6h2k9r5c7msz"
);

typed_id!(
    /// Id of a key.
    KeyId, "key", "key_01jdb2q9x6h0vcn4t8w3r5k7zd"
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_id_is_written_as_the_typeid_specification_writes_it() {
        let uuid = Uuid::parse_str("01890a5d-ac96-774b-bcce-b302099a8057").unwrap();
        assert_eq!(ArticleId(uuid).to_string(), "art_01h455vb4pex5vsknk084sn02q");
    }

    #[test]
    fn a_wrong_prefix_length_letter_or_overflow_is_no_id() {
        for text in [
            "per_01h455vb4pex5vsknk084sn02q",
            "art_01h455vb4pex5vsknk084sn02",
            "art_01h455vb4pex5vsknk084sn02u",
            "art_81h455vb4pex5vsknk084sn02q",
            "art01h455vb4pex5vsknk084sn02q",
            "art_01H455VB4PEX5VSKNK084SN02Q",
            "art_é1h455vb4pex5vsknk084sn02",
            "",
        ] {
            assert!(text.parse::<ArticleId>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_uuid_survives_the_way_out_and_back(value: u128) {
            let id = ArticleId(Uuid::from_u128(value));
            prop_assert_eq!(id.to_string().parse::<ArticleId>(), Ok(id));
        }

        #[test]
        fn ids_sort_as_their_texts_do(one: u128, other: u128) {
            let (one, other) = (LabelId(Uuid::from_u128(one)), LabelId(Uuid::from_u128(other)));
            prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
        }
    }
}
