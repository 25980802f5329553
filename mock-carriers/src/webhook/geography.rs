//! The geographic parameters that a carrier adds to webhooks without being asked.
//! They are identity (carriers.md 1.3): the mock sends plausible, fictional values, so that a gateway's
//! allow-list can be seen to drop them. The city `MOCKVILLE` is easy to look for in a database.

/// City, state, ZIP and country for one side, such as `From`.
pub fn params(side: &str) -> Vec<(String, String)> {
    [("City", "MOCKVILLE"), ("State", "IL"), ("Zip", "00142"), ("Country", "US")]
        .map(|(part, value)| (format!("{side}{part}"), value.to_owned()))
        .to_vec()
}
