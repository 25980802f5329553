//! Media: the conformance suite's part, with a store of the carrier's own.

use super::Telnyx;
use crate::conformance::media::{MediaRig, fetching};
use crate::contract::Media;
use crate::media::Allowance;
use crate::telnyx::{Config, TelnyxMedia};
use std::sync::Arc;
use std::time::Duration;

impl MediaRig for Telnyx {
    fn media(&self, base: &str, allowed: &[&str], patience: Duration) -> Box<dyn Media> {
        let allow_private_media = allowed.iter().map(|text| Allowance::parse(text).unwrap()).collect();
        let config = Config { allow_private_media, media_timeout: patience, ..self.config_at(base, patience) };
        Box::new(TelnyxMedia::new(Arc::new(config)).unwrap())
    }

    fn picture_url(&self, base: &str) -> String {
        format!("{base}/media/7.jpeg?token=x")
    }

    fn recording_url(&self, base: &str) -> String {
        format!("{base}/v2/recordings/7.wav")
    }

    fn has_a_store(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn fetching_conforms() {
    fetching(&Telnyx::new()).await;
}
