//! Tips about one thing: a sketch of a text that tells near-duplicates, and what a further text says that was not known (R74).
//!
//! Nothing here decides: alike tips are *proposed* to an analyst as one incident, and new facts are marked. A sketch is the 64 smallest
//! keyed hashes of a text's words and pairs of neighbouring words (MinHash), so that [`likeness`] estimates what part of them two texts share.
//! The hash is keyed so that nobody outside can make texts that collide, but it is no cipher: keep sketches and facts as words are kept.

use super::letters::{even, is_mark};
use std::collections::{BTreeSet, HashSet};

/// How many hashes a sketch has.
const HASHES: usize = 64;
/// How many bands a sketch is cut into. With two hashes a band, texts that share 0.36 of their words meet in a band with 98 %, those
/// that share 0.05 with 8 %.
pub const BANDS: usize = 32;
/// Texts that are at least this alike are worth proposing as one incident. Measured on the texts of the tests: of nine tellings of one event
/// each has 0.45 and more with another, and different events that share words ("gun", "backpack", a school) have 0.24 at most.
pub const ALIKE: f32 = 0.36;
/// How many words of a text are looked at: several long tips' worth.
const MOST_WORDS: usize = 400;
/// How many new facts of one text are named.
pub const MOST_FACTS: usize = 24;

/// What is left of a text for comparing it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sketch([u32; HASHES]);

impl std::fmt::Debug for Sketch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sketch(sealed)")
    }
}

impl Sketch {
    /// The sketch of a text. `key` is the deployment's own; sketches of different keys have nothing in common.
    pub fn of(words: &str, key: u64) -> Self {
        let tokens: Vec<u64> = tokens(words).filter(|token| !token.is_common()).map(|token| hashed(&token.plain, key)).collect();
        let pairs = tokens.windows(2).map(|pair| mixed(pair[0].min(pair[1]) ^ mixed(pair[0].max(pair[1]))));
        let features: BTreeSet<u64> = tokens.iter().copied().chain(pairs).collect();
        let mut least = [u32::MAX; HASHES];
        for (place, least) in (0_u64..).zip(&mut least) {
            let turn = mixed(place);
            *least = features.iter().map(|feature| (mixed(feature ^ turn) >> 32) as u32).min().unwrap_or(u32::MAX);
        }
        Self(least)
    }
    /// Whether the text had nothing to compare (no words but the commonest, a picture): it is like no other.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|least| *least == u32::MAX)
    }
    /// Under which keys alike texts meet: look a new text up under each of its bands, then compare [`likeness`] with what is found.
    pub fn bands(&self) -> [u64; BANDS] {
        std::array::from_fn(|band| {
            let rows = HASHES / BANDS;
            let start = mixed(band as u64 ^ 0xB4_2D);
            self.0[band * rows..(band + 1) * rows].iter().fold(start, |sum, least| mixed(sum ^ u64::from(*least)))
        })
    }
}

/// Which part of their words and pairs two texts share: 0 nothing, 1 everything. An estimate; its standard error is at most 0.06.
pub fn likeness(a: &Sketch, b: &Sketch) -> f32 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let same = a.0.iter().zip(&b.0).filter(|(a, b)| a == b).count();
    same as f32 / HASHES as f32
}

/// What a text states: each word of three letters and more that is not among the commonest, and each number, once, as written, with its hash.
pub fn facts(words: &str, key: u64) -> Vec<(u64, String)> {
    let mut seen = HashSet::new();
    let told = tokens(words).filter(Token::is_fact).map(|token| (hashed(&token.plain, key), token.written));
    told.filter(|(hash, _)| seen.insert(*hash)).collect()
}

/// The words and numbers of this text that its incident has not had; at most [`MOST_FACTS`]. `seen` holds the hashes that [`facts`] gave for the
/// incident's earlier texts, with the same key; whoever keeps it bounds it.
pub fn new_facts(words: &str, key: u64, seen: &HashSet<u64>) -> Vec<String> {
    facts(words, key).into_iter().filter(|(hash, _)| !seen.contains(hash)).map(|(_, written)| written).take(MOST_FACTS).collect()
}

