//! Connection overrides in a webhook address's fragment: `#rc=5&rp=ct,rt,5xx&rt=4000` (carriers.md 1.8).
//! They never go on the wire and are no part of the signed URL.

use std::time::Duration;

/// How a webhook is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overrides {
    /// Retries after the first try, 0 to 5.
    pub retries: u32,
    /// Retry when the connection fails.
    pub on_connect: bool,
    /// Retry when the answer does not come.
    pub on_read: bool,
    /// Retry on 5xx.
    pub on_5xx: bool,
    /// Retry on 4xx.
    pub on_4xx: bool,
    /// Time for one try's answer.
    pub read_timeout: Duration,
    /// Time for everything.
    pub total_timeout: Duration,
}

impl Default for Overrides {
    fn default() -> Self {
        Self {
            retries: 1,
            on_connect: true,
            on_read: false,
            on_5xx: false,
            on_4xx: false,
            read_timeout: Duration::from_secs(15),
            total_timeout: Duration::from_secs(15),
        }
    }
}

impl Overrides {
    /// Reads the fragment of an address; what is not understood is ignored.
    pub fn of(url: &str) -> Self {
        let mut overrides = Self::default();
        let Some((_, fragment)) = url.split_once('#') else {
            return overrides;
        };
        for (key, value) in form_urlencoded::parse(fragment.as_bytes()) {
            let millis = || value.parse::<u64>().ok().map(|ms| Duration::from_millis(ms.clamp(100, 15_000)));
            match key.as_ref() {
                "rc" => overrides.retries = value.parse::<u32>().unwrap_or(1).min(5),
                "rt" => overrides.read_timeout = millis().unwrap_or(overrides.read_timeout),
                "tt" => overrides.total_timeout = millis().unwrap_or(overrides.total_timeout),
                "rp" => overrides.set_policy(&value),
                _ => {}
            }
        }
        overrides
    }

    fn set_policy(&mut self, list: &str) {
        let has = |word: &str| list.split(',').any(|part| part.trim() == word || part.trim() == "all");
        self.on_connect = has("ct");
        self.on_read = has("rt");
        self.on_5xx = has("5xx");
        self.on_4xx = has("4xx");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_are_read_and_bounded() {
        let got = Overrides::of("http://a/x?y=1#rc=9&rp=ct,5xx&rt=50");
        assert_eq!(got.retries, 5);
        assert!(got.on_connect && got.on_5xx && !got.on_read && !got.on_4xx);
        assert_eq!(got.read_timeout, Duration::from_millis(100));
        assert!(Overrides::of("http://a#rp=all").on_4xx);
        assert_eq!(Overrides::of("http://a/x"), Overrides::default());
    }
}
