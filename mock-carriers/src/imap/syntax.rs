//! The words of a command: atoms, strings and lists, parsed once for every command.
//! An atom keeps what stands in its square brackets, spaces and parentheses included, since `BODY[..]` is one word.

use super::wire::Piece;

/// Deepest nesting of lists.
const DEPTH: usize = 10;

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// As written.
    Atom(String),
    /// Quoted or literal.
    Text(Vec<u8>),
    /// In parentheses.
    List(Vec<Self>),
}

impl Word {
    /// An atom or a string as text.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Atom(text) => Some(text.clone()),
            Self::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            Self::List(_) => None,
        }
    }

    /// The words of a list, or the word itself as the only one.
    pub fn all(&self) -> &[Self] {
        match self {
            Self::List(words) => words,
            Self::Atom(_) | Self::Text(_) => std::slice::from_ref(self),
        }
    }
}

/// Parses a command; the sentence says what is wrong with it.
pub fn parse(pieces: &[Piece]) -> Result<Vec<Word>, &'static str> {
    let mut open: Vec<Vec<Word>> = vec![Vec::new()];
    for piece in pieces {
        match piece {
            Piece::Literal(bytes) => add(&mut open, Word::Text(bytes.clone())),
            Piece::Line(line) => parse_line(line, &mut open)?,
        }
    }
    let words = open.pop().unwrap_or_default();
    if open.is_empty() { Ok(words) } else { Err("a parenthesis is not closed") }
}

fn add(open: &mut [Vec<Word>], word: Word) {
    if let Some(list) = open.last_mut() {
        list.push(word);
    }
}

fn parse_line(line: &[u8], open: &mut Vec<Vec<Word>>) -> Result<(), &'static str> {
    let mut rest = line;
    while let Some((first, after)) = rest.split_first() {
        rest = match first {
            b' ' => after,
            b'(' if open.len() > DEPTH => return Err("too many parentheses"),
            b'(' => {
                open.push(Vec::new());
                after
            }
            b')' => {
                let list = open.pop().filter(|_| !open.is_empty()).ok_or("a parenthesis too many")?;
                add(open, Word::List(list));
                after
            }
            b'"' => {
                let (text, after) = quoted(after)?;
                add(open, Word::Text(text));
                after
            }
            _ => {
                let end = atom_end(rest);
                let (atom, after) = rest.split_at(end);
                let atom = std::str::from_utf8(atom).map_err(|_| "an atom is ASCII")?;
                add(open, Word::Atom(atom.to_owned()));
                after
            }
        };
    }
    Ok(())
}

fn quoted(text: &[u8]) -> Result<(Vec<u8>, &[u8]), &'static str> {
    let mut value = Vec::new();
    let mut bytes = text.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Ok((value, text.get(at + 1..).unwrap_or_default())),
            b'\\' => value.extend(bytes.next().map(|(_, byte)| *byte)),
            byte => value.push(*byte),
        }
    }
    Err("a quotation mark is not closed")
}

fn atom_end(text: &[u8]) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            b' ' | b'(' | b')' | b'"' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(text: &str) -> Word {
        Word::Atom(text.to_owned())
    }

    fn line(text: &str) -> Piece {
        Piece::Line(text.as_bytes().to_vec())
    }

    #[test]
    fn atoms_strings_lists_and_literals_are_words() {
        let pieces = [line(r#"a1 LOGIN "to\"m" "#), Piece::Literal(b"s 3".to_vec()), line("")];
        assert_eq!(parse(&pieces).unwrap(), [atom("a1"), atom("LOGIN"), Word::Text(b"to\"m".to_vec()), Word::Text(b"s 3".to_vec())]);
        let fetch = parse(&[line("a UID FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (FROM TO)])")]).unwrap();
        assert_eq!(fetch[4].all(), [atom("UID"), atom("BODY.PEEK[HEADER.FIELDS (FROM TO)]")]);
    }

    #[test]
    fn broken_commands_are_refused() {
        for text in ["a (b", "a b)", "a \"b", "a ((((((((((((((((((((b"] {
            assert!(parse(&[line(text)]).is_err(), "{text}");
        }
    }
}
