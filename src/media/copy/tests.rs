//! What strangers send, and what becomes of it: a table of good, bad and false pictures.

use super::*;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, GenericImageView, ImageEncoder, Rgb, RgbImage, Rgba, RgbaImage};

/// A place that must be in no copy, in EXIF, text and behind the picture.
const PLACE: &str = "Canaryville 41.81234 -87.64321";

/// A picture of two halves: the left red, the right blue.
fn halves(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([220, 30, 30]) } else { Rgb([30, 30, 220]) })
}

fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, 90).write_image(picture, picture.width(), picture.height(), ExtendedColorType::Rgb8).unwrap();
    out
}

fn png(picture: &DynamicPicture) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}

type DynamicPicture = image::DynamicImage;

/// EXIF as telephones write it: big endian, how the camera was held, its name, and where it was (GPS).
fn exif(orientation: u16) -> Vec<u8> {
    let place = PLACE.as_bytes();
    let mut tiff = b"MM\0\x2a\0\0\0\x08".to_vec();
    let entry = |out: &mut Vec<u8>, tag: u16, kind: u16, count: u32, value: u32| {
        out.extend_from_slice(&tag.to_be_bytes());
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&count.to_be_bytes());
        out.extend_from_slice(&value.to_be_bytes());
    };
    // IFD0: three entries, then the GPS IFD with one, then the text.
    let (gps_at, text_at) = (8 + 2 + 3 * 12 + 4, 8 + 2 + 3 * 12 + 4 + 2 + 12 + 4);
    tiff.extend_from_slice(&3_u16.to_be_bytes());
    entry(&mut tiff, 0x010f, 2, place.len() as u32, text_at);
    entry(&mut tiff, 0x0112, 3, 1, u32::from(orientation) << 16);
    entry(&mut tiff, 0x8825, 4, 1, gps_at);
    tiff.extend_from_slice(&[0; 4]);
    tiff.extend_from_slice(&1_u16.to_be_bytes());
    entry(&mut tiff, 0x001c, 7, place.len() as u32, text_at);
    tiff.extend_from_slice(&[0; 4]);
    tiff.extend_from_slice(place);
    tiff
}

/// A JPEG with EXIF, a comment, and something behind its end.
fn photo(width: u32, height: u32, orientation: u16) -> Vec<u8> {
    let picture = jpeg(&halves(width, height));
    let segment = |marker: u8, body: &[u8]| {
        let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker], length.as_slice(), body].concat()
    };
    let exif = [b"Exif\0\0".as_slice(), &exif(orientation)].concat();
    [&picture[..2], &segment(0xe1, &exif), &segment(0xfe, PLACE.as_bytes()), &picture[2..], b"PK\x03\x04<script>", PLACE.as_bytes()]
        .concat()
}

fn holds_the_place(bytes: &[u8]) -> bool {
    ["Canaryville", "41.81", "Exif", "PK\x03\x04", "script"].iter().any(|word| bytes.windows(word.len()).any(|at| at == word.as_bytes()))
}

#[test]
fn a_photo_loses_everything_but_its_pixels_and_stands_upright() {
    // How the camera was held, and where the red half is then.
    for (orientation, width, height, red_at) in
        [(1, 300, 200, (10, 100)), (3, 300, 200, (290, 100)), (6, 200, 300, (100, 10)), (8, 200, 300, (100, 290))]
    {
        let original = photo(300, 200, orientation);
        assert!(holds_the_place(&original));
        let made = make(&original).unwrap();
        assert_eq!((made.kind, made.width, made.height), ("image/jpeg", width, height), "{orientation}");
        assert!(!holds_the_place(&made.bytes), "{orientation}");
        let pixel = image::load_from_memory(&made.bytes).unwrap().get_pixel(red_at.0, red_at.1);
        assert!(pixel.0[0] > 150 && pixel.0[2] < 100, "{orientation}: {pixel:?}");
        // JFIF's own head, tables, scan: no APP1, no comment.
        let markers: Vec<u8> = made
            .bytes
            .windows(2)
            .filter(|at| at[0] == 0xff && (0xe1..=0xef).contains(&at[1]) || at == b"\xff\xfe")
            .map(|at| at[1])
            .collect();
        assert!(markers.is_empty(), "{markers:x?}");
    }
}

