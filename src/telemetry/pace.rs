//! How much may be logged: of each kind of line some in a short time, so that an outage, a flood or an attacker fills no disk.
//!
//! The kind is the place in the source that a line comes from. What is left out is counted, and told in a line of its own while it goes on
//! ([`tell`]), so that nobody takes silence for peace.

use super::metric;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use tracing::callsite::Identifier;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

/// So many lines of a kind ...
const LINES_MOST: u32 = 20;
/// ... in this time: 2 a second at the most, 170,000 a day of a kind that never ends.
const WITHIN: Duration = Duration::from_secs(10);

static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// Lets so many lines of each kind pass.
#[derive(Debug, Default)]
pub struct Pace {
    kinds: Mutex<HashMap<Identifier, (Instant, u32)>>,
}

impl Pace {
    fn takes(&self, kind: Identifier, now: Instant) -> bool {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let (began, lines) = kinds.entry(kind).or_insert((now, 0));
        if now.duration_since(*began) >= WITHIN {
            (*began, *lines) = (now, 0);
        }
        *lines = lines.saturating_add(1);
        *lines <= LINES_MOST
    }
}

impl<S: Subscriber> Filter<S> for Pace {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let takes = self.takes(event.metadata().callsite(), Instant::now());
        if !takes {
            LEFT_OUT.fetch_add(1, Ordering::Relaxed);
            metrics::counter!(metric::LOG_LINES_LEFT_OUT).increment(1);
        }
        takes
    }
}

/// Tells now and then how many lines were left out since it was last told.
pub async fn tell(stopping: CancellationToken) {
    while tokio::time::timeout(WITHIN, stopping.cancelled()).await.is_err() {
        let lines = LEFT_OUT.swap(0, Ordering::Relaxed);
        if lines > 0 {
            tracing::warn!(lines, "log lines were left out: the same came too often");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::Arc;
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::{Layer, fmt};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn one_kind_that_comes_too_often_hides_no_other() {
        let lines = Lines::default();
        let written = lines.clone();
        let layer = fmt::layer().with_writer(move || written.clone()).with_filter(Pace::default());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            for n in 0..500 {
                tracing::warn!(n, "often");
            }
            tracing::warn!("seldom");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.matches("often").count(), LINES_MOST as usize);
        assert_eq!(text.matches("seldom").count(), 1);
    }

    #[test]
    fn after_a_while_the_kind_is_heard_again() {
        let (pace, now) = (Pace::default(), Instant::now());
        let kind = tracing::callsite!(name: "a kind", kind: tracing::metadata::Kind::EVENT, fields: x);
        let kind = Identifier(kind);
        assert_eq!((0..100).filter(|_| pace.takes(kind.clone(), now)).count(), LINES_MOST as usize);
        assert!(pace.takes(kind, now + WITHIN));
    }
}
