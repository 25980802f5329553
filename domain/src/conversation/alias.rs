//! The two-word alias that stands for a reporter (R47): an adjective and an animal, from our own calm word lists.
//!
//! No word tells of looks, origin, gender or age, none is an insult a child would use, and none is a colour of skin or hair.
//! The lists are 128 words each, so that 14 of the random bits choose without bias. A changed list changes no alias that was
//! given before: the alias is stored, not computed again.

#[rustfmt::skip]
const FIRST: [&str; 128] = [
    "Able", "Agile", "Airy", "Alert", "Ambling", "Ample", "Apt", "Autumn", "Balanced", "Balmy", "Bold", "Brave", "Breezy", "Bright",
    "Brisk", "Bubbly", "Buoyant", "Calm", "Candid", "Careful", "Caring", "Cheerful", "Clear", "Clever", "Coastal", "Content",
    "Cosy", "Creative", "Crisp", "Curious", "Drifting", "Daring", "Dawning", "Deft", "Earnest", "Echoing", "Eager", "Early", "Elated",
    "Evening", "Even", "Fabled", "Faithful", "Festive", "Fluent", "Fond", "Forest", "Frank", "Free", "Fresh", "Friendly", "Gentle",
    "Genial", "Giving", "Glad", "Glowing", "Gliding", "Good", "Grateful", "Happy", "Hardy", "Harvest", "Helpful", "Honest",
    "Hopeful", "Humble", "Island", "Jolly", "Jovial", "Joyful", "Keen", "Kind", "Lakeside", "Lasting", "Leaping", "Learned",
    "Lively", "Loyal", "Lucky", "Lunar", "Meadow", "Mellow", "Merry", "Mild", "Mindful", "Misty", "Modest", "Morning", "Musical",
    "Neat", "Noble", "Northern", "Observant", "Open", "Orderly", "Patient", "Peaceful", "Placid", "Playful", "Pleasant", "Polite",
    "Prompt", "Proper", "Quick", "Quiet", "Rapid", "Ready", "Restful", "River", "Rustling", "Seaside", "Serene", "Sheltered",
    "Silent", "Sincere", "Skilled", "Sailing", "Soaring", "Solar", "Spring", "Starry", "Steady", "Summer", "Sunny", "Sure", "Swift",
    "Thoughtful", "Tidy",
];

#[rustfmt::skip]
const SECOND: [&str; 128] = [
    "Albatross", "Alpaca", "Antelope", "Avocet", "Badger", "Barbet", "Beaver", "Bison", "Bittern", "Bluebird", "Bobcat",
    "Bobolink", "Bunting", "Butterfly", "Cygnet", "Caracal", "Cardinal", "Caribou", "Chamois", "Chickadee", "Chipmunk", "Cicada",
    "Condor", "Cormorant", "Corncrake", "Crane", "Cricket", "Curlew", "Deer", "Dipper", "Dolphin", "Dormouse", "Dove", "Dragonfly",
    "Duckling", "Dunlin", "Eagle", "Egret", "Eider", "Elk", "Ermine", "Falcon", "Fawn", "Ferret", "Finch", "Firefly", "Flamingo",
    "Flicker", "Fox", "Garganey", "Gazelle", "Gecko", "Godwit", "Goldfinch", "Goldeneye", "Grebe", "Grosbeak", "Grouse", "Gull", "Hare",
    "Harrier", "Hawk", "Hedgehog", "Heron", "Hoopoe", "Hornbill", "Hummingbird", "Ibex", "Ibis", "Impala", "Jackdaw", "Jaguar",
    "Junco", "Kestrel", "Kingfisher", "Kite", "Kinglet", "Koala", "Ladybird", "Lark", "Leveret", "Linnet", "Llama", "Lobster", "Lapwing",
    "Lynx", "Magpie", "Mallard", "Manta", "Marmot", "Marten", "Martin", "Meerkat", "Merlin", "Mockingbird", "Mayfly", "Moth",
    "Narwhal", "Nightingale", "Nuthatch", "Ocelot", "Oriole", "Osprey", "Otter", "Owl", "Oystercatcher", "Pangolin", "Partridge",
    "Pelican", "Penguin", "Petrel", "Pheasant", "Pipit", "Plover", "Porpoise", "Puffin", "Puma", "Quail", "Rabbit", "Raven",
    "Redstart", "Robin", "Sandpiper", "Seahorse", "Seal", "Siskin", "Sparrow", "Starling",
];

/// The alias for these random bytes, such as "Quiet Heron". The same bytes give the same alias.
pub fn alias(random: [u8; 4]) -> String {
    let first = FIRST[usize::from(random[0] % 128)];
    let second = SECOND[usize::from(random[2] % 128)];
    format!("{first} {second}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn words_are_distinct_and_plain() {
        for list in [FIRST, SECOND] {
            assert_eq!(list.iter().collect::<BTreeSet<_>>().len(), 128);
            for word in list {
                assert!(word.chars().next().is_some_and(char::is_uppercase), "{word}");
                assert!(word.chars().skip(1).all(|c| c.is_ascii_lowercase()), "{word}");
                assert!((3..=13).contains(&word.len()), "{word}");
            }
        }
        assert!(FIRST.iter().all(|word| !SECOND.contains(word)));
    }

    #[test]
    fn the_same_bytes_give_the_same_alias_and_every_pair_is_possible() {
        assert_eq!(alias([7, 0, 9, 0]), alias([7, 1, 9, 1]));
        let all: BTreeSet<String> = (0..128u8).flat_map(|a| (0..128u8).map(move |b| alias([a, 0, b, 0]))).collect();
        assert_eq!(all.len(), 128 * 128);
    }
}
