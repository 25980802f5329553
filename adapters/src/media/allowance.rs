//! Hosts inside our own network that media may be fetched from all the same, because the operator says so: a mock, a test, a
//! storage service in the same building.

/// One such host, with a port or with any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// The host as a URL writes it: lower case, IPv6 in brackets.
    host: String,
    /// Only this port.
    port: Option<u16>,
}

impl Allowance {
    /// Reads `host`, `host:port` or `[::1]:port`; `None` when it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.contains(['/', '?', '#', '@', ' ', '\\']) {
            return None;
        }
        // Read as a URL is read, so that both are compared in the same form. A port that is the scheme's own is not kept by a URL.
        let url = reqwest::Url::parse(&format!("http://{text}")).ok()?;
        let host = url.host_str()?.to_owned();
        let after_host = text.rsplit_once(']').map_or(text, |(_, after)| after);
        let port = match after_host.rsplit_once(':') {
            Some((_, port)) => Some(port.parse().ok()?),
            None => None,
        };
        Some(Self { host, port })
    }

    /// Whether a URL goes to this host and port.
    pub(super) fn covers(&self, url: &reqwest::Url) -> bool {
        url.host_str() == Some(self.host.as_str()) && self.port.is_none_or(|port| url.port_or_known_default() == Some(port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_as_a_url_reads_it() {
        let table = [
            ("127.0.0.1", "http://127.0.0.1:9090/x", true),
            ("127.0.0.1:9090", "http://127.0.0.1:9090/x", true),
            ("127.0.0.1:9090", "http://127.0.0.1:9091/x", false),
            ("127.0.0.1:80", "http://127.0.0.1/x", true),
            ("127.0.0.1:80", "https://127.0.0.1/x", false),
            ("Media.Example.org", "https://media.example.org/x", true),
            ("media.example.org", "https://media.example.org.evil.example.net/x", false),
            ("media.example.org", "https://media.example.org@evil.example.net/x", false),
            ("[::1]:9090", "http://[::1]:9090/", true),
            ("[::1]", "http://[::1]:9090/", true),
            ("2130706433", "http://127.0.0.1/", true),
        ];
        for (allowed, url, covered) in table {
            assert_eq!(Allowance::parse(allowed).unwrap().covers(&url.parse().unwrap()), covered, "{allowed} {url}");
        }
        for wrong in ["", "http://127.0.0.1", "a b", "127.0.0.1:", "127.0.0.1:99999", "x@y", "127.0.0.1/x"] {
            assert_eq!(Allowance::parse(wrong), None, "{wrong}");
        }
    }
}
