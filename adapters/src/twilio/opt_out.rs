//! What the carrier answers by itself when a reporter writes STOP or START, so that we do not answer too (R71, carriers.md 1.6).
//!
//! These are the carrier's own words, not ours: it knows English ones only, and what it does not answer is for us to answer. With the
//! carrier's "Advanced Opt-Out" it says in `OptOutType` what it answered. HELP is answered by the plain carrier too, with a sentence
//! about fees that helps no child, so without `OptOutType` ours is sent beside it; so is the answer to YES, which the carrier
//! gives only when messages were stopped.

/// The carrier answers these with "you have unsubscribed", and refuses what we send from then on (21610).
const STOP: [&str; 8] = ["STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"];
/// The carrier answers these with "you have subscribed again".
const START: [&str; 2] = ["START", "UNSTOP"];

/// Whether the carrier has answered. `opt_out_type` is what it says itself; `answers_keywords` whether it answers the words above.
pub(super) fn carrier_answered(opt_out_type: Option<&str>, words: &str, answers_keywords: bool) -> bool {
    let says_so = opt_out_type.is_some_and(|said| matches!(said.trim().to_ascii_uppercase().as_str(), "STOP" | "START" | "HELP"));
    says_so || (answers_keywords && is_its_keyword(words))
}

/// The whole message, whatever its case; blanks around it do not count.
fn is_its_keyword(words: &str) -> bool {
    let word = words.trim();
    STOP.iter().chain(&START).any(|keyword| keyword.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::carrier_answered;

    #[test]
    fn only_whole_messages_in_the_carriers_words() {
        let table = [
            (None, "STOP", true),
            (None, " stop\n", true),
            (None, "Start", true),
            (None, "unstop", true),
            (None, "cancel", true),
            (None, "stop bullying me", false),
            (None, "stop!", false),
            (None, "ALTO", false),
            (None, "HELP", false),
            (None, "yes", false),
            (None, "", false),
            (Some("STOP"), "basta ya", true),
            (Some("help"), "HELP", true),
            (Some("START"), "again please", true),
            (Some(""), "hello", false),
            (Some("OTHER"), "hello", false),
        ];
        for (said, words, expected) in table {
            assert_eq!(carrier_answered(said, words, true), expected, "{said:?} {words:?}");
            let by_itself = said.is_some() && expected;
            assert_eq!(carrier_answered(said, words, false), by_itself, "{said:?} {words:?}, and the carrier leaves the words to us");
        }
    }
}
