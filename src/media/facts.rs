//! The facts about one file. Invariant: what is not certain is `None`.

use std::io::{BufRead, Read as _, Seek, SeekFrom};

use crate::model::media_type;

/// So many bytes at the start tell what a file is.
const START: u64 = 4096;

/// How a placeholder of Git LFS begins; the file itself is elsewhere.
const POINTER: &[u8] = b"version https://git-lfs.github.com/";

/// What a file is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// By its content, else by the ending of its name.
    pub media_type: Option<&'static str>,
    /// In pixels, as it is shown: width and height.
    pub size: Option<(u32, u32)>,
}

/// Reads the facts about the file called `name`. `None` when it cannot be read or only stands in for another.
///
/// ```
/// let gif = b"GIF89a\x03\x00\x02\x00\x00\x00\x00;";
/// let facts = tidings::media::facts("walk.png", &mut std::io::Cursor::new(gif)).expect("it can be read");
/// assert_eq!((facts.media_type, facts.size), (Some("image/gif"), Some((3, 2))));
/// ```
pub fn facts(name: &str, file: &mut (impl BufRead + Seek)) -> Option<Facts> {
    let mut start = Vec::new();
    file.by_ref().take(START).read_to_end(&mut start).ok()?;
    if start.starts_with(POINTER) {
        return None;
    }
    let by_name = media_type(name);
    let by_content = infer::get(&start).and_then(|kind| registered(kind.mime_type(), by_name));
    let kind = by_content.or(by_name);
    let size = if kind.is_some_and(|kind| kind.starts_with("image/")) { size(file, kind) } else { None };
    Some(Facts { media_type: kind, size })
}

fn size(file: &mut (impl BufRead + Seek), kind: Option<&str>) -> Option<(u32, u32)> {
    file.seek(SeekFrom::Start(0)).ok()?;
    let found = imagesize::reader_size(&mut *file).ok()?;
    let (width, height) = (u32::try_from(found.width).ok()?, u32::try_from(found.height).ok()?);
    if width == 0 || height == 0 {
        return None;
    }
    let lies_on_its_side = kind == Some("image/jpeg") && lies_on_its_side(file);
    Some(if lies_on_its_side { (height, width) } else { (width, height) })
}

/// True for a photograph that is turned by a quarter before it is shown (Exif 2.32, tag Orientation, 5 to 8).
fn lies_on_its_side(file: &mut (impl BufRead + Seek)) -> bool {
    let read = |file: &mut _| exif::Reader::new().read_from_container(file).ok();
    let orientation = file
        .seek(SeekFrom::Start(0))
        .ok()
        .and_then(|_| read(file)?.get_field(exif::Tag::Orientation, exif::In::PRIMARY)?.value.get_uint(0));
    matches!(orientation, Some(5..=8))
}

/// The registered name of what was recognised; whether a container holds sound or film only its name says.
fn registered(found: &'static str, by_name: Option<&'static str>) -> Option<&'static str> {
    let either = |sound: &'static str, film: &'static str| {
        let by_content = if found.starts_with("audio/") { sound } else { film };
        Some(by_name.filter(|kind| [sound, film].contains(kind)).unwrap_or(by_content))
    };
    match found {
        "image/jpeg"
        | "image/png"
        | "image/gif"
        | "image/webp"
        | "image/avif"
        | "image/jxl"
        | "image/bmp"
        | "image/tiff"
        | "audio/mpeg"
        | "audio/aac"
        | "video/quicktime"
        | "application/pdf"
        | "application/epub+zip" => Some(found),
        "image/heif" => Some("image/heic"),
        "audio/x-flac" => Some("audio/flac"),
        "audio/x-wav" => Some("audio/wav"),
        "audio/ogg" | "audio/opus" | "video/ogg" => either("audio/ogg", "video/ogg"),
        "audio/m4a" | "video/mp4" | "video/x-m4v" => either("audio/mp4", "video/mp4"),
        "video/webm" => either("audio/webm", "video/webm"),
        "video/x-matroska" => Some("video/matroska"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn of(name: &str, bytes: &[u8]) -> Facts {
        facts(name, &mut Cursor::new(bytes)).unwrap()
    }

    /// A photograph of 4 × 2 pixels whose camera was held as `orientation` says.
    fn photograph(orientation: Option<u8>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 80);
        if let Some(orientation) = orientation {
            let tag = [1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
            encoder.add_exif_metadata(&[b"MM\0*\0\0\0\x08\0\x01".as_slice(), &tag, &[0; 4]].concat()).unwrap();
        }
        encoder.encode(&[128; 24], 4, 2, jpeg_encoder::ColorType::Rgb).unwrap();
        bytes
    }

    #[test]
    fn the_content_decides_and_then_the_name() {
        assert_eq!(of("a.png", &photograph(None)), Facts { media_type: Some("image/jpeg"), size: Some((4, 2)) });
        assert_eq!(of("a.mp3", b"ID3\x04\0").media_type, Some("audio/mpeg"));
        assert_eq!(of("a.mp3", b"what is this?").media_type, Some("audio/mpeg"));
        assert_eq!(of("a.bin", b"what is this?").media_type, None);
        assert_eq!(of("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>").media_type, Some("image/svg+xml"));
        let mp4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom";
        assert_eq!(of("a.m4a", mp4).media_type, Some("audio/mp4"));
        assert_eq!(of("a.mp4", mp4).media_type, Some("video/mp4"));
    }

    #[test]
    fn a_photograph_taken_upright_is_higher_than_wide() {
        for (orientation, size) in [(1, (4, 2)), (3, (4, 2)), (6, (2, 4)), (8, (2, 4))] {
            assert_eq!(of("a.jpg", &photograph(Some(orientation))).size, Some(size), "{orientation}");
        }
    }

    #[test]
    fn a_broken_or_absent_file_has_no_size() {
        let whole = photograph(None);
        for length in 0..whole.len() {
            let facts = of("a.jpg", &whole[..length]);
            assert!(facts.size.is_none_or(|size| size == (4, 2)), "cut after {length} bytes");
        }
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n";
        assert_eq!(facts("a.mp3", &mut Cursor::new(pointer)), None, "its length is that of the placeholder");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_have_facts(kind in 0..6_usize, rest in proptest::collection::vec(proptest::arbitrary::any::<u8>(), 0..300)) {
            let starts: [&[u8]; 6] = [b"", b"\xff\xd8\xff\xe1", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8", b"\0\0\0\x18ftypavif", b"GIF89a"];
            let bytes = [starts[kind], &rest].concat();
            proptest::prop_assert!(of("a.jpg", &bytes).size.is_none_or(|(width, height)| width > 0 && height > 0));
        }
    }
}
