//! What of a mail's text is new: quoted history and the signature are left out. They stay in the sealed original.
//!
//! Words of a frightened child matter more than tidiness. So history is looked for only in answers (what a first mail quotes or
//! forwards is the tip itself), an answer between quoted lines is kept with them, and where nothing would be left
//! everything is kept.

/// How many lines after its first a line like "On …, somebody wrote:" may go on.
const ATTRIBUTION_LINES: usize = 3;
/// So many lines like that are looked behind, each to the end of the mail; an answer has one or two.
const MOST_ATTRIBUTIONS: usize = 50;
/// The longest signature after the line of two dashes and a space; what is longer was meant to be read.
const MOST_SIGNATURE_LINES: usize = 12;
/// The longest line "Sent from my phone".
const MOST_FOOTER_CHARS: usize = 80;

/// The new words. `answer` says whether the mail answers another.
pub(super) fn new_words(text: &str, answer: bool) -> String {
    let lines: Vec<&str> = text.lines().map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    let mut kept = &lines[..];
    let mut looked_behind = 0;
    if answer && let Some(at) = (0..lines.len()).find(|at| history_begins(&lines[*at..], &mut looked_behind)) {
        kept = &lines[..at];
    }
    if answer {
        kept = without_quotes_at_the_end(kept);
    }
    let words = joined(without_signature(kept));
    if words.is_empty() { joined(&lines) } else { words }
}

fn joined(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n").trim_matches(['\n', ' ', '\u{feff}']).to_owned()
}

/// Whether everything from here on is an older mail.
fn history_begins(lines: &[&str], looked_behind: &mut usize) -> bool {
    let Some(first) = lines.first().map(|line| bare(line)) else { return false };
    if first.is_empty() {
        return false;
    }
    let rule = first.len() >= 10 && first.chars().all(|c| c == '_');
    is_divider(first)
        || is_header_block(lines)
        || (rule && lines.iter().skip(1).position(|line| !line.trim().is_empty()).is_some_and(|at| is_header_block(&lines[at + 1..])))
        || attribution(lines).is_some_and(|count| {
            *looked_behind += 1;
            *looked_behind <= MOST_ATTRIBUTIONS && nothing_but_quotes(&lines[count..])
        })
}

/// A line without quotation marks, marks of direction and stars (bold in text made from HTML).
fn bare(line: &str) -> &str {
    line.trim_matches(|c: char| {
        c.is_whitespace() || "*>\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}".contains(c)
    })
}

/// "-----Original Message-----" and the like. Not the line of a forward: what is forwarded is meant to be read.
fn is_divider(line: &str) -> bool {
    let words = line.trim_matches(['-', '_', ' ', '=']).to_lowercase();
    let ruled = line.starts_with("--") || line.starts_with("__") || line.starts_with("==");
    ruled && ["original message", "mensaje original", "الرسالة الأصلية", "reply message", "original appointment"].contains(&words.as_str())
}

/// "On Mon, 5 Jan 2026, somebody wrote:" in our languages, perhaps broken over lines: how many lines it takes.
fn attribution(lines: &[&str]) -> Option<usize> {
    let first = bare(lines.first()?);
    let begins = ["On ", "El ", "Le ", "Am ", "في ", "بتاريخ ", "كتب ", "A ", "--- On "].iter().any(|word| first.starts_with(word));
    let mut text = String::new();
    for (at, line) in lines.iter().take(ATTRIBUTION_LINES).enumerate() {
        let line = bare(line);
        if line.is_empty() {
            return None;
        }
        text.push_str(line);
        text.push(' ');
        let lower = line.to_lowercase();
        let says_wrote =
            ["wrote:", "escribió:", "escribio:", "كتب:", "كتبت:", "كتب ما يلي:", "wrote :"].iter().any(|word| lower.ends_with(word))
                || (lower.ends_with(':') && text.contains("كتب"));
        let says_when = text.chars().any(|c| c.is_numeric()) || text.contains('@');
        if says_wrote && says_when && (begins || at == 0) {
            return Some(at + 1);
        }
    }
    None
}

