//! Forms as browsers write them, as broken as they come, and as nobody would write them.

use super::*;
use axum::http::Request as HttpRequest;
use std::path::Path;

/// So many mutated forms are read in one run of the tests.
const FUZZED: usize = 3_000;

async fn read_pieces(content_type: &str, pieces: Vec<Vec<u8>>, room: &Room) -> Form {
    let pieces = pieces.into_iter().map(Ok::<_, std::io::Error>);
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    let request = HttpRequest::post("/write").header("content-type", content_type).body(body).unwrap();
    Form::read(request, room, &CancellationToken::new()).await
}

async fn read(body: &[u8]) -> Form {
    read_pieces("multipart/form-data; boundary=B", body.chunks(4096).map(<[u8]>::to_vec).collect(), &Room::new(64 << 20)).await
}

fn field(name: &str, value: &[u8]) -> Vec<u8> {
    [format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").as_bytes(), value, b"\r\n"].concat()
}

fn file(name: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("--B\r\nContent-Disposition: form-data; name=\"pictures\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n");
    [head.as_bytes(), bytes, b"\r\n"].concat()
}

fn png(size: usize) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n".as_slice(), &vec![7; size]].concat()
}

const END: &[u8] = b"--B--\r\n";

#[tokio::test]
async fn words_become_text_within_bounds() {
    let words = "  café\r\nsecond\rline\0\u{1b}[2J ".as_bytes();
    let body = [
        field("what", words),
        field("what", b"again"),
        field("who", b"a\nb\xff"),
        field("strange", b"x"),
        field("code", &[b'4'; 500]),
        END.to_vec(),
    ];
    let form = read(&body.concat()).await;
    assert_eq!(form.get(Field::What), "  café\nsecond\nline\u{FFFD}[2J ");
    assert_eq!(form.get(Field::Who), "a b\u{FFFD}");
    assert_eq!(form.get(Field::Code).len(), 80);
    assert!(!form.broken && form.cut);
    let long = field("what", "ä".repeat(LONGEST_TEXT + 5).as_bytes());
    let form = read(&[long, END.to_vec()].concat()).await;
    assert_eq!(form.get(Field::What).chars().count(), LONGEST_TEXT);
    assert!(form.cut);
}

#[tokio::test]
async fn a_plain_form_is_read_too() {
    let form = read_pieces("application/x-www-form-urlencoded", vec![b"what=a+b%00%ff&what=no&now=yes&x=y".to_vec()], &Room::new(0)).await;
    assert_eq!((form.get(Field::What), form.get(Field::Now)), ("a b\u{FFFD}\u{FFFD}", "yes"));
    let form = read_pieces("application/x-www-form-urlencoded", vec![vec![b'x'; LARGEST_PLAIN + 1]], &Room::new(0)).await;
    assert!(form.broken);
}

#[tokio::test]
async fn a_bad_picture_is_named_and_loses_nothing_else() {
    let mut body = [field("what", b"help"), file("", b""), file("good.png", &png(100)), file("virus.exe", b"MZ\x90\0")].concat();
    body.extend(file("huge.png", &png(LARGEST_PICTURE)));
    for number in 2..=6 {
        body.extend(file(&format!("{number}.png"), &png(number)));
    }
    body.extend(END);
    let form = read(&body).await;
    assert_eq!(form.get(Field::What), "help");
    assert_eq!(form.pictures.iter().map(|picture| picture.bytes.len()).collect::<Vec<_>>(), [108, 10, 11, 12, 13]);
    let left_out: Vec<(&str, LeftOut)> = form.left_out.iter().map(|(name, why)| (name.as_str(), *why)).collect();
    let expected = [("virus.exe", LeftOut::NoPicture), ("huge.png", LeftOut::TooLarge), ("6.png", LeftOut::TooMany)];
    assert_eq!(left_out, expected);
}

#[tokio::test]
async fn without_room_the_words_still_come() {
    let room = Room::new(2 * PIECE);
    let body = [field("what", b"help"), file("a.png", &png(PIECE)), file("b.png", &png(PIECE)), END.to_vec()].concat();
    let form = read_pieces("multipart/form-data; boundary=B", vec![body.clone()], &room).await;
    assert_eq!((form.get(Field::What), form.pictures.len()), ("help", 1));
    assert_eq!(form.left_out, [("b.png".to_owned(), LeftOut::NoRoom)]);
    drop(form);
    assert_eq!(room.0.available_permits(), 2, "all of it is given back");
}

#[tokio::test]
async fn what_breaks_off_keeps_what_was_whole() {
    let body = [field("what", b"help"), file("a.png", &png(50)), file("b.png", &png(50))].concat();
    let form = read(&body[..body.len() - 30]).await;
    assert!(form.broken);
    assert_eq!((form.get(Field::What), form.pictures.len()), ("help", 1));
    assert_eq!(form.left_out, [("b.png".to_owned(), LeftOut::BrokenOff)]);
}

/// Every kept form, and thousands bent from them by chance: none panics, each stays within its bounds.
#[tokio::test]
async fn bent_forms_stay_within_their_bounds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus/forms");
    let mut corpus: Vec<Vec<u8>> = std::fs::read_dir(&folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
    corpus.sort();
    assert!(corpus.len() >= 8, "the corpus is there");
    let seed = 0x1eaf_5eed;
    let mut chance = fastrand::Rng::with_seed(seed);
    let room = Room::new(1 << 20);
    for round in 0..FUZZED {
        let mut bytes = corpus[round % corpus.len()].clone();
        if round >= corpus.len() {
            bend(&mut bytes, &corpus, &mut chance);
        }
        let content_type = match chance.u8(..4) {
            0 => "application/x-www-form-urlencoded",
            1 => "text/plain",
            _ => "multipart/form-data; boundary=B",
        };
        let by = chance.usize(1..400);
        let form = read_pieces(content_type, bytes.chunks(by).map(<[u8]>::to_vec).collect(), &room).await;
        for (field, text) in &form.fields {
            assert!(text.chars().count() <= field.most() && !text.contains('\0'), "seed {seed}, round {round}");
        }
        assert!(form.pictures.len() <= MOST_PICTURES && form.left_out.len() <= MOST_PARTS + 1, "seed {seed}, round {round}");
        drop(form);
        assert_eq!(room.0.available_permits(), (1 << 20) / PIECE, "seed {seed}, round {round}");
    }
}

fn bend(bytes: &mut Vec<u8>, corpus: &[Vec<u8>], chance: &mut fastrand::Rng) {
    const TOKENS: [&[u8]; 8] = [
        b"\r\n--B\r\n",
        b"--B--",
        b"\r\n\r\n",
        b"filename=\"",
        b"name=\"what\"",
        b"\"",
        b"%00%ff&what=",
        b"Content-Disposition: form-data;",
    ];
    for _ in 0..chance.usize(1..8) {
        let at = chance.usize(..=bytes.len());
        match chance.u8(..5) {
            0 if at < bytes.len() => bytes[at] = chance.u8(..),
            1 => bytes.truncate(at),
            2 => drop(bytes.splice(at..at, chance.choice(TOKENS).unwrap_or_default().iter().copied())),
            3 => {
                let other = &corpus[chance.usize(..corpus.len())];
                let from = chance.usize(..=other.len());
                bytes.extend_from_slice(&other[from..]);
            }
            _ => {
                let end = chance.usize(at..=bytes.len());
                bytes.drain(at..end);
            }
        }
        bytes.truncate(64 * 1024);
    }
}
