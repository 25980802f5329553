//! Twilio's documented magic numbers (carriers.md 1.2): sending to or from them gives a known error.
//! They work here as with Twilio's own test credentials, but callbacks are sent as well.

/// The code for a message to this number.
pub fn message_to(number: &str) -> Option<u32> {
    Some(match number {
        "+15005550001" => 21211,
        "+15005550002" => 21612,
        "+15005550003" => 21408,
        "+15005550004" => 21610,
        "+15005550009" => 21614,
        _ => return None,
    })
}

/// The code for a message from this number.
pub fn message_from(number: &str) -> Option<u32> {
    Some(match number {
        "+15005550001" => 21212,
        "+15005550007" => 21606,
        "+15005550008" => 21611,
        _ => return None,
    })
}

/// The code for a call to this number.
pub fn call_to(number: &str) -> Option<u32> {
    Some(match number {
        "+15005550001" => 21217,
        "+15005550002" => 21214,
        "+15005550003" => 21215,
        "+15005550004" => 21216,
        _ => return None,
    })
}

/// The code for a call from this number.
pub fn call_from(number: &str) -> Option<u32> {
    Some(match number {
        "+15005550001" => 21212,
        _ => return None,
    })
}

/// A number that may send although the account does not own it.
pub const ALWAYS_VALID: &str = "+15005550006";
