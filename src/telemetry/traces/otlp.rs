//! Spans as OTLP writes them in JSON (opentelemetry-proto, trace/v1): ids in hex, times as decimal text in nanoseconds.

use super::{Ended, Together};
use serde_json::{Value, json};

/// SPAN_KIND_INTERNAL, _SERVER and _CLIENT.
const INTERNAL: u8 = 1;
const SERVER: u8 = 2;
const CLIENT: u8 = 3;

/// One request's body.
pub(super) fn body(node: &str, all: &[Together]) -> Value {
    let spans: Vec<Value> = all.iter().flat_map(|together| together.spans.iter().map(|span| written(together.trace, span))).collect();
    let resource = [("service.name", "tipline"), ("service.version", env!("CARGO_PKG_VERSION")), ("service.instance.id", node)];
    json!({"resourceSpans": [{
        "resource": {"attributes": resource.map(|(key, value)| attribute(key, value))},
        "scopeSpans": [{"scope": {"name": "tipline"}, "spans": spans}],
    }]})
}

fn written(trace: u128, span: &Ended) -> Value {
    let kind = match span.name {
        "accept" => SERVER,
        "send" | "ask" => CLIENT,
        _ => INTERNAL,
    };
    let attributes: Vec<Value> = span.attributes.iter().map(|(key, value)| attribute(&format!("tipline.{key}"), value)).collect();
    json!({
        "traceId": format!("{trace:032x}"),
        "spanId": format!("{:016x}", span.id),
        "parentSpanId": span.parent.map(|parent| format!("{parent:016x}")).unwrap_or_default(),
        "name": span.name,
        "kind": kind,
        "startTimeUnixNano": span.start_nanos.to_string(),
        "endTimeUnixNano": span.end_nanos.to_string(),
        "attributes": attributes,
    })
}

fn attribute(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}
