//! Access: keys, the scopes they have, and the one place that decides what a caller may do.

pub mod api;
mod caller;
pub mod db;
pub mod secret;
pub mod wire;

use crate::values::text_enum::text_enum;

pub use caller::{Admin, Caller, Drafts, Read, Right, Write};

text_enum! {
    /// What a key may do. Each scope includes those before it.
    pub enum Scope {
        /// Read what is public.
        Read = "read",
        /// Read what is not public too, such as drafts.
        Drafts = "drafts",
        /// Change content.
        Write = "write",
        /// Everything, keys included.
        Admin = "admin",
    }
}

impl Scope {
    /// Whether a key with this scope may do what needs `needed`.
    pub fn includes(self, needed: Scope) -> bool {
        self >= needed
    }
}

/// The longest name of a key, in characters.
pub const MAX_NAME: usize = 100;

/// Who made a key on the command line.
pub const COMMAND_LINE: &str = "command-line";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_includes_those_before_it_and_itself() {
        use Scope::{Admin, Drafts, Read, Write};
        let all = [Read, Drafts, Write, Admin];
        let included = all.map(|scope| all.into_iter().filter(|needed| scope.includes(*needed)).count());
        assert_eq!(included, [1, 2, 3, 4]);
        assert!(Write.includes(Drafts) && !Drafts.includes(Write));
    }

    #[test]
    fn the_longest_name_is_the_same_on_the_command_line_and_in_the_document() {
        let schema = serde_json::to_value(<wire::KeyDraft as utoipa::PartialSchema>::schema()).unwrap();
        assert_eq!(schema["properties"]["name"]["maxLength"], MAX_NAME);
    }
}
