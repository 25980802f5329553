//! From `tracing`'s spans to ended ones: a root gathers those that ended within it, and when it ends itself, all go on together.
//!
//! Which tip a root is about is often known only at its end (a message has to be placed first), so nothing leaves before. Nothing here waits: what the
//! exporter has no room for is counted and lost.

use super::allowed::allowed;
use super::{Ended, Together, Traces};
use crate::entropy::Entropy;
use crate::telemetry::metric;
use std::fmt::Debug;
use std::time::Instant;
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;
use uuid::Uuid;

/// The most spans that one root gathers.
const GATHERED_MOST: usize = 64;

/// Keeps spans while they are open.
pub(super) struct Keeper {
    traces: Traces,
    start_nanos: i128,
}

/// A span that is open.
struct Open {
    name: &'static str,
    id: u64,
    parent: Option<u64>,
    began: Instant,
    attributes: Vec<(&'static str, String)>,
    gathered: Vec<Ended>,
}

impl Keeper {
    pub(super) fn new(traces: Traces) -> Self {
        // One look at the clock; spans are placed by the monotonic time since.
        let start_nanos = traces.clock.now().as_nanosecond() - i128::try_from(traces.began.elapsed().as_nanos()).unwrap_or(0);
        Self { traces, start_nanos }
    }
    fn nanos(&self, at: Instant) -> i128 {
        self.start_nanos + i128::try_from(at.saturating_duration_since(self.traces.began).as_nanos()).unwrap_or(0)
    }
    fn hand_over(&self, spans: Vec<Ended>) {
        let tip = spans.iter().flat_map(|span| &span.attributes).find(|(key, _)| *key == "tip");
        let trace = tip.and_then(|(_, id)| Uuid::parse_str(id).ok()).map_or_else(|| Entropy.uuid().as_u128(), |id| id.as_u128());
        let lost = u64::try_from(spans.len()).unwrap_or(u64::MAX);
        if self.traces.ended.try_send(Together { trace, spans }).is_err() {
            metrics::counter!(metric::SPANS, "result" => "crowded_out").increment(lost);
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Keeper {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let parent = span.parent().and_then(|parent| parent.extensions().get::<Open>().map(|open| open.id));
        let mut seen = Seen(Vec::new());
        attributes.record(&mut seen);
        let (name, id) = (attributes.metadata().name(), u64::from_le_bytes(Entropy.bytes()).max(1));
        span.extensions_mut().insert(Open { name, id, parent, began: Instant::now(), attributes: seen.0, gathered: Vec::new() });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            let mut seen = Seen(Vec::new());
            values.record(&mut seen);
            open.attributes.retain(|(key, _)| seen.0.iter().all(|(new, _)| new != key));
            open.attributes.append(&mut seen.0);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(open) = span.extensions_mut().remove::<Open>() else { return };
        let (start_nanos, end_nanos) = (self.nanos(open.began), self.nanos(Instant::now()));
        let mut spans = open.gathered;
        spans.push(Ended { name: open.name, id: open.id, parent: open.parent, start_nanos, end_nanos, attributes: open.attributes });
        if let Some(parent) = span.parent()
            && let Some(open) = parent.extensions_mut().get_mut::<Open>()
        {
            let room = GATHERED_MOST.saturating_sub(open.gathered.len());
            open.gathered.extend(spans.into_iter().take(room));
            return;
        }
        self.hand_over(spans);
    }
}

/// What a span says of itself, as far as it may leave.
struct Seen(Vec<(&'static str, String)>);

impl Seen {
    fn take(&mut self, field: &Field, value: String) {
        self.0.extend(allowed(field.name(), value));
    }
}

impl Visit for Seen {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, value.to_owned());
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.take(field, value.to_string());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.take(field, format!("{value:?}"));
    }
}
