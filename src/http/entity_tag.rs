//! Entity tags (RFC 9110 §8.8.3): made from what is sent, and read out of the headers that name them.

use std::fmt;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};
use sha2::{Digest, Sha256};

/// The encodings that answers are compressed with, as tags name them.
const ENCODINGS: &[&str] = &["br", "deflate", "gzip", "zstd"];

/// What stands for no encoding in `Accept-Encoding` (RFC 9110 §12.5.3).
const IDENTITY: &str = "identity";

/// The name of one state of a representation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityTag {
    is_weak: bool,
    opaque: String,
}

/// What `If-Match` and `If-None-Match` ask for (RFC 9110 §13.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// `*`: any current representation.
    Any,
    /// One of these.
    Tags(Vec<EntityTag>),
}

/// The header is neither `*` nor a list of entity tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedCondition;

impl EntityTag {
    /// The tag of a body before it is compressed: of a resource at a version, or of something that has none.
    ///
    /// It is strong for the whole of a resource alone, since only that says what a change would replace.
    pub fn of(body: &[u8], version: Option<i32>, is_whole: bool) -> Self {
        // Half of the digest: no two states of a resource share it by chance.
        let digest = format!("{:.32x}", Sha256::digest(body));
        match version {
            Some(version) => Self { is_weak: !is_whole, opaque: format!("{version}.{digest}") },
            None => Self { is_weak: true, opaque: digest },
        }
    }

    /// The tag of the same content in an encoding. A weak one stands for all encodings alike (RFC 9110 §8.8.1).
    pub fn encoded(&self, encoding: &str) -> Self {
        let mut tag = self.clone();
        if !self.is_weak && encoding != IDENTITY {
            tag.opaque = format!("{}-{encoding}", self.opaque);
        }
        tag
    }

    /// Whether it is weak: it stands for something less than the whole of a resource.
    pub fn is_weak(&self) -> bool {
        self.is_weak
    }

    /// Whether it names this version: `"3"`, or a tag of ours that begins with it, whatever else the state of then showed.
    pub fn is_of_version(&self, version: i32) -> bool {
        let named = self.opaque.split_once('.').map_or(self.opaque.as_str(), |(named, _)| named);
        named == version.to_string()
    }

    /// The tag as the value of a header.
    pub fn to_header(&self) -> Result<HeaderValue, InvalidHeaderValue> {
        HeaderValue::from_str(&self.to_string())
    }

    /// What it names apart from the encoding, and the encoding.
    fn content_and_encoding(&self) -> (&str, &str) {
        let parts = self.opaque.rsplit_once('-');
        parts.filter(|(_, encoding)| ENCODINGS.contains(encoding)).unwrap_or((&self.opaque, IDENTITY))
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weakness = if self.is_weak { "W/" } else { "" };
        write!(formatter, "{weakness}\"{}\"", self.opaque)
    }
}