#[test]
fn a_png_loses_its_texts_and_keeps_what_is_clear() {
    let clear = RgbaImage::from_fn(40, 30, |x, _| Rgba([10, 200, 10, if x < 20 { 0 } else { 255 }]));
    for (picture, kind, size) in [
        (image::DynamicImage::from(clear), "image/png", (40, 30)),
        (image::DynamicImage::from(halves(40, 30)), "image/png", (40, 30)),
        (image::DynamicImage::from(halves(400, 300)), "image/jpeg", (400, 300)),
        (image::DynamicImage::from(halves(4100, 50)), "image/jpeg", (2048, 25)),
    ] {
        let plain = png(&picture);
        let text = [b"Comment\0".as_slice(), PLACE.as_bytes()].concat();
        let exif = exif(1);
        let chunk = |name: &[u8; 4], body: &[u8]| {
            let named = [name.as_slice(), body].concat();
            [&(body.len() as u32).to_be_bytes(), named.as_slice(), &crc(&named).to_be_bytes()].concat()
        };
        // After the header: 8 bytes of signature, 25 of IHDR.
        let original = [&plain[..33], &chunk(b"tEXt", &text), &chunk(b"eXIf", &exif), &plain[33..], PLACE.as_bytes()].concat();
        let made = make(&original).unwrap();
        assert_eq!((made.kind, made.width, made.height), (kind, size.0, size.1));
        assert!(!holds_the_place(&made.bytes));
        if kind == "image/png" {
            assert_eq!(chunks(&made.bytes), ["IHDR", "IDAT", "IEND"], "nothing but pixels");
        }
    }
}

/// The CRC of PNG (ISO 3309).
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1))))
}

fn chunks(mut png: &[u8]) -> Vec<String> {
    png = &png[8..];
    let mut names: Vec<String> = Vec::new();
    while png.len() >= 12 {
        let length = u32::from_be_bytes(png[..4].try_into().unwrap()) as usize;
        let name = String::from_utf8_lossy(&png[4..8]).into_owned();
        if names.last() != Some(&name) {
            names.push(name);
        }
        png = &png[12 + length..];
    }
    names
}

#[test]
fn moving_and_new_pictures_become_one_still() {
    let mut out = std::io::Cursor::new(Vec::new());
    halves(300, 200).write_to(&mut out, ImageFormat::Gif).unwrap();
    let gif = [out.into_inner(), PLACE.as_bytes().to_vec()].concat();
    let mut out = std::io::Cursor::new(Vec::new());
    halves(300, 200).write_to(&mut out, ImageFormat::WebP).unwrap();
    for original in [gif, out.into_inner()] {
        let made = make(&original).unwrap();
        assert_eq!((made.kind, made.width, made.height), ("image/jpeg", 300, 200));
        assert!(!holds_the_place(&made.bytes));
    }
}

/// A PNG that claims to be this large; its pixels are never there.
fn claimed(width: u32, height: u32) -> Vec<u8> {
    let mut head = b"IHDR".to_vec();
    head.extend_from_slice(&width.to_be_bytes());
    head.extend_from_slice(&height.to_be_bytes());
    head.extend_from_slice(&[8, 6, 0, 0, 0]);
    let mut out = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    out.extend_from_slice(&head);
    out.extend_from_slice(&crc(&head).to_be_bytes());
    out.extend_from_slice(b"\0\0\0\0IDAT\x35\xaf\x06\x1e\0\0\0\0IEND\xae\x42\x60\x82");
    out
}

/// A GIF of a huge screen with one small frame, many times.
fn deep_gif() -> Vec<u8> {
    let mut out = b"GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff".to_vec();
    for _ in 0..10_000 {
        out.extend_from_slice(b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0");
    }
    out.push(b';');
    out
}

#[test]
fn bombs_are_refused_before_they_are_decoded() {
    for (bytes, refused) in [
        (claimed(60_000, 60_000), Refused::TooManyPixels),
        (claimed(u32::MAX >> 1, 1), Refused::TooMuchMemory),
        (claimed(50_001, 1000), Refused::TooManyPixels),
        (deep_gif(), Refused::TooManyPixels),
    ] {
        assert_eq!(make(&bytes), Err(refused), "{:x?}", &bytes[..24]);
    }
}

#[test]
fn what_is_no_picture_is_refused_with_a_sentence() {
    let table: [(&[u8], &str, &str); 9] = [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heif", "HEIC"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video/mp4", "A video"),
        (b"%PDF-1.7\n%PDF", "application/pdf", "A PDF"),
        (b"PK\x03\x04\x14\0\0\0\x08\0", "application/zip", "A document or program"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "text/html", "A web page"),
        (b"BM\x46\0\0\0\0\0\0\0", "image/bmp", "A picture of a kind"),
        (b"ID3\x03\0\0\0\0\0\0", "audio/mpeg", "A recording"),
        (b"just words", kind::UNKNOWN, "unknown kind"),
        (b"", kind::UNKNOWN, "unknown kind"),
    ];
    for (bytes, kind, words) in table {
        assert_eq!(kind::of(bytes), kind);
        let Plan::Never(why) = plan(kind) else { panic!("{kind} is not decoded") };
        assert!(why.contains(words) && why.ends_with(ASK), "{why}");
        assert_eq!(make(bytes), Err(Refused::Unknown));
    }
    for refused in [Refused::Damaged, Refused::TooManyPixels, Refused::TooMuchMemory, Refused::Unknown, Refused::TooSlow, Refused::Broke] {
        assert!(refused.sentence().ends_with(ASK));
    }
}
