//! Frames as they are written down, frames as nobody should send them, and 20,000 that were stirred from a kept corpus.

use super::*;
use domain::conversation::code::ReturnCode;
use domain::exchange::Joins;
use domain::id::ConversationId;
use domain::language::Language;
use domain::sealed::Words;
use jiff::Timestamp;

const RUNS: u32 = 20_000;
const SEED: u64 = 0x7469_706c_696e_6563;

fn hello(door: Door, language: Option<Language>, after: i64) -> Result<ClientFrame, Bad> {
    Ok(ClientFrame::Hello(Hello { language, door, after }))
}

#[test]
fn frames_are_read_by_allow_list() {
    let say = |id: &str, text: &str, files: &[&str]| {
        Ok(ClientFrame::Say(Say { id: id.into(), text: Words::new(text), files: files.iter().map(|id| (*id).to_owned()).collect() }))
    };
    let upload = "0123456789abcdef0123456789abcdef";
    for (frame, read) in [
        (r#"{"type":"hello","v":1}"#.to_owned(), hello(Door::New, None, 0)),
        (r#"{"type":"hello","v":1,"language":"es-MX","after":null,"browser":"x"}"#.into(), hello(Door::New, Some(Language::Es), 0)),
        (r#"{"type":"hello","v":1,"language":"é"}"#.into(), hello(Door::New, None, 0)),
        (r#"{"type":"hello","v":1,"token":"abc","after":7}"#.into(), hello(Door::Token("abc".into()), None, 7)),
        (r#"{"type":"hello","v":1,"code":"4821 0937"}"#.into(), hello(Door::Code("4821 0937".into()), None, 0)),
        (r#"{"type":"hello","v":2}"#.into(), Err(Bad::Version)),
        (r#"{"type":"hello"}"#.into(), Err(Bad::Version)),
        (r#"{"type":"hello","v":1,"token":7}"#.into(), Err(Bad::Field("token"))),
        (format!(r#"{{"type":"hello","v":1,"token":"{}"}}"#, "x".repeat(201)), Err(Bad::Field("token"))),
        (r#"{"type":"hello","v":1,"after":-1}"#.into(), Err(Bad::Field("after"))),
        (r#"{"type":"hello","v":1,"after":1e99}"#.into(), Err(Bad::Field("after"))),
        (r#"{"type":"say","id":"a-1","text":"hi\u0000"}"#.into(), say("a-1", "hi\u{FFFD}", &[])),
        (format!(r#"{{"type":"say","id":"a","files":["{upload}"]}}"#), say("a", "", &[upload])),
        (r#"{"type":"say","id":"a","files":["../../etc/passwd"],"text":"x"}"#.into(), Err(Bad::Field("files"))),
        (
            format!(r#"{{"type":"say","id":"a","text":"x","files":[{}]}}"#, vec![format!("\"{upload}\""); 11].join(",")),
            Err(Bad::Field("files")),
        ),
        (r#"{"type":"say","id":"","text":"x"}"#.into(), Err(Bad::Field("id"))),
        (r#"{"type":"say","id":"my name","text":"x"}"#.into(), Err(Bad::Field("id"))),
        (r#"{"type":"say","text":"x"}"#.into(), Err(Bad::Field("id"))),
        (r#"{"type":"say","id":"a","text":["x"]}"#.into(), Err(Bad::Field("text"))),
        (r#"{"type":"say","id":"a","text":"  \n"}"#.into(), Err(Bad::Empty)),
        (format!(r#"{{"type":"say","id":"a","text":"{}"}}"#, "م".repeat(4000)), say("a", &"م".repeat(4000), &[])),
        (format!(r#"{{"type":"say","id":"a","text":"{}"}}"#, "x".repeat(4001)), Err(Bad::TooLong)),
        (r#"{"type":"seen","seq":3}"#.into(), Ok(ClientFrame::Seen { seq: 3 })),
        (r#"{"type":"seen"}"#.into(), Err(Bad::Field("seq"))),
        (r#"{"type":"typing"}"#.into(), Ok(ClientFrame::Typing)),
        (r#"{"type":"code"}"#.into(), Ok(ClientFrame::Code)),
        (r#"{"type":"bye"}"#.into(), Ok(ClientFrame::Bye)),
        (r#"{"type":"admin"}"#.into(), Err(Bad::UnknownType)),
        (r#"{"type":7}"#.into(), Err(Bad::NotJson)),
        ("[]".into(), Err(Bad::NotJson)),
        (String::new(), Err(Bad::NotJson)),
        ("[".repeat(10_000), Err(Bad::NotJson)),
        (" ".repeat(LONGEST_FRAME + 1), Err(Bad::TooLarge)),
    ] {
        assert_eq!(parse(&frame), read, "{frame:.120}");
    }
}

#[test]
fn the_longest_text_fits_a_frame_in_any_script() {
    for character in ["x", "\\n", "م", "語", "\\\""] {
        let frame = format!(r#"{{"type":"say","id":"{}","text":"x{}"}}"#, "i".repeat(64), character.repeat(3999));
        assert!(parse(&frame).is_ok(), "{character}: {} bytes", frame.len());
    }
}

#[test]
fn debug_shows_neither_token_nor_code_nor_words() {
    let frames = [
        r#"{"type":"hello","v":1,"token":"canary"}"#,
        r#"{"type":"hello","v":1,"code":"canary"}"#,
        r#"{"type":"say","id":"a","text":"canary"}"#,
    ];
    for frame in frames {
        assert!(!format!("{:?}", parse(frame)).contains("canary"), "{frame}");
    }
}

#[test]
fn what_is_told_says_no_more_than_it_must() {
    let at = Timestamp::from_second(1_770_000_000).unwrap();
    let message = |by, id: Option<&str>, files: &[&str]| ServerFrame::Message {
        seq: 2,
        by,
        text: Words::new("hello"),
        at,
        files: files.iter().map(|kind| FileKind { kind: (*kind).to_owned() }).collect(),
        id: id.map(str::to_owned),
    };
    let code = ReturnCode::parse("4821 0937 5526 1840").unwrap();
    for (frame, wire) in [
        (
            ServerFrame::Welcome { token: "t".into(), seq: 3, expires: at },
            r#"{"expires":"2026-02-02T02:40:00Z","seq":3,"token":"t","type":"welcome"}"#,
        ),
        (message(By::Us, None, &[]), r#"{"at":"2026-02-02T02:40:00Z","by":"us","files":[],"seq":2,"text":"hello","type":"message"}"#),
        (
            message(By::You, Some("a"), &["image/png"]),
            r#"{"at":"2026-02-02T02:40:00Z","by":"you","files":[{"kind":"image/png"}],"id":"a","seq":2,"text":"hello","type":"message"}"#,
        ),
        (ServerFrame::Ack { id: "a".into(), seq: Some(1) }, r#"{"id":"a","seq":1,"type":"ack"}"#),
        (ServerFrame::Ack { id: "a".into(), seq: None }, r#"{"id":"a","spooled":true,"type":"ack"}"#),
        (ServerFrame::Code(code), r#"{"code":"4821 0937 5526 1840","type":"code"}"#),
        (ServerFrame::Seen { seq: 2 }, r#"{"seq":2,"type":"seen"}"#),
        (ServerFrame::Typing, r#"{"type":"typing"}"#),
        (
            ServerFrame::Error { trouble: Trouble::UnknownCode, text: "No.", id: None },
            r#"{"code":"unknown_code","text":"No.","type":"error"}"#,
        ),
        (ServerFrame::Again { after_ms: 1500 }, r#"{"after_ms":1500,"type":"again"}"#),
    ] {
        assert_eq!(frame.encode(), wire);
    }
}

#[test]
fn a_say_is_one_message_however_often_it_is_said() {
    let conversation = "00000000000000000000000000000007".parse::<ConversationId>().unwrap();
    let Ok(ClientFrame::Say(say)) = parse(r#"{"type":"say","id":"a-1","text":"hi"}"#) else { panic!("a say") };
    let one = message(conversation, &say, Some(Language::Es), Vec::new(), 0);
    assert_eq!(one, message(conversation, &say, Some(Language::Es), Vec::new(), 0));
    assert_eq!((one.joins, one.from, one.language), (Joins::New(conversation), None, Some(Language::Es)));
    assert_eq!(client_id(&one.provider_id.0), Some("a-1"));
    for other in ["SM1", "chat:", "chat:x", "chat:x:", "chat:x:two words"] {
        assert_eq!(client_id(other), None, "{other}");
    }
    assert_eq!(account().as_str(), "chat");
}

/// A xorshift generator: enough to stir bytes, and the same on every machine.
struct Stir(u64);

impl Stir {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % below
    }
}

/// Mends, cuts, doubles and bends the bytes of a frame.
fn stirred(stir: &mut Stir, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut frame = corpus[stir.next(corpus.len())].clone();
    for _ in 0..stir.next(6) {
        let at = stir.next(frame.len().max(1)).min(frame.len());
        match stir.next(6) {
            0 => frame.truncate(at),
            1 => frame.insert(at, u8::try_from(stir.next(256)).unwrap()),
            2 if at < frame.len() => frame[at] = u8::try_from(stir.next(256)).unwrap(),
            3 if at < frame.len() => drop(frame.remove(at)),
            4 => frame.extend_from_within(at..),
            _ => frame.splice(at..at, corpus[stir.next(corpus.len())].iter().copied().take(40)).for_each(drop),
        }
    }
    frame
}

#[test]
fn any_frame_is_read_or_refused_within_its_bounds() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/chat");
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let corpus: Vec<Vec<u8>> = names.iter().map(|name| std::fs::read(name).unwrap()).collect();
    assert!(corpus.len() >= 10, "the corpus was found");
    let (mut stir, mut read) = (Stir(SEED), 0);
    for run in 0..RUNS {
        let bytes = stirred(&mut stir, &corpus);
        let text = String::from_utf8_lossy(&bytes);
        match parse(&text) {
            Ok(frame) => {
                read += 1;
                within_bounds(&frame, run);
            }
            Err(Bad::TooLarge) => assert!(text.len() > LONGEST_FRAME, "run {run} of seed {SEED:#x}"),
            Err(Bad::NotJson | Bad::UnknownType | Bad::Field(_) | Bad::Version | Bad::TooLong | Bad::Empty) => {}
        }
    }
    assert!(read > 1000, "the frames should reach the parser: {read}");
}

fn within_bounds(frame: &ClientFrame, run: u32) {
    match frame {
        ClientFrame::Hello(hello) => {
            assert!(hello.after >= 0, "run {run}");
            match &hello.door {
                Door::New => {}
                Door::Token(token) => assert!(token.chars().count() <= LONGEST_TOKEN, "run {run}"),
                Door::Code(code) => assert!(code.chars().count() <= LONGEST_CODE, "run {run}"),
            }
        }
        ClientFrame::Say(say) => {
            assert!(say.text.reveal().chars().count() <= LONGEST_TEXT && !say.text.reveal().contains('\0'), "run {run}");
            assert!((1..=LONGEST_CLIENT_ID).contains(&say.id.len()) && say.files.len() <= MOST_FILES, "run {run}");
        }
        ClientFrame::Seen { seq } => assert!(*seq >= 0, "run {run}"),
        ClientFrame::Typing | ClientFrame::Code | ClientFrame::Bye => {}
    }
}