/// A word or number of a text.
struct Token {
    written: String,
    /// Lower case, no accents, no plural s.
    plain: String,
}

impl Token {
    fn is_number(&self) -> bool {
        self.plain.chars().any(char::is_numeric)
    }
    fn is_common(&self) -> bool {
        COMMON.binary_search(&self.plain.as_str()).is_ok()
    }
    fn is_fact(&self) -> bool {
        self.is_number() || (self.plain.chars().count() >= 3 && !self.is_common())
    }
}

/// Words without letters that stand alone ("s" of "Jake's"), at most [`MOST_WORDS`].
fn tokens(words: &str) -> impl Iterator<Item = Token> {
    let written = words.split(|c: char| !c.is_alphanumeric() && !is_mark(c)).filter(|word| !word.is_empty()).take(MOST_WORDS);
    let tokens = written.map(|written| Token { written: written.to_owned(), plain: plain(written) });
    tokens.filter(|token| token.is_number() || token.plain.chars().count() > 1)
}

fn plain(word: &str) -> String {
    let mut plain: String = word.chars().flat_map(char::to_lowercase).filter(|c| !is_mark(*c)).map(even).collect();
    if plain.len() > 3 && plain.ends_with('s') && !plain.ends_with("ss") {
        plain.pop();
    }
    plain
}

