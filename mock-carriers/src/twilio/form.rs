//! Form and query parameters in the order they came, with Twilio's repeated keys for lists.
//! Unknown parameters are ignored, as at Twilio; the last of a single parameter wins.

/// Ordered parameters.
#[derive(Debug, Clone, Default)]
pub struct Params(pub Vec<(String, String)>);

impl Params {
    /// Decodes `application/x-www-form-urlencoded`.
    pub fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// One parameter; empty counts as given.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// One parameter that is not empty.
    pub fn filled(&self, key: &str) -> Option<&str> {
        self.get(key).filter(|value| !value.is_empty())
    }

    /// A list parameter.
    pub fn all(&self, key: &str) -> Vec<String> {
        self.0.iter().filter(|(name, value)| name == key && !value.is_empty()).map(|(_, value)| value.clone()).collect()
    }
}
