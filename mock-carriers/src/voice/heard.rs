//! What a listener makes of a spoken prompt: the digits after the word "press".
//! Understands digits and number words in English and Spanish; a sentence's end ends the code, so that
//! "press four, seven. I repeat: press four, seven." is 47.

/// Words that come before a code.
const ASKING: [&str; 9] = ["press", "key", "enter", "dial", "marque", "presione", "oprima", "pulse", "teclee"];
/// Words that may stand between the asking word and the code.
const MOST_FILLER: usize = 6;

/// The first code asked for in a text; none when nothing is asked.
pub fn code(text: &str) -> Option<String> {
    text.split(['.', '!', '?', ';']).find_map(code_in_sentence)
}

fn code_in_sentence(sentence: &str) -> Option<String> {
    let words: Vec<String> =
        sentence.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let asked = words.iter().enumerate().filter(|(_, word)| ASKING.contains(&word.as_str()));
    asked.map(|(at, _)| at).find_map(|at| {
        let after = words.iter().skip(at + 1);
        let code: String = after
            .enumerate()
            .skip_while(|(skipped, word)| digits(word).is_none() && *skipped < MOST_FILLER)
            .map_while(|(_, word)| digits(word))
            .collect();
        (!code.is_empty()).then_some(code)
    })
}

/// The digits that one word stands for.
fn digits(word: &str) -> Option<String> {
    let digit = match word {
        "zero" | "oh" | "cero" => "0",
        "one" | "uno" => "1",
        "two" | "dos" => "2",
        "three" | "tres" => "3",
        "four" | "cuatro" => "4",
        "five" | "cinco" => "5",
        "six" | "seis" => "6",
        "seven" | "siete" => "7",
        "eight" | "ocho" => "8",
        "nine" | "nueve" => "9",
        other if other.bytes().all(|byte| byte.is_ascii_digit()) => other,
        _ => return None,
    };
    Some(digit.to_owned())
}

/// As many digits, every one of them different.
pub fn other_than(code: &str) -> String {
    code.bytes().map(|byte| char::from(b'0' + (byte.wrapping_sub(b'0') + 1) % 10)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_heard_in_many_wordings() {
        for (text, code_heard) in [
            ("To confirm that you have received it, press four, seven.", Some("47")),
            ("press 4, 7. I repeat: press 4, 7.", Some("47")),
            ("Press 47 now", Some("47")),
            ("press four seven. four seven.", Some("47")),
            ("Press the following digits: nine, zero, two", Some("902")),
            ("Para confirmar, marque cuatro, siete.", Some("47")),
            ("This is call two of three. To confirm, press one", Some("1")),
            ("The press is here. Goodbye.", None),
            ("There are 2 reports.", None),
            ("", None),
        ] {
            assert_eq!(code(text).as_deref(), code_heard, "{text}");
        }
    }

    #[test]
    fn a_wrong_code_has_no_digit_in_its_place() {
        assert_eq!(other_than("4790"), "5801");
    }
}
