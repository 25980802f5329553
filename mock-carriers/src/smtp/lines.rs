//! Reads SMTP lines of bounded length, and a message's data with its dots unstuffed.
//! A line ends with CRLF; a bare LF is taken too, since tests are typed by hand.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// Longest command line, in bytes.
pub const COMMAND_BYTES: usize = 2_048;
/// Longest line of a message, in bytes.
const DATA_LINE_BYTES: usize = 64 * 1024;
/// Largest message, in bytes.
pub const MESSAGE_BYTES: usize = 10 * 1024 * 1024;
/// Silence that ends a connection.
const SILENCE: Duration = Duration::from_secs(120);

/// Reads one line without its end; none at the end of the stream.
pub async fn line<R: AsyncRead + Unpin>(reader: &mut BufReader<R>, most: usize) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    loop {
        let buffer = tokio::time::timeout(SILENCE, reader.fill_buf()).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        if buffer.is_empty() {
            return Ok(None);
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(buffer.len(), |at| at + 1);
        line.extend_from_slice(buffer.get(..taken).unwrap_or_default());
        reader.consume(taken);
        if line.len() > most {
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

/// Reads a message up to its lonely dot; `Err(InvalidData)` when it is too large.
pub async fn data<R: AsyncRead + Unpin>(reader: &mut BufReader<R>) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        let Some(mut next) = line(reader, DATA_LINE_BYTES).await? else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        if next == b"." {
            return Ok(message);
        }
        if next.first() == Some(&b'.') {
            next.remove(0);
        }
        message.extend_from_slice(&next);
        message.extend_from_slice(b"\r\n");
        if message.len() > MESSAGE_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "message too large"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn dots_are_unstuffed_and_the_lonely_one_ends() {
        let wire = b"Subject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n";
        let mut reader = BufReader::new(&wire[..]);
        let message = data(&mut reader).await.unwrap();
        assert_eq!(message, b"Subject: x\r\n\r\n.dot\r\n");
        assert_eq!(line(&mut reader, 10).await.unwrap().unwrap(), b"QUIT");
        assert!(line(&mut reader, 10).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_long_line_is_refused() {
        let wire = vec![b'a'; 3_000];
        let mut reader = BufReader::new(&wire[..]);
        assert!(line(&mut reader, COMMAND_BYTES).await.is_err());
    }
}
