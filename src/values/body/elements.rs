//! The elements and attributes that a body may have, and how each flows.

/// How an element flows, which decides what it may stand in and how it parts text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// Part of a line.
    Inline,
    /// A block of its own.
    Block,
    /// A table.
    Table,
    /// A group of rows, such as `tbody`.
    Rows,
    /// A row of a table.
    Row,
    /// A cell of a row.
    Cell,
    /// The caption of a table.
    Caption,
}

/// Every element that a body may have, with the attributes that are its own.
pub(super) const ALLOWED: &[(&str, Flow, &[&str])] = &[
    ("a", Flow::Inline, &["href", "hreflang", "title"]),
    ("abbr", Flow::Inline, &["title"]),
    ("b", Flow::Inline, &[]),
    ("bdi", Flow::Inline, &[]),
    ("bdo", Flow::Inline, &[]),
    ("br", Flow::Inline, &[]),
    ("cite", Flow::Inline, &[]),
    ("code", Flow::Inline, &[]),
    ("del", Flow::Inline, &["datetime"]),
    ("dfn", Flow::Inline, &["title"]),
    ("em", Flow::Inline, &[]),
    ("i", Flow::Inline, &[]),
    ("img", Flow::Inline, &["alt", "height", "src", "title", "width"]),
    ("ins", Flow::Inline, &["datetime"]),
    ("kbd", Flow::Inline, &[]),
    ("mark", Flow::Inline, &[]),
    ("s", Flow::Inline, &[]),
    ("samp", Flow::Inline, &[]),
    ("small", Flow::Inline, &[]),
    ("span", Flow::Inline, &[]),
    ("strong", Flow::Inline, &[]),
    ("sub", Flow::Inline, &[]),
    ("sup", Flow::Inline, &[]),
    ("time", Flow::Inline, &["datetime"]),
    ("u", Flow::Inline, &[]),
    ("var", Flow::Inline, &[]),
    ("blockquote", Flow::Block, &["cite"]),
    ("dd", Flow::Block, &[]),
    ("details", Flow::Block, &["open"]),
    ("div", Flow::Block, &[]),
    ("dl", Flow::Block, &[]),
    ("dt", Flow::Block, &[]),
    ("figcaption", Flow::Block, &[]),
    ("figure", Flow::Block, &[]),
    ("h1", Flow::Block, &[]),
    ("h2", Flow::Block, &[]),
    ("h3", Flow::Block, &[]),
    ("h4", Flow::Block, &[]),
    ("h5", Flow::Block, &[]),
    ("h6", Flow::Block, &[]),
    ("hr", Flow::Block, &[]),
    ("li", Flow::Block, &["value"]),
    ("ol", Flow::Block, &["reversed", "start", "type"]),
    ("p", Flow::Block, &[]),
    ("pre", Flow::Block, &[]),
    ("summary", Flow::Block, &[]),
    ("ul", Flow::Block, &[]),
    ("table", Flow::Table, &[]),
    ("tbody", Flow::Rows, &[]),
    ("tfoot", Flow::Rows, &[]),
    ("thead", Flow::Rows, &[]),
    ("tr", Flow::Row, &[]),
    ("td", Flow::Cell, &["colspan", "rowspan"]),
    ("th", Flow::Cell, &["colspan", "rowspan", "scope"]),
    ("caption", Flow::Caption, &[]),
];

/// Attributes that every element may have.
pub(super) const ALLOWED_EVERYWHERE: &[&str] = &["dir", "lang"];

/// Blocks that become a `div`: what they part stays parted.
pub(super) const LIKE_DIV: &[&str] = &[
    "address", "article", "aside", "body", "center", "dir", "fieldset", "footer", "form", "header", "hgroup", "legend",
    "main", "menu", "nav", "search", "section",
];

/// Elements that go with their content: code, embedded media with its fallback, controls.
pub(super) const REMOVED_WHOLE: &[&str] = &[
    "applet", "audio", "button", "canvas", "head", "iframe", "math", "noembed", "noframes", "noscript", "object",
    "script", "select", "style", "svg", "template", "textarea", "title", "video", "xmp",
];

/// Those of them whose content runs to the end of the text where no end tag follows.
pub(super) const RAW_TEXT: &[&str] = &["iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp"];

/// How an allowed element flows; nothing for any other.
pub(super) fn flow(name: &str) -> Option<Flow> {
    ALLOWED.iter().find(|(allowed, ..)| *allowed == name).map(|(_, flow, _)| *flow)
}

/// Whether an element stands among text, in a table therefore in a cell.
pub(super) fn is_content(name: &str) -> bool {
    matches!(flow(name), Some(Flow::Inline | Flow::Block | Flow::Table)) || LIKE_DIV.contains(&name)
}

/// Whether an element begins and ends lines.
pub(super) fn is_block(name: &str) -> bool {
    flow(name).is_some_and(|flow| flow != Flow::Inline)
}

/// Whether an element has no content and no end tag.
pub(super) fn is_void(name: &str) -> bool {
    matches!(name, "br" | "hr" | "img")
}

/// Whether an attribute may stand on an element.
pub(super) fn allows(element: &str, attribute: &str) -> bool {
    ALLOWED_EVERYWHERE.contains(&attribute)
        || ALLOWED.iter().any(|(name, _, attributes)| *name == element && attributes.contains(&attribute))
}
