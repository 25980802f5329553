//! How many SMS parts a text takes (carriers.md 1.7), for `num_segments`.
//! GSM-7 gives 160 or 153 septets a part, anything else 70 or 67 UTF-16 units; a two-septet character and a
//! surrogate pair are never split.

const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_TWO: &str = "^{}\\[~]|€\u{c}";

/// The number of parts, at least one.
pub fn count(text: &str) -> usize {
    let gsm: Option<Vec<usize>> = text
        .chars()
        .map(|c| match (GSM.contains(c), GSM_TWO.contains(c)) {
            (true, _) => Some(1),
            (false, true) => Some(2),
            (false, false) => None,
        })
        .collect();
    match gsm {
        Some(widths) => parts(&widths, 160, 153),
        None => parts(&text.chars().map(char::len_utf16).collect::<Vec<_>>(), 70, 67),
    }
}

fn parts(widths: &[usize], single: usize, each: usize) -> usize {
    if widths.iter().sum::<usize>() <= single {
        return 1;
    }
    let mut count = 1;
    let mut room = each;
    for width in widths {
        if *width > room {
            count += 1;
            room = each;
        }
        room -= width;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn parts_follow_the_alphabet() {
        for (text, parts) in [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            ("á".repeat(70), 1),
            ("á".repeat(71), 2),
            ("a".repeat(1600), 11),
            ("á".repeat(1600), 24),
        ] {
            assert_eq!(count(&text), parts, "{} characters", text.chars().count());
        }
    }
}
