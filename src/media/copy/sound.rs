//! A recording: a WAV file's sound, written anew with a header of our own and nothing else of the file.
//!
//! What telephones send (µ-law, A-law: ITU-T G.711) becomes plain 16-bit samples, which every browser plays. Other sound is not decoded.

use super::{Made, Refused};

/// Format tags of a WAV file (RFC 2361).
const PCM: u16 = 1;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
/// Sampling rates that are played, in hertz.
const RATES: std::ops::RangeInclusive<u32> = 4000..=192_000;

/// How the sound is written.
#[derive(Debug, Clone, Copy)]
struct Format {
    tag: u16,
    channels: u16,
    rate: u32,
    bits: u16,
}

pub(super) fn copy(bytes: &[u8]) -> Result<Made, Refused> {
    let (format, samples) = parts(bytes).ok_or(Refused::Damaged)?;
    if !(1..=2).contains(&format.channels) || !RATES.contains(&format.rate) {
        return Err(Refused::Unknown);
    }
    let (bits, samples) = match (format.tag, format.bits) {
        (PCM, 8 | 16 | 24) => (format.bits, samples.to_vec()),
        (A_LAW, 8) => (16, samples.iter().flat_map(|byte| a_law(*byte).to_le_bytes()).collect()),
        (MU_LAW, 8) => (16, samples.iter().flat_map(|byte| mu_law(*byte).to_le_bytes()).collect()),
        (_, _) => return Err(Refused::Unknown),
    };
    let bytes = written(Format { tag: PCM, bits, ..format }, &samples).ok_or(Refused::Damaged)?;
    Ok(Made { kind: "audio/wav", bytes, width: 0, height: 0 })
}

/// The format and the sound of a RIFF/WAVE file. A length that is larger than the file (a stream's) means "to the end".
fn parts(bytes: &[u8]) -> Option<(Format, &[u8])> {
    let mut rest = bytes.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WAVE")?;
    let mut format = None;
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, length @ ..] = *head;
        let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
        let chunk = after.get(..length).unwrap_or(after);
        match &[a, b, c, d] {
            b"fmt " => format = Some(read_format(chunk)?),
            b"data" => return format.map(|format| (format, chunk)),
            _ => {}
        }
        // Chunks begin at even places.
        rest = after.get(length.checked_add(length % 2)?..).unwrap_or_default();
    }
    None
}

fn read_format(chunk: &[u8]) -> Option<Format> {
    let short = |at: usize| Some(u16::from_le_bytes([*chunk.get(at)?, *chunk.get(at + 1)?]));
    let rate = u32::from(short(4)?) | (u32::from(short(6)?) << 16);
    Some(Format { tag: short(0)?, channels: short(2)?, rate, bits: short(14)? })
}

/// A file of this sound and nothing else. `None` when it is longer than the format can say.
fn written(format: Format, samples: &[u8]) -> Option<Vec<u8>> {
    let frame = format.channels * (format.bits / 8);
    let whole = samples.len() - samples.len() % usize::from(frame);
    let length = u32::try_from(whole).ok()?;
    let mut out = Vec::with_capacity(whole + 46);
    out.extend_from_slice(b"RIFF");
    out.extend_from_slice(&length.checked_add(36 + length % 2)?.to_le_bytes());
    out.extend_from_slice(b"WAVEfmt \x10\0\0\0");
    out.extend_from_slice(&format.tag.to_le_bytes());
    out.extend_from_slice(&format.channels.to_le_bytes());
    out.extend_from_slice(&format.rate.to_le_bytes());
    out.extend_from_slice(&(format.rate * u32::from(frame)).to_le_bytes());
    out.extend_from_slice(&frame.to_le_bytes());
    out.extend_from_slice(&format.bits.to_le_bytes());
    out.extend_from_slice(b"data");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(samples.get(..whole)?);
    out.extend(std::iter::repeat_n(0, whole % 2));
    Some(out)
}

/// One µ-law byte as a sample (G.711, table 2).
fn mu_law(byte: u8) -> i16 {
    let byte = !byte;
    let size = ((i16::from(byte & 0x0f) << 3) + 0x84) << ((byte & 0x70) >> 4);
    if byte & 0x80 == 0 { size - 0x84 } else { 0x84 - size }
}

