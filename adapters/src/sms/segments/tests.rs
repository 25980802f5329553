//! The count against a table of texts whose figures another calculator gave, and the cut against its promises.

use super::Encoding::{Gsm7, Ucs2};
use super::{Segments, split};

#[test]
fn texts_are_counted_as_they_are_sent() {
    let x = |text: &str, times: usize| text.repeat(times);
    let family = "👨\u{200D}👩\u{200D}👧\u{200D}👦";
    let table = [
        (String::new(), Gsm7, 0, 1),
        (x("a", 1), Gsm7, 1, 1),
        (x("a", 160), Gsm7, 160, 1),
        (x("a", 161), Gsm7, 161, 2),
        (x("a", 306), Gsm7, 306, 2),
        (x("a", 307), Gsm7, 307, 3),
        (x("a", 459), Gsm7, 459, 3),
        (x("a", 460), Gsm7, 460, 4),
        (x("a", 1600), Gsm7, 1600, 11),
        // The alphabet has ñ, ¿, ¡, à, Ç and Greek capitals that look like no Latin letter.
        (x("ñ", 160), Gsm7, 160, 1),
        (x("ñ", 161), Gsm7, 161, 2),
        (x("¿¡", 80), Gsm7, 160, 1),
        (x("Ç", 160), Gsm7, 160, 1),
        (x("ΔΦΓΛΩΠΨΣΘΞ", 16), Gsm7, 160, 1),
        (x("@£$¥èéùìòØøÅå_ÆæßÉ¤§ÄÖÜäöüà", 5), Gsm7, 135, 1),
        (x("a\n", 80), Gsm7, 160, 1),
        (x("a\r\n", 54), Gsm7, 162, 2),
        // Two septets each, and never separated: 153 is odd, so a full segment of them has one septet empty.
        (x("€", 80), Gsm7, 160, 1),
        (x("€", 81), Gsm7, 162, 2),
        (x("€", 152), Gsm7, 304, 2),
        (x("€", 153), Gsm7, 306, 3),
        (x("{}", 77), Gsm7, 308, 3),
        (x("\u{c}", 80), Gsm7, 160, 1),
        (x("\u{c}", 81), Gsm7, 162, 2),
        (x("a", 158) + "€", Gsm7, 160, 1),
        (x("a", 159) + "€", Gsm7, 161, 2),
        (x("a", 152) + "€" + &x("a", 7), Gsm7, 161, 2),
        (x("a", 152) + "€" + &x("a", 151), Gsm7, 305, 2),
        (x("a", 152) + "€" + &x("a", 152), Gsm7, 306, 3),
        // One character outside turns the whole text.
        (x("á", 70), Ucs2, 70, 1),
        (x("á", 71), Ucs2, 71, 2),
        (x("á", 134), Ucs2, 134, 2),
        (x("á", 135), Ucs2, 135, 3),
        (x("á", 1600), Ucs2, 1600, 24),
        (x("ç", 70), Ucs2, 70, 1),
        (x("a", 70) + "’", Ucs2, 71, 2),
        (x("a", 70) + "—", Ucs2, 71, 2),
        (x("a", 70) + "\t", Ucs2, 71, 2),
        (x("a", 70) + "`", Ucs2, 71, 2),
        (x("a", 70) + "\u{a0}", Ucs2, 71, 2),
        (x("Α", 71), Ucs2, 71, 2),
        (x("€", 69) + "á", Ucs2, 70, 1),
        (x("€", 70) + "á", Ucs2, 71, 2),
        (x("خائف ", 14), Ucs2, 70, 1),
        (x("خائف ", 15), Ucs2, 75, 2),
        // A surrogate pair does not fit the odd unit at a segment's end.
        (x("😟", 35), Ucs2, 70, 1),
        (x("😟", 36), Ucs2, 72, 2),
        (x("😟", 66), Ucs2, 132, 2),
        (x("😟", 67), Ucs2, 134, 3),
        (x("x", 66) + "😟" + &x("x", 10), Ucs2, 78, 2),
        (x("x", 66) + "😟" + &x("x", 65), Ucs2, 133, 2),
        (x("x", 66) + "😟" + &x("x", 66), Ucs2, 134, 3),
        // What is seen as one character stays in one segment.
        (x("e\u{301}", 35), Ucs2, 70, 1),
        (x("e\u{301}", 36), Ucs2, 72, 2),
        (x("x", 66) + "e\u{301}" + &x("x", 66), Ucs2, 134, 3),
        (x("بَ", 35), Ucs2, 70, 1),
        (x("بَ", 36), Ucs2, 72, 2),
        (x(family, 6), Ucs2, 66, 1),
        (x(family, 7), Ucs2, 77, 2),
        (x(family, 12), Ucs2, 132, 2),
        (x(family, 13), Ucs2, 143, 3),
        (x("🇺🇸", 17), Ucs2, 68, 1),
        (x("🇺🇸", 18), Ucs2, 72, 2),
        (x("🇺🇸", 33), Ucs2, 132, 3),
        (x("👍🏽", 34), Ucs2, 136, 3),
        (x("1\u{FE0F}\u{20E3}", 24), Ucs2, 72, 2),
        (x("x", 65) + "👍🏽" + &x("x", 66), Ucs2, 135, 3),
    ];
    for (text, encoding, units, segments) in table {
        let found = Segments::of(&text);
        assert_eq!((found.encoding, found.units, found.segments), (encoding, units, segments), "{text:?}");
    }
}

#[test]
fn what_is_left_fits_and_one_more_does_not() {
    for (text, more) in [("", "a"), ("help me", "a"), (&"a".repeat(161), "a"), ("خائف", "ف"), (&"خ".repeat(100), "ف")] {
        let before = Segments::of(text);
        let full = format!("{text}{}", more.repeat(before.left));
        assert_eq!((Segments::of(&full).segments, Segments::of(&full).left), (before.segments, 0), "{text}");
        assert_eq!(Segments::of(&format!("{full}{more}")).segments, before.segments + 1, "{text}");
    }
}

#[test]
fn pieces_fit_and_are_the_text() {
    let long = "I was scared and nobody helped. ".repeat(40);
    let mixed = "Tengo miedo 😟 y no sé qué hacer {now}. ".repeat(30);
    let unbroken = "😟".repeat(500);
    for text in [long.as_str(), &mixed, &unbroken, "short", "", &"خائف جدا ".repeat(60), &"€".repeat(777)] {
        for most in [0, 1, 2, 3, 10] {
            let pieces = split(text, most);
            assert_eq!(pieces.concat(), text);
            for (at, piece) in pieces.iter().enumerate() {
                assert!(Segments::of(piece).segments <= most.max(1), "{piece:?} takes more than {most}");
                let last = at + 1 == pieces.len();
                assert!(last || !text.contains(' ') || piece.ends_with(' '), "cut within a word: {piece:?}");
                assert!(!piece.is_empty());
            }
        }
    }
}

#[test]
fn a_piece_in_plain_letters_pays_for_no_others() {
    let text = format!("{}{}", "plain words ".repeat(13), "😟".repeat(30));
    let pieces = split(&text, 1);
    assert_eq!((pieces.len(), Segments::of(pieces[0]).encoding, Segments::of(pieces[1]).encoding), (2, Gsm7, Ucs2));
}
