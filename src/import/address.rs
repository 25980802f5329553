//! How people write phone numbers and mail addresses, read into the one form that is kept.
//!
//! A number is E.164: `+`, then 7 to 15 digits. Nothing is guessed: no country is added, because a wrong guess calls a
//! stranger. The errors say what is wrong without repeating the value.

use domain::sealed::Address;

/// How a number is written.
pub const PHONE_FIX: &str = "write the number as + and digits without spaces, country first, such as +12175550101";

/// How a mail address is written.
pub const MAIL_FIX: &str = "write one address, such as principal@example.org";

/// The longest mail address (RFC 5321, 4.5.3.1.3, less the angle brackets).
const LONGEST_MAIL: usize = 254;

/// What is wrong with a number, without the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPhone {
    /// No `+` before the digits.
    #[error("the phone number does not begin with +")]
    NoPlus,
    /// A character that is no digit.
    #[error("the phone number has something else than digits after the +")]
    NotDigits,
    /// No country begins with 0.
    #[error("the phone number has a 0 after the +, where the country belongs")]
    NoCountry,
    /// Too few or too many digits.
    #[error("the phone number has {0} digits; there are 7 to 15")]
    Length(usize),
    /// North American numbers have exactly ten digits after the 1, the area not beginning with 0 or 1.
    #[error("the phone number begins with +1 and is not ten digits with a three-digit area code after it")]
    NotNorthAmerican,
}

/// What is wrong with a mail address, without the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadMail {
    /// Not one `@` between two parts.
    #[error("the mail address is not a name, one @ and a domain")]
    NoAt,
    /// A character that does not belong.
    #[error("the mail address has a space or a character that does not belong there")]
    Character,
    /// No dot in the domain, or an empty part.
    #[error("the mail address has a domain without a dot, or an empty part")]
    Domain,
    /// Too long.
    #[error("the mail address is longer than 254 characters")]
    Length,
}

/// Reads an E.164 number.
pub fn phone(text: &str) -> Result<Address, BadPhone> {
    let digits = text.strip_prefix('+').ok_or(BadPhone::NoPlus)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(BadPhone::NotDigits);
    }
    if !(7..=15).contains(&digits.len()) {
        return Err(BadPhone::Length(digits.len()));
    }
    if digits.starts_with('0') {
        return Err(BadPhone::NoCountry);
    }
    let national = digits.strip_prefix('1');
    if national.is_some_and(|rest| rest.len() != 10 || rest.starts_with(['0', '1'])) {
        return Err(BadPhone::NotNorthAmerican);
    }
    Ok(Address::new(text))
}

/// Reads a mail address; only what a mail server and a person would both take as one.
pub fn mail(text: &str) -> Result<Address, BadMail> {
    let (name, domain) = text.rsplit_once('@').ok_or(BadMail::NoAt)?;
    if name.is_empty() || name.contains('@') || domain.is_empty() {
        return Err(BadMail::NoAt);
    }
    if text.len() > LONGEST_MAIL || name.len() > 64 {
        return Err(BadMail::Length);
    }
    let good_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b));
    let good_domain = domain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    if !good_name || !good_domain {
        return Err(BadMail::Character);
    }
    let full = |parts: &str| parts.split('.').all(|part| !part.is_empty());
    let labels = domain.split('.').all(|label| label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-'));
    if !full(name) || !full(domain) || !domain.contains('.') || !labels {
        return Err(BadMail::Domain);
    }
    Ok(Address::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for good in ["+12175550101", "+15555550142", "+442079460000"] {
            assert_eq!(phone(good).map(|number| number.reveal().to_owned()), Ok(good.to_owned()));
        }
        for (bad, expected) in [
            ("", BadPhone::NoPlus),
            ("2175550101", BadPhone::NoPlus),
            ("+1 217 555 0101", BadPhone::NotDigits),
            ("+1217555010x", BadPhone::NotDigits),
            ("+1217", BadPhone::Length(4)),
            ("+1217555010112345", BadPhone::Length(16)),
            ("+02175550101", BadPhone::NoCountry),
            ("+1217555010", BadPhone::NotNorthAmerican),
            ("+10175550101", BadPhone::NotNorthAmerican),
        ] {
            assert_eq!(phone(bad), Err(expected), "{bad}");
        }
    }

    #[test]
    fn mail_addresses() {
        for good in ["a@example.org", "principal.delta-high@example.org", "o'neil+tips@mail.k12.example.org"] {
            assert!(mail(good).is_ok(), "{good}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        for (bad, expected) in [
            ("", BadMail::NoAt),
            ("principal", BadMail::NoAt),
            ("@example.org", BadMail::NoAt),
            ("a@b@example.org", BadMail::NoAt),
            ("a b@example.org", BadMail::Character),
            ("a@exam ple.org", BadMail::Character),
            ("a@example.org\r\nBcc: b@example.org", BadMail::NoAt),
            ("a\r\nb@example.org", BadMail::Character),
            ("a@example", BadMail::Domain),
            ("a@.org", BadMail::Domain),
            (".a@example.org", BadMail::Domain),
            ("a@-x.org", BadMail::Domain),
            (&long, BadMail::Length),
        ] {
            assert_eq!(mail(bad), Err(expected), "{bad}");
        }
    }
}
