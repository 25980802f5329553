//! Lines and literals of one IMAP connection, each of bounded length.
//! A literal in the middle of a command is asked for with a continuation, unless the client does not wait for one.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// Longest line of a command, in bytes.
const LINE_BYTES: usize = 16 * 1024;
/// Largest literal, in bytes: arguments only, since nothing is appended.
const LITERAL_BYTES: usize = 64 * 1024;
/// Literals of one command.
const LITERALS: usize = 20;
/// Silence that ends a connection (RFC 3501, 5.4).
const SILENCE: Duration = Duration::from_secs(30 * 60);

/// A piece of a command.
#[derive(Debug)]
pub enum Piece {
    /// A line without its end and without the literal's announcement.
    Line(Vec<u8>),
    /// A literal.
    Literal(Vec<u8>),
}

/// The reading half.
#[derive(Debug)]
pub struct Lines(BufReader<OwnedReadHalf>);

/// Both halves of a connection.
#[derive(Debug)]
pub struct Wire {
    /// What the client says.
    pub lines: Lines,
    /// What it is told.
    pub write: OwnedWriteHalf,
}

impl Wire {
    /// Takes a connection.
    pub fn new(stream: TcpStream) -> Self {
        // Only a hint to the kernel: answers are small and should not wait for more.
        let _ = stream.set_nodelay(true);
        let (read, write) = stream.into_split();
        Self { lines: Lines(BufReader::new(read)), write }
    }

    /// Reads a command with its literals; none at the end of the stream.
    pub async fn command(&mut self) -> io::Result<Option<Vec<Piece>>> {
        let mut pieces = Vec::new();
        loop {
            let Some(mut line) = self.lines.next().await? else {
                return Ok(None);
            };
            let literal = announced(&line);
            if let Some((begin, ..)) = literal {
                line.truncate(begin);
            }
            pieces.push(Piece::Line(line));
            let Some((_, length, waits)) = literal else {
                return Ok(Some(pieces));
            };
            if length > LITERAL_BYTES || pieces.len() > LITERALS * 2 {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "literal too long"));
            }
            if waits {
                self.write.write_all(b"+ Go on\r\n").await?;
            }
            let mut bytes = vec![0; length];
            let read = self.lines.0.read_exact(&mut bytes);
            tokio::time::timeout(SILENCE, read).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            pieces.push(Piece::Literal(bytes));
        }
    }
}

impl Lines {
    /// Reads one line without its end; none at the end of the stream.
    pub async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        loop {
            let fill = tokio::time::timeout(SILENCE, self.0.fill_buf());
            let buffer = fill.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            if buffer.is_empty() {
                return Ok(None);
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(buffer.len(), |at| at + 1);
            line.extend_from_slice(buffer.get(..taken).unwrap_or_default());
            self.0.consume(taken);
            if line.len() > LINE_BYTES {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "line too long"));
            }
            if end.is_some() {
                while line.last().is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
                    line.pop();
                }
                return Ok(Some(line));
            }
        }
    }
}

/// Where a literal is announced at the end of a line, its length, and whether the client waits to be asked.
fn announced(line: &[u8]) -> Option<(usize, usize, bool)> {
    let inner = line.strip_suffix(b"}")?;
    let begin = inner.iter().rposition(|byte| *byte == b'{')?;
    let number = inner.get(begin + 1..)?;
    let (digits, waits) = number.strip_suffix(b"+").map_or((number, true), |digits| (digits, false));
    let length = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((begin, length, waits))
}

#[cfg(test)]
mod tests {
    use super::announced;

    #[test]
    fn literals_are_announced_with_and_without_waiting() {
        assert_eq!(announced(b"a LOGIN {4}"), Some((8, 4, true)));
        assert_eq!(announced(b"a LOGIN {4+}"), Some((8, 4, false)));
        assert_eq!(announced(b"a LOGIN x"), None);
        assert_eq!(announced(b"a {x}"), None);
    }
}
