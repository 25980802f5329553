//! An origin: scheme, host and port under which people and carriers reach a listener.
//!
//! Signatures and links are made from it, so it is exact: no path, no query, no user, lower case, and http only where the
//! traffic does not leave the machine.

use std::fmt;

/// `https://tips.example.org` or `http://127.0.0.1:8080`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// How to write one.
    pub(super) const FIX: &str =
        "write scheme, host and port without a path, such as https://tips.example.org (http is taken for a loopback host only)";

    /// Reads an origin; a slash at the end is dropped.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let (secure, authority) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(authority), _) => (true, authority),
            (None, Some(authority)) => (false, authority),
            (None, None) => return None,
        };
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (inner, after) = rest.split_once(']')?;
                inner.parse::<std::net::Ipv6Addr>().ok()?;
                (&authority[..inner.len() + 2], after)
            }
            None => authority.find(':').map_or((authority, ""), |at| authority.split_at(at)),
        };
        let good_port = port.is_empty() || port.strip_prefix(':').and_then(|digits| digits.parse::<u16>().ok()).is_some_and(|n| n > 0);
        let good_host = host.starts_with('[') || is_name(host);
        (good_port && good_host && (secure || is_loopback(host))).then(|| Self(text.to_owned()))
    }

    /// The origin, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host's name, without scheme and port.
    pub fn host(&self) -> &str {
        let authority = self.0.split_once("://").map_or(self.0.as_str(), |(_, authority)| authority);
        let end = if authority.starts_with('[') { authority.find(']').map(|at| at + 1) } else { authority.find(':') };
        &authority[..end.unwrap_or(authority.len())]
    }
    /// Whether it is https: then cookies are `Secure`.
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    host.len() <= 253 && host.split('.').all(label)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "[::1]" || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_exact_origin_is_taken() {
        for good in [
            "https://tips.example.org",
            "https://tips.example.org:8443",
            "http://127.0.0.1:8080",
            "http://localhost",
            "http://[::1]:8080",
            "https://[2001:db8::1]",
        ] {
            assert_eq!(Origin::parse(good).map(|origin| origin.to_string()).as_deref(), Some(good));
        }
        assert_eq!(Origin::parse("https://tips.example.org/").unwrap().as_str(), "https://tips.example.org");
        for bad in [
            "",
            "tips.example.org",
            "http://tips.example.org",
            "http://10.0.0.1",
            "https://",
            "https://a/b",
            "https://a?x",
            "https://user@a",
            "https://a:0",
            "https://a:99999",
            "https://A.example.org",
            "ftp://a",
            "https://[::1",
            "https://a b",
        ] {
            assert_eq!(Origin::parse(bad), None, "{bad}");
        }
    }
}
