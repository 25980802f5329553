//! What every way in has to pass, carrier or not (R2, R67): the same words give the same message, except for the way they came.
//!
//! An adapter of any kind (texts, mail, chat, web form) brings a [`Way`]: how these words arrive on it when a reporter writes them. What
//! is compared is all that a tip's record is made of; what belongs to the way (account, id, addresses, times) is left out.

use domain::channel::Channel;
use domain::conversation::knows::Knows;
use domain::exchange::{Claims, InboundMessage, MediaRole, Nature};

/// One way in.
pub(crate) trait Way {
    /// Its channel.
    fn channel(&self) -> Channel;
    /// What it declares that others know.
    fn knows(&self) -> Knows;
    /// What the adapter makes of these words of a reporter, written for the first time and with nothing beside them.
    fn read(&self, words: &str) -> InboundMessage;
}

/// Words that every way carries; none begins or ends with a blank, which mail does not keep.
pub(crate) const WORDS: [&str; 10] = [
    "help",
    "There is a gun in a backpack on the bus to Bravo Middle.",
    "two\nlines",
    "a=b&c+d%20%zz; <b>\"quoted\"</b> 'and' \\slashes\\ {code}",
    "¡Tengo miedo! ¿Me pueden ayudar? 😟",
    "أنا خائف، هناك سكين",
    "e\u{301} is not \u{e9}, 👨\u{200D}👩\u{200D}👧 is one",
    "stop bullying me",
    "1",
    "?",
];

/// The same words, the same record.
pub(crate) fn same_words(way: &dyn Way) {
    for words in WORDS {
        let message = way.read(words);
        assert_eq!(message.words.reveal(), words);
        assert_eq!(message.channel, way.channel(), "{words:?}");
        assert_eq!(message.knows, way.knows(), "{words:?}: the first words are made from this");
        assert_eq!(message.nature, Nature::Person, "{words:?}");
        assert_eq!((message.part, message.carrier_answered, message.media_dropped), (None, false, 0), "{words:?}");
        assert_eq!(message.claims, Claims::default(), "{words:?}");
        assert!(!message.media.iter().any(|medium| medium.role != MediaRole::Raw), "{words:?}: nothing was sent with it");
        assert!(!message.provider_id.0.is_empty(), "{words:?}: what has no id could be taken in twice");
        let again = way.read(words);
        assert_eq!(again.words, message.words);
    }
    let long = "word ".repeat(319) + "end";
    assert_eq!(way.read(&long).words.reveal(), long, "a long text is not cut");
}