/// One A-law byte as a sample (G.711, table 1).
fn a_law(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let (step, low) = ((byte & 0x70) >> 4, i16::from(byte & 0x0f) << 4);
    let size = if step == 0 { low + 8 } else { (low + 0x108) << (step - 1) };
    if byte & 0x80 == 0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A WAV file of these chunks.
    fn wav(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
        let mut out = b"RIFF\xff\xff\xff\xffWAVE".to_vec();
        for (name, body) in chunks {
            out.extend_from_slice(*name);
            out.extend_from_slice(&u32::try_from(body.len()).unwrap().to_le_bytes());
            out.extend_from_slice(body);
            out.extend(std::iter::repeat_n(0, body.len() % 2));
        }
        out
    }

    fn head(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(&tag.to_le_bytes());
        out.extend_from_slice(&channels.to_le_bytes());
        out.extend_from_slice(&rate.to_le_bytes());
        out.extend_from_slice(&[0; 6]);
        out.extend_from_slice(&bits.to_le_bytes());
        out
    }

    #[test]
    fn only_the_sound_is_kept() {
        let file = wav(&[
            (b"LIST", b"INFOthe phone of Robin".to_vec()),
            (b"fmt ", head(PCM, 1, 8000, 16)),
            (b"bext", vec![7; 33]),
            (b"data", vec![1, 2, 3, 4]),
            (b"id3 ", b"a place".to_vec()),
        ]);
        let made = copy(&file).unwrap();
        assert_eq!(made.bytes.len(), 48);
        assert_eq!(&made.bytes[44..], [1, 2, 3, 4]);
        assert_eq!(super::super::kind::of(&made.bytes), "audio/x-wav");
        assert_eq!(copy(&made.bytes).unwrap(), made, "a copy of the copy is the same");
    }

    #[test]
    fn a_telephones_sound_is_expanded() {
        for (tag, silence) in [(MU_LAW, 0xff), (A_LAW, 0xd5)] {
            let made = copy(&wav(&[(b"fmt ", head(tag, 1, 8000, 8)), (b"data", vec![silence; 5])])).unwrap();
            assert_eq!(made.bytes.len(), 54);
            assert!(made.bytes[44..].chunks(2).all(|sample| i16::from_le_bytes([sample[0], sample[1]]).abs() <= 8));
        }
        assert_eq!([mu_law(0x80), mu_law(0x00), mu_law(0xff)], [32124, -32124, 0]);
        assert_eq!([a_law(0xaa), a_law(0x2a)], [32256, -32256]);
    }

    #[test]
    fn what_is_no_sound_is_refused() {
        let table: [(Vec<u8>, Refused); 8] = [
            (b"RIFF".to_vec(), Refused::Damaged),
            (wav(&[]), Refused::Damaged),
            (wav(&[(b"data", vec![1, 2])]), Refused::Damaged),
            (wav(&[(b"fmt ", vec![1, 0])]), Refused::Damaged),
            (wav(&[(b"fmt ", head(PCM, 0, 8000, 16)), (b"data", vec![])]), Refused::Unknown),
            (wav(&[(b"fmt ", head(PCM, 1, u32::MAX, 16)), (b"data", vec![])]), Refused::Unknown),
            (wav(&[(b"fmt ", head(PCM, 1, 8000, 0)), (b"data", vec![])]), Refused::Unknown),
            (wav(&[(b"fmt ", head(85, 1, 8000, 16)), (b"data", vec![])]), Refused::Unknown),
        ];
        for (file, refused) in table {
            assert_eq!(copy(&file), Err(refused));
        }
        // A stream that never knew its length, and one that was cut.
        let mut endless = wav(&[(b"fmt ", head(PCM, 1, 8000, 16)), (b"data", vec![1, 2, 3])]);
        let at = endless.len() - 8;
        endless[at..at + 4].copy_from_slice(&[0xff; 4]);
        assert_eq!(copy(&endless).unwrap().bytes.len(), 44 + 4, "to the end, in whole samples");
    }
}
