//! The order and the joining of what a page shows.

use super::*;

fn message(seq: i64, at: i64, part: Option<(u8, u8)>, words: &str) -> (Option<Part>, Message) {
    let part = part.map(|(number, of)| Part { whole: "7".to_owned(), number, of });
    let message = Message {
        id: MessageId::new(uuid::Uuid::from_u128(seq as u128)),
        seq,
        author: Author::Reporter,
        channel: Channel::Text,
        words: Words::new(words),
        at: Timestamp::from_second(at).unwrap(),
        missing: false,
        nature: domain::exchange::Nature::Person,
        attachments: Vec::new(),
        media_dropped: 0,
        delivery: None,
    };
    (part, message)
}

fn shown(rows: Vec<(Option<Part>, Message)>) -> Vec<(i64, String, bool)> {
    in_order(rows).into_iter().map(|message| (message.seq, message.words.reveal().to_owned(), message.missing)).collect()
}

#[test]
fn messages_stand_in_the_carriers_order_and_pieces_as_one() {
    let rows = vec![
        message(1, 100, Some((3, 3)), "on the bus"),
        message(2, 160, None, "Where is he?"),
        message(3, 99, Some((1, 3)), "He has "),
        message(4, 50, None, "hello"),
    ];
    assert_eq!(
        shown(rows),
        [(4, "hello".to_owned(), false), (1, "He has …on the bus".to_owned(), true), (2, "Where is he?".to_owned(), false)]
    );
    let whole = vec![message(1, 100, Some((2, 2)), "two"), message(2, 100, Some((1, 2)), "one "), message(3, 100, Some((2, 2)), "two")];
    assert_eq!(shown(whole), [(1, "one two".to_owned(), false)]);
}
