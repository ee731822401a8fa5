//! Who publishes.

/// The name of the publication, as far as the configuration tells.
#[derive(Debug, Clone, Default)]
pub struct Publication(pub Option<String>);

impl Publication {
    /// The name, where there is one.
    pub fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }
}