/// "From: … Sent: … To: … Subject: …", as Outlook puts it over what it answers.
fn is_header_block(lines: &[&str]) -> bool {
    let names = |line: &str, words: &[&str]| {
        let line = bare(line).to_lowercase();
        words.iter().any(|word| line.strip_prefix(word).is_some_and(|rest| bare(rest).starts_with(':') || rest.starts_with(" :")))
    };
    let from = lines.first().is_some_and(|line| names(line, &["from", "de", "من"]));
    let near: Vec<&str> = lines.iter().skip(1).filter(|line| !line.trim().is_empty()).take(5).copied().collect();
    let when = ["sent", "date", "enviado", "enviado el", "fecha", "تم الإرسال", "التاريخ", "أرسلت"];
    let about = ["to", "subject", "para", "asunto", "إلى", "الموضوع"];
    from && near.iter().any(|line| names(line, &when)) && near.iter().any(|line| names(line, &about))
}

/// Whether every line is quoted or empty, or (an answer above unmarked history) none is quoted.
fn nothing_but_quotes(lines: &[&str]) -> bool {
    let quoted = |line: &&&str| line.trim_start().starts_with('>');
    let said: Vec<&&str> = lines.iter().filter(|line| !line.trim().is_empty()).collect();
    let marked = said.iter().filter(|line| quoted(line)).count();
    if marked == 0 {
        return true;
    }
    // Behind the quotation only a signature or a footer may stand; other words are an answer below or between.
    let last = said.iter().rposition(quoted).unwrap_or(0);
    let first = said.iter().position(quoted).unwrap_or(0);
    said[first..=last].iter().all(quoted) && first == 0 && footers_only(&said[last + 1..])
}

fn footers_only(lines: &[&&str]) -> bool {
    match lines.first() {
        None => true,
        Some(first) => is_signature_mark(first) || lines.iter().all(|line| is_footer(line)),
    }
}

/// Without a block of quoted lines that nothing follows, and without the line that announces it.
fn without_quotes_at_the_end<'a, 'b>(lines: &'a [&'b str]) -> &'a [&'b str] {
    let end = lines.iter().rposition(|line| !line.trim().is_empty() && !line.trim_start().starts_with('>')).map_or(0, |at| at + 1);
    if lines[end..].iter().any(|line| line.trim_start().starts_with('>')) { &lines[..end] } else { lines }
}

fn is_signature_mark(line: &str) -> bool {
    line.trim_end_matches('\r') == "-- "
}

fn without_signature<'a, 'b>(lines: &'a [&'b str]) -> &'a [&'b str] {
    let mut kept = lines;
    if let Some(at) = kept.iter().rposition(|line| is_signature_mark(line)) {
        let below = kept[at + 1..].iter().filter(|line| !line.trim().is_empty()).count();
        if below <= MOST_SIGNATURE_LINES {
            kept = &kept[..at];
        }
    }
    while let Some(last) = kept.iter().rposition(|line| !line.trim().is_empty()).filter(|last| is_footer(kept[*last])) {
        kept = &kept[..last];
    }
    kept
}

