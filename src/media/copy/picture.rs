//! A picture: decoded within bounds, made smaller, turned as its camera was held, and encoded with nothing but its pixels.
//!
//! Only the first picture of a moving one is kept. A claim of many pixels is refused before anything is decoded.

use super::{Made, Refused};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::error::LimitErrorKind;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// The most pixels that are decoded: the largest telephones' 48 megapixels.
const MOST_PIXELS: u64 = 50_000_000;
/// The most memory that a decoder may ask for: the pixels above at four bytes each, and room to work.
const MOST_ALLOC: u64 = 256 * 1024 * 1024;
/// The longer side of a copy, in pixels: enough to read a screenshot of a chat.
const LONGEST_SIDE: u32 = 2048;
/// A picture this small stays sharp: PNG, like an icon or a tiny screenshot.
const SMALL_SIDE: u32 = 128;
/// JPEG's quality: hardly to be told from the original at a third of the size.
const QUALITY: u8 = 85;

pub(super) fn copy(bytes: &[u8], format: ImageFormat) -> Result<Made, Refused> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_ALLOC);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| refused(&error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Refused::TooManyPixels);
    }
    if decoder.total_bytes() > MOST_ALLOC {
        return Err(Refused::TooMuchMemory);
    }
    if width == 0 || height == 0 {
        return Err(Refused::Damaged);
    }
    // A picture whose turn cannot be read is shown as it lies.
    let turn = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| refused(&error))?;
    if width.max(height) > LONGEST_SIDE {
        picture = picture.thumbnail(LONGEST_SIDE, LONGEST_SIDE);
    }
    picture.apply_orientation(turn);
    encode(picture)
}

fn encode(picture: DynamicImage) -> Result<Made, Refused> {
    let (width, height) = (picture.width(), picture.height());
    let mut bytes = Vec::new();
    // The pixels alone: a colour profile is metadata too.
    let clear = picture.color().has_alpha().then(|| picture.to_rgba8()).filter(|rgba| rgba.pixels().any(|pixel| pixel.0[3] < u8::MAX));
    let (kind, encoded) = match clear {
        Some(rgba) => ("image/png", bare(rgba).write_with_encoder(PngEncoder::new(&mut bytes))),
        None if width.max(height) <= SMALL_SIDE => ("image/png", bare(picture.to_rgb8()).write_with_encoder(PngEncoder::new(&mut bytes))),
        None => ("image/jpeg", bare(picture.to_rgb8()).write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))),
    };
    encoded.map_err(|error| refused(&error))?;
    Ok(Made { kind, bytes, width, height })
}

/// The same pixels in a picture of nothing else.
fn bare<P>(picture: image::ImageBuffer<P, Vec<u8>>) -> image::ImageBuffer<P, Vec<u8>>
where
    P: image::Pixel<Subpixel = u8>,
{
    let (width, height) = picture.dimensions();
    image::ImageBuffer::from_raw(width, height, picture.into_raw()).unwrap_or_else(|| image::ImageBuffer::new(0, 0))
}

fn refused(error: &ImageError) -> Refused {
    match error {
        ImageError::Limits(limit) => match limit.kind() {
            LimitErrorKind::DimensionError => Refused::TooManyPixels,
            LimitErrorKind::InsufficientMemory => Refused::TooMuchMemory,
            _ => Refused::TooMuchMemory,
        },
        ImageError::Unsupported(_) => Refused::Unknown,
        ImageError::Decoding(_) | ImageError::Encoding(_) | ImageError::Parameter(_) | ImageError::IoError(_) => Refused::Damaged,
    }
}