impl Condition {
    /// The condition of a header, whose lines are one list; `None` where the header is not there.
    pub fn of(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Self>, MalformedCondition> {
        let lines: Vec<&[u8]> = headers.get_all(name).map(HeaderValue::as_bytes).collect();
        if lines.is_empty() { Ok(None) } else { Self::parse(&lines.join(&b","[..])).map(Some) }
    }

    /// Reads `*`, or a list in which elements may be empty (RFC 9110 §5.6.1).
    pub fn parse(header: &[u8]) -> Result<Self, MalformedCondition> {
        if header.trim_ascii() == b"*" {
            return Ok(Self::Any);
        }
        let mut tags = Vec::new();
        let mut rest = header.trim_ascii_start();
        while !rest.is_empty() {
            if rest[0] != b',' {
                let tag;
                (tag, rest) = parse_tag(rest)?;
                tags.push(tag);
                rest = rest.trim_ascii_start();
            }
            rest = match rest {
                [b',', following @ ..] => following.trim_ascii_start(),
                [] => rest,
                _ => return Err(MalformedCondition),
            };
        }
        if tags.is_empty() { Err(MalformedCondition) } else { Ok(Self::Tags(tags)) }
    }

    /// The tag that a client already has of `content`, which is about to be sent as `sent`, by weak comparison (RFC 9110
    /// §8.8.3.2). It may be that of another encoding, where the client still `accepts` it.
    pub fn held(&self, content: &EntityTag, sent: &EntityTag, accepts: impl Fn(&str) -> bool) -> Option<EntityTag> {
        let Self::Tags(tags) = self else { return Some(sent.clone()) };
        if tags.iter().any(|tag| tag.opaque == sent.opaque) {
            return Some(sent.clone());
        }
        let held = tags.iter().map(EntityTag::content_and_encoding);
        let mut acceptable = held.filter(|(held, encoding)| *held == content.opaque && accepts(encoding));
        acceptable.next().map(|(_, encoding)| content.encoded(encoding))
    }
}

/// Reads one tag, weak or strong, off the beginning of a list.
fn parse_tag(text: &[u8]) -> Result<(EntityTag, &[u8]), MalformedCondition> {
    let (is_weak, quoted) = match text.strip_prefix(b"W/") {
        Some(quoted) => (true, quoted),
        None => (false, text),
    };
    let quoted = quoted.strip_prefix(b"\"").ok_or(MalformedCondition)?;
    let end = quoted.iter().position(|byte| *byte == b'"').ok_or(MalformedCondition)?;
    let (opaque, rest) = (&quoted[..end], &quoted[end + 1..]);
    if opaque.iter().any(|byte| *byte <= b' ' || *byte == 0x7f) {
        return Err(MalformedCondition);
    }
    // What is not ASCII is in no tag of ours, so that it may change here.
    Ok((EntityTag { is_weak, opaque: String::from_utf8_lossy(opaque).into_owned() }, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tags(header: &str) -> Result<Vec<String>, MalformedCondition> {
        match Condition::parse(header.as_bytes())? {
            Condition::Any => Ok(vec!["any".to_owned()]),
            Condition::Tags(tags) => Ok(tags.iter().map(ToString::to_string).collect()),
        }
    }

    #[test]
    fn a_condition_is_a_star_or_a_list_of_tags() {
        assert_eq!(tags(" * ").unwrap(), ["any"]);
        assert_eq!(tags(r#""a""#).unwrap(), [r#""a""#]);
        assert_eq!(tags(r#""a", W/"b",,"c,d" ,"""#).unwrap(), [r#""a""#, r#"W/"b""#, r#""c,d""#, r#""""#]);
        for wrong in
            ["", ",", "a", "\"a", "a\"", "w/\"a\"", "W/", "*, \"a\"", "\"a\" \"b\"", "\"a b\"", "\"a\"x", "*,*"]
        {
            assert_eq!(tags(wrong), Err(MalformedCondition), "{wrong}");
        }
    }

    #[test]
    fn a_tag_names_its_version_and_its_encoding() {
        let tag = EntityTag::of(b"body", Some(3), true);
        assert_eq!(tag.to_string(), "\"3.230d8358dc8e8890b4c58deeb62912ee\"");
        assert_eq!(tag.encoded("gzip").to_string(), "\"3.230d8358dc8e8890b4c58deeb62912ee-gzip\"");
        assert_eq!(tag.encoded("identity"), tag);
        let sparse = EntityTag::of(b"body", Some(3), false);
        assert_eq!(sparse.encoded("gzip").to_string(), "W/\"3.230d8358dc8e8890b4c58deeb62912ee\"");
        assert_eq!(EntityTag::of(b"body", None, true).to_string(), "W/\"230d8358dc8e8890b4c58deeb62912ee\"");
    }

    #[test]
    fn what_is_held_in_another_encoding_is_held_where_it_is_accepted() {
        let content = EntityTag::of(b"body", Some(3), true);
        let sent = content.encoded("br");
        let held = |tag: &EntityTag, accepts: bool| {
            let header = format!("\"other\", {tag}");
            Condition::parse(header.as_bytes()).unwrap().held(&content, &sent, |_| accepts)
        };
        assert_eq!(held(&sent, false), Some(sent.clone()));
        assert_eq!(held(&content.encoded("gzip"), true), Some(content.encoded("gzip")));
        assert_eq!(held(&content.encoded("gzip"), false), None);
        assert_eq!(held(&EntityTag::of(b"another", Some(3), true), true), None);
        assert_eq!(held(&EntityTag::of(b"body", Some(4), true), true), None);
        assert_eq!(
            held(&EntityTag { is_weak: true, ..sent.clone() }, false),
            Some(sent.clone()),
            "weakened on its way"
        );
    }

    proptest! {
        #[test]
        fn no_header_is_too_strange_to_be_read(bytes: Vec<u8>, texts in "[\"W/*, a-c]{0,40}") {
            let _ = Condition::parse(&bytes);
            let _ = Condition::parse(texts.as_bytes());
        }

        #[test]
        fn a_tag_of_ours_is_read_as_it_was_written(
            body: Vec<u8>,
            version in 1..i32::MAX,
            is_whole: bool,
            encoding in prop::sample::select(vec!["identity", "gzip", "br", "zstd", "deflate"]),
        ) {
            let tag = EntityTag::of(&body, Some(version), is_whole).encoded(encoding);
            let read = Condition::parse(tag.to_string().as_bytes());
            prop_assert_eq!(read, Ok(Condition::Tags(vec![tag.clone()])));
            prop_assert!(tag.is_of_version(version) && !tag.is_of_version(version - 1));
            let kept = if is_whole { encoding } else { "identity" };
            prop_assert_eq!(tag.content_and_encoding().1, kept);
        }

        #[test]
        fn every_tag_of_a_list_is_read(opaque in prop::collection::vec("[!#-~]{0,12}", 1..6)) {
            let list: Vec<String> = opaque.iter().map(|opaque| format!("\"{opaque}\"")).collect();
            prop_assert_eq!(tags(&list.join(" ,")), Ok(list.clone()));
        }
    }
}