/// What phones write below a mail. Only with the name of a device or program: "Sent from my dad's phone" is a reporter's word.
fn is_footer(line: &str) -> bool {
    const BEGINNINGS: [&str; 11] = [
        "sent from my ",
        "sent from ",
        "sent via ",
        "get outlook for ",
        "enviado desde mi ",
        "enviado desde ",
        "obtener outlook para ",
        "أرسلت من ",
        "أُرسلت من ",
        "تم الإرسال من ",
        "مرسل من ",
    ];
    const DEVICES: [&str; 22] = [
        "iphone",
        "ipad",
        "ipod",
        "android",
        "galaxy",
        "samsung",
        "verizon",
        "t-mobile",
        "at&t",
        "outlook",
        "yahoo",
        "gmail",
        "mail for windows",
        "windows",
        "chromebook",
        "proton",
        "my verizon",
        "blackberry",
        "ios",
        "هاتف",
        "جهاز",
        "الـ iphone",
    ];
    let line = bare(line).to_lowercase();
    let rest = BEGINNINGS.iter().find_map(|word| line.strip_prefix(word));
    line.chars().count() <= MOST_FOOTER_CHARS && rest.is_some_and(|rest| DEVICES.iter().any(|device| rest.trim_start().starts_with(device)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_and_signatures_go() {
        let table = [
            ("Gmail", "Yes.\n\nOn Mon, Jan 5, 2026 at 9:14 AM Safe Tips <tips@example.org> wrote:\n\n> Where?\n> \n", "Yes."),
            ("broken over lines", "Yes.\n\nOn Mon, Jan 5, 2026 at 9:14 AM Safe Tips\n<tips+t1@example.org>\nwrote:\n> Where?", "Yes."),
            (
                "iPhone",
                "Yes\n\nSent from my iPhone\n\n> On Jan 5, 2026, at 9:14 AM, Safe Tips <tips@example.org> wrote:\n> \n> Where?",
                "Yes",
            ),
            ("Spanish", "Sí\n\nEl lun, 5 ene 2026 a las 9:14, Safe Tips (<tips@example.org>) escribió:\n\n> ¿Dónde?", "Sí"),
            ("Arabic", "نعم\n\nفي الاثنين، ٥ يناير ٢٠٢٦ في ٩:١٤ ص تمت كتابة ما يلي بواسطة Safe Tips كتب:\n\n> أين؟", "نعم"),
            ("Arabic with marks", "نعم\n\n\u{202b}في 5 يناير 2026، Safe Tips كتب:\u{202c}\n> أين؟", "نعم"),
            (
                "Outlook",
                "Yes\n\nFrom: Safe Tips <tips@example.org>\nSent: Monday, January 5, 2026 9:14 AM\nTo: A\nSubject: Re: x\n\nWhere?",
                "Yes",
            ),
            (
                "Outlook with a rule",
                "Yes\n\n________________________________\nFrom: Safe Tips\nSent: Monday\nTo: A\nSubject: x\n\nWhere?",
                "Yes",
            ),
            ("Outlook, bold", "Yes\n\n*From:* Safe Tips\n*Sent:* Monday\n*To:* A\n*Subject:* x\n\nWhere?", "Yes"),
            ("Outlook, Spanish", "Sí\n\nDe: Safe Tips\nEnviado el: lunes\nPara: A\nAsunto: x\n\n¿Dónde?", "Sí"),
            ("Outlook, Arabic", "نعم\n\nمن: Safe Tips\nتم الإرسال: الاثنين\nإلى: A\nالموضوع: x\n\nأين؟", "نعم"),
            ("divider", "Yes\n\n-----Original Message-----\nFrom: x\n\nWhere?", "Yes"),
            ("divider, Spanish", "Sí\n-----Mensaje original-----\n¿Dónde?", "Sí"),
            ("HTML made text", "Yes\n\nOn Mon, Jan 5, 2026 at 9:14 AM Safe Tips <tips@example.org> wrote:\nWhere?\nThanks", "Yes"),
            ("quotes without announcement", "Yes\n\n> Where?\n> When?", "Yes"),
            ("signature", "Yes\n-- \nA. Student\nGrade 9", "Yes"),
            ("footers", "Yes\n\nGet Outlook for iOS\nSent from my Galaxy", "Yes"),
            ("footer, Spanish", "Sí\n\nEnviado desde mi iPhone", "Sí"),
            ("footer, Arabic", "نعم\n\nأرسلت من الـ iPhone", "نعم"),
            ("quote and signature below", "Yes\n\nOn 5 Jan 2026 Safe Tips wrote:\n> Where?\n-- \nA. Student", "Yes"),
        ];
        for (name, text, words) in table {
            assert_eq!(new_words(text, true), words, "{name}");
            assert_eq!(new_words(&text.replace('\n', "\r\n"), true), words, "{name}, with carriage returns");
        }
    }

    #[test]
    fn words_that_matter_stay() {
        let between = "On 5 Jan 2026 Safe Tips wrote:\n> Where?\nRoom 12\n> When?\nToday";
        let below = "On 5 Jan 2026 Safe Tips wrote:\n> Where?\n\nRoom 12";
        let table = [
            ("an answer between", between, true),
            ("an answer below", below, true),
            ("nothing but history", "On 5 Jan 2026 Safe Tips wrote:\n> Where?", true),
            ("a first mail that quotes a threat", "He wrote me:\n> I will bring it tomorrow\n> you will see", false),
            ("a first mail with an attribution", "On Monday 5 Jan he wrote:\n> bring a knife", false),
            ("a forward", "---------- Forwarded message ---------\nFrom: x\nDate: y\nSubject: z\nTo: w\n\nI will hurt you", false),
            ("two dashes", "He said\n--\nhe will do it at noon", true),
            ("a long text below a mark", &format!("x\n-- \n{}", "and more\n".repeat(13).trim_end()), true),
            ("a phone that is not a footer", "Help\nSent from my dad's phone, he takes mine away", true),
            ("a from that is no header", "From: what I heard\nhe has a gun\nTo: be clear, I saw it", true),
            ("on that is no attribution", "On 5 Jan he told me he\n\nwrote: a list of names", true),
        ];
        for (name, text, answer) in table {
            let same = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
            assert_eq!(new_words(text, answer), same(text), "{name}");
        }
    }
}