fn hashed(word: &str, key: u64) -> u64 {
    // FNV-1a from a keyed start, then mixed with the key again.
    let sum = word.bytes().fold(mixed(key) ^ 0xCBF2_9CE4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    mixed(sum ^ key.rotate_left(32))
}

/// The finalizer of SplitMix64: every bit of the answer hangs on every bit of the number.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

/// The commonest words of English, Spanish and Arabic, as [`plain`] leaves them, in order. They tell no two texts apart and state nothing.
#[rustfmt::skip]
const COMMON: &[&str] = &[
    "about", "after", "again", "al", "algo", "alguien", "all", "alla", "alli", "also", "alumno", "alway", "am", "an", "and", "ano",
    "ante", "any", "anybody", "anyone", "anything", "aqui", "are", "around", "as", "asi", "at", "aun", "aunque", "back", "be",
    "because", "been", "before", "being", "bien", "but", "by", "cada", "came", "can", "cant", "come", "como", "con", "could", "creo",
    "cual", "cuando", "day", "de", "del", "desde", "dice", "did", "didnt", "dijo", "do", "doe", "doesnt", "doing", "donde", "dont",
    "down", "each", "el", "ella", "ello", "en", "entre", "era", "ere", "es", "esa", "escuela", "ese", "eso", "esta", "estaba", "estamo",
    "estan", "estar", "este", "esto", "estoy", "estudiante", "even", "ever", "every", "everybody", "everyone", "for", "from", "fue",
    "gente", "get", "getting", "go", "goe", "going", "gonna", "got", "gracia", "guy", "ha", "hace", "hacer", "had", "han", "has",
    "hasnt", "hasta", "have", "having", "hay", "he", "hello", "help", "her", "here", "hes", "hey", "hi", "him", "his", "hola", "how",
    "hoy", "id", "if", "ill", "im", "in", "into", "is", "isnt", "it", "its", "just", "kid", "kinda", "know", "la", "las", "le", "les",
    "let", "like", "lo", "look", "los", "lot", "made", "make", "many", "mas", "maybe", "me", "mi", "might", "mine", "mis", "more",
    "most", "much", "mucho", "must", "muy", "my", "myself", "nada", "need", "ni", "no", "nobody", "nos", "nosotro", "not", "nothing",
    "now", "of", "off", "oh", "ok", "okay", "on", "one", "only", "or", "other", "otra", "otro", "our", "out", "over", "own", "para",
    "people", "pero", "person", "persona", "please", "pls", "por", "porque", "pue", "put", "que", "quien", "quiero", "really", "right",
    "sabe", "said", "same", "saw", "say", "saying", "school", "se", "sea", "see", "seen", "ser", "she", "should", "si", "sido", "sin",
    "so", "sobre", "solo", "some", "somebody", "someone", "something", "son", "still", "student", "su", "such", "sure", "sus", "take",
    "tambien", "tan", "te", "teacher", "tell", "tengo", "than", "thank", "that", "the", "their", "them", "then", "there", "these",
    "they", "theyre", "thi", "thing", "think", "those", "tiene", "tienen", "to", "today", "todo", "told", "too", "tu", "tus", "um",
    "un", "una", "under", "uno", "up", "ur", "us", "va", "van", "veo", "very", "vi", "voy", "want", "wanted", "was", "wasnt", "way",
    "we", "well", "went", "were", "what", "when", "where", "which", "while", "who", "why", "will", "with", "wont", "would", "ya",
    "yeah", "yes", "yo", "you", "your", "youre", "اذا", "التي", "الذي", "المدرسه", "الي", "اليوم", "ان", "انا", "انت", "او", "بعد",
    "ثم", "ذلك", "عن", "عند", "عندي", "في", "قبل", "قد", "كان", "كانت", "كل", "لا", "لدي", "لم", "لن", "ما", "مدرسه", "مع", "من", "نحن",
    "هذا", "هذه", "هم", "هناك", "هو", "هي", "يا",
];

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: u64 = 0x5AFE;

    /// One event in many words, and others that share words with it.
    const GUN_ON_THE_BUS: [&str; 9] = [
        "There is a kid on bus 12 to Bravo Middle with a gun in his backpack",
        "a boy on bus 12 has a gun in his backpack!!",
        "GUN on the bus 12!!! in a backpack, bravo middle",
        "someone has a gun in a backpack on the bus to bravo middle",
        "My daughter says a boy on the bus to Bravo Middle School has a gun in his backpack. Bus 12.",
        "bus 12 kid has gun in backpack help",
        "Jake R has a gun in his backpack on bus 12",
        "he showed us the gun in his backpack its on bus 12 to bravo",
        "There's a gun on bus 12, it is in somebody's backpack, please send someone",
    ];
    const OTHERS: [&str; 10] = [
        "Somebody is vaping in the bathroom at Alpha Middle every day after lunch",
        "The lunch at Delta Elementary was cold again",
        "A kid keeps shoving Sam on bus 7 and calls him names",
        "My son was left standing at the bus stop, bus 12 never came",
        "A girl at Charlie High wants to drive her car into a tree tonight",
        "There is a fight planned behind the gym at Bravo Middle on Friday",
        "someone stole my backpack in the locker room at bravo middle",
        "A senior sells weed from his backpack in the parking lot at Delta High",
        "He posted a picture of a gun on his story and said do not come to Charlie High tomorrow",
        "Smells funny in the hall of Bravo Middle",
    ];

    /// Which of the texts hang together: each takes the number of the first that it is linked with, directly or by others.
    fn incidents(texts: &[&str], key: u64) -> Vec<usize> {
        let sketches: Vec<Sketch> = texts.iter().map(|text| Sketch::of(text, key)).collect();
        let mut incident: Vec<usize> = (0..texts.len()).collect();
        for b in 0..texts.len() {
            for a in 0..b {
                let meet = sketches[a].bands().iter().zip(sketches[b].bands()).any(|(a, b)| *a == b);
                if meet && likeness(&sketches[a], &sketches[b]) >= ALIKE {
                    let (from, to) = (incident[a].max(incident[b]), incident[a].min(incident[b]));
                    incident.iter_mut().filter(|one| **one == from).for_each(|one| *one = to);
                }
            }
        }
        incident
    }

    #[test]
    fn tellings_of_one_event_hang_together_and_others_stay_apart() {
        let all = [&GUN_ON_THE_BUS[..], &OTHERS].concat();
        let expected: Vec<usize> = (0..all.len()).map(|index| if index < GUN_ON_THE_BUS.len() { 0 } else { index }).collect();
        assert_eq!(incidents(&all, KEY), expected);
        // Chance is in the key: with most keys all of it is right, with none is an event torn or swollen by more than a few texts.
        let mut right = 0;
        for key in 0..100 {
            let got = incidents(&all, key);
            let wrong = got.iter().zip(&expected).filter(|(got, expected)| got != expected).count();
            right += usize::from(wrong == 0);
            assert!(wrong <= 3, "key {key}: {got:?}");
        }
        assert!(right >= 95, "{right} of 100");
    }

    #[test]
    fn the_same_in_other_letters_is_the_same() {
        for (a, b) in [
            ("Gun in the LOCKERS, room 12!", "gun... in lockers — room 12"),
            ("Hay una pistola en el baño de niñas", "hay una PISTOLA en el baño de niñas!!"),
            ("Él trae una navaja en su mochila", "el trae una navaja en su mochila"),
            ("هناك سكّين في حقيبة أحمد", "هناك سكين في حقيبه احمد"),
            ("guns in the bags", "gun in the bag"),
        ] {
            assert!((likeness(&Sketch::of(a, KEY), &Sketch::of(b, KEY)) - 1.0).abs() < f32::EPSILON, "{a} / {b}");
        }
        let (a, b) = (Sketch::of("gun in room 12", KEY), Sketch::of("gun in room 14", KEY));
        assert!(likeness(&a, &b) < 1.0, "a digit matters");
    }

    #[test]
    fn nothing_is_like_what_says_nothing() {
        for empty in ["", "   ", "?!", "🙂", "the and of", "a I"] {
            let sketch = Sketch::of(empty, KEY);
            assert!(sketch.is_empty() && likeness(&sketch, &sketch) == 0.0, "{empty:?}");
            assert_eq!(facts(empty, KEY), []);
        }
    }

    #[test]
    fn keys_keep_deployments_apart() {
        let text = GUN_ON_THE_BUS[0];
        assert!(likeness(&Sketch::of(text, 1), &Sketch::of(text, 2)) < 0.1);
        assert_ne!(facts("gun", 1), facts("gun", 2));
        assert_eq!(format!("{:?}", Sketch::of(text, 1)), "Sketch(sealed)");
    }

    #[test]
    fn new_facts_are_what_the_incident_has_not_had() {
        let mut seen: HashSet<u64> = HashSet::new();
        for (text, expected) in [
            ("There is a gun on bus 12", vec!["gun", "bus", "12"]),
            ("GUN on bus 12!!!", vec![]),
            ("guns on the bus", vec![]),
            ("It is Jake R., he is in 8th grade and it's in his red backpack", vec!["Jake", "8th", "grade", "red", "backpack"]),
            ("jakes backpack", vec![]),
            ("Bus 12 near Oak Street now", vec!["near", "Oak", "Street"]),
            ("bus 14 not 12", vec!["14"]),
            ("Hay una pistola en el autobús 12, la trae José", vec!["pistola", "autobús", "trae", "José"]),
            ("JOSE", vec![]),
        ] {
            assert_eq!(new_facts(text, KEY, &seen), expected, "{text}");
            seen.extend(facts(text, KEY).into_iter().map(|(hash, _)| hash));
        }
    }

    #[test]
    fn it_is_bounded_and_takes_anything() {
        let long: String = (0..100_000).map(|number| format!("fact{number} ")).collect();
        assert_eq!(new_facts(&long, KEY, &HashSet::new()).len(), MOST_FACTS);
        assert_eq!(facts(&long, KEY).len(), MOST_WORDS);
        let one_word = "x".repeat(1_000_000);
        assert!(!Sketch::of(&one_word, KEY).is_empty());
        let mut rng = fastrand::Rng::with_seed(74);
        for _ in 0..500 {
            let text: String = (0..rng.usize(..200)).map(|_| char::from_u32(rng.u32(..0x11_0000)).unwrap_or(' ')).collect();
            let sketch = Sketch::of(&text, rng.u64(..));
            assert!(sketch.is_empty() || (likeness(&sketch, &sketch) - 1.0).abs() < f32::EPSILON);
        }
    }

    #[test]
    fn the_commonest_words_are_written_as_they_are_looked_up() {
        assert!(COMMON.is_sorted() && COMMON.windows(2).all(|pair| pair[0] != pair[1]));
        for word in COMMON {
            assert_eq!(plain(word), *word);
        }
    }
}
