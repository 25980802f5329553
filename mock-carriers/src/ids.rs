//! Makes carrier identifiers: two letters and 32 hexadecimal digits, as Twilio's are.
//! Random, so that nobody can lean on their order.

/// A new SID with the given two-letter prefix, such as `SM` or `CA`.
pub fn sid(prefix: &str) -> String {
    format!("{prefix}{}", hex32())
}

/// A new webhook idempotency token: 32 hexadecimal digits in the grouping of a UUID.
pub fn idempotency_token() -> String {
    let h = hex32();
    format!("{}-{}-{}-{}-{}", &h[0..8], &h[8..12], &h[12..16], &h[16..20], &h[20..32])
}

/// 32 random hexadecimal digits.
#[expect(clippy::expect_used, reason = "a machine without a random source cannot run this program at all")]
pub fn hex32() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the operating system's random source answers");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
