//! WebP → what every mail client shows: PNG where pixels must stay as they are or shine through, else JPEG.
//!
//! The same bytes give the same picture, and the name of the new file is a fingerprint of the old one: a picture that
//! was replaced has another name, so no cache shows the old one.

use std::fmt;
use std::io::Cursor;

use image_webp::WebPDecoder;

use crate::model::sha256_hex;

/// Part of each fingerprint: changes when the way of making changes, so that files made the old way are not taken for
/// new ones.
const RECIPE: &str = "webp 1\n";

/// Twice the column of a mail, for screens with small pixels; more is only weight.
const WIDEST: u32 = 1200;

/// More than most cameras give: decoding takes four bytes for each, and a few kilobytes can stand for all of them.
const MOST_PIXELS: u64 = 25_000_000;

const QUALITY: u8 = 85;

/// The bytes are not a WebP picture, or damaged, or far too large.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// A WebP picture that can be made into another; its pixels are not yet decoded.
pub struct Conversion<'b> {
    decoder: WebPDecoder<Cursor<&'b [u8]>>,
    fingerprint: String,
    is_jpeg: bool,
}

impl<'b> Conversion<'b> {
    /// Looks at the header of a WebP picture.
    ///
    /// # Errors
    /// When it is none, or too large.
    pub fn of(webp: &'b [u8]) -> Result<Self, Unreadable> {
        let mut decoder = WebPDecoder::new(Cursor::new(webp)).map_err(|error| Unreadable(error.to_string()))?;
        let (width, height) = decoder.dimensions();
        if width == 0 || height == 0 || u64::from(width) * u64::from(height) > MOST_PIXELS {
            let most = MOST_PIXELS / 1_000_000;
            return Err(Unreadable(format!(
                "it has {width} × {height} pixels, and at most {most} million are converted"
            )));
        }
        let is_jpeg = decoder.is_lossy() && !decoder.has_alpha();
        let mut fingerprint = sha256_hex(&[RECIPE.as_bytes(), webp].concat());
        fingerprint.truncate(24);
        Ok(Self { decoder, fingerprint, is_jpeg })
    }

    /// What the new file is called.
    pub fn file_name(&self) -> String {
        format!("{}.{}", self.fingerprint, if self.is_jpeg { "jpg" } else { "png" })
    }

    /// `image/jpeg` or `image/png`.
    pub fn media_type(&self) -> &'static str {
        if self.is_jpeg { "image/jpeg" } else { "image/png" }
    }

    /// The bytes of the new file; of a film in pictures the first one.
    ///
    /// # Errors
    /// When the pixels cannot be decoded.
    pub fn make(mut self) -> Result<Vec<u8>, Unreadable> {
        let unreadable = |error: &dyn fmt::Display| Unreadable(error.to_string());
        let length = self.decoder.output_buffer_size().ok_or_else(|| unreadable(&"it is too large"))?;
        let mut pixels = vec![0; length];
        self.decoder.read_image(&mut pixels).map_err(|error| unreadable(&error))?;
        let (width, height) = self.decoder.dimensions();
        let channels = if self.decoder.has_alpha() { 4 } else { 3 };
        let profile = self.decoder.icc_profile().ok().flatten();
        let picture = Picture { width, height, channels, pixels }.at_most(WIDEST);
        if self.is_jpeg {
            picture.jpeg(profile.as_deref()).map_err(|error| unreadable(&error))
        } else {
            picture.png(profile).map_err(|error| unreadable(&error))
        }
    }
}

/// Pixels in rows, each of 3 (RGB) or 4 (RGBA) bytes.
struct Picture {
    width: u32,
    height: u32,
    channels: usize,
    pixels: Vec<u8>,
}

impl Picture {
    /// Not wider than `widest`: each new pixel is the mean of those that it covers.
    fn at_most(self, widest: u32) -> Self {
        if self.width <= widest {
            return self;
        }
        let height = (u64::from(self.height) * u64::from(widest)).div_ceil(u64::from(self.width));
        let height = u32::try_from(height).unwrap_or(self.height);
        let mut pixels = Vec::with_capacity(widest as usize * height as usize * self.channels);
        for row in 0..height {
            let rows = covered(row, height, self.height);
            for column in 0..widest {
                let columns = covered(column, widest, self.width);
                self.mean(rows.clone(), columns, &mut pixels);
            }
        }
        Self { width: widest, height, pixels, ..self }
    }

    /// Appends the mean of a rectangle; a colour counts as much as it can be seen.
    fn mean(&self, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>, into: &mut Vec<u8>) {
        let (mut sums, mut weights, mut count) = ([0_u64; 3], 0_u64, 0_u64);
        for row in rows {
            let start = row * self.width as usize;
            let run = &self.pixels[(start + columns.start) * self.channels..(start + columns.end) * self.channels];
            for pixel in run.chunks_exact(self.channels) {
                let weight = u64::from(pixel.get(3).copied().unwrap_or(255));
                for (sum, &value) in sums.iter_mut().zip(pixel) {
                    *sum += u64::from(value) * weight;
                }
                weights += weight;
                count += 1;
            }
        }
        let rounded = |sum: u64, by: u64| u8::try_from((sum + by / 2) / by.max(1)).unwrap_or(u8::MAX);
        into.extend(sums.map(|sum| rounded(sum, weights)));
        if self.channels == 4 {
            into.push(rounded(weights, count));
        }
    }

    fn jpeg(&self, profile: Option<&[u8]>) -> Result<Vec<u8>, jpeg_encoder::EncodingError> {
        let side = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, QUALITY);
        encoder.set_optimized_huffman_tables(true);
        if let Some(profile) = profile {
            encoder.add_icc_profile(profile)?;
        }
        encoder.encode(&self.pixels, side(self.width), side(self.height), jpeg_encoder::ColorType::Rgb)?;
        Ok(bytes)
    }

    fn png(&self, profile: Option<Vec<u8>>) -> Result<Vec<u8>, png::EncodingError> {
        let mut info = png::Info::with_size(self.width, self.height);
        info.bit_depth = png::BitDepth::Eight;
        info.color_type = if self.channels == 4 { png::ColorType::Rgba } else { png::ColorType::Rgb };
        info.icc_profile = profile.map(Into::into);
        let mut bytes = Vec::new();
        let mut writer = png::Encoder::with_info(&mut bytes, info)?.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        Ok(bytes)
    }
}

/// Which of `many` old pixels the new pixel `at` of `few` covers: each old one is covered by one new one.
fn covered(at: u32, few: u32, many: u32) -> std::ops::Range<usize> {
    let edge = |at: u32| usize::try_from(u64::from(at) * u64::from(many) / u64::from(few.max(1))).unwrap_or(0);
    edge(at)..edge(at + 1).max(edge(at) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of one colour without loss, as the encoder of the library writes it.
    fn webp(width: u32, height: u32, pixel: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let kind = if pixel.len() == 4 { image_webp::ColorType::Rgba8 } else { image_webp::ColorType::Rgb8 };
        let pixels = pixel.repeat((width * height) as usize);
        image_webp::WebPEncoder::new(&mut bytes).encode(&pixels, width, height, kind).unwrap();
        bytes
    }

    /// Size, colour type and first pixel of a PNG.
    fn read(bytes: &[u8]) -> (u32, u32, png::ColorType, Vec<u8>) {
        let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        pixels.truncate(info.color_type.samples());
        (info.width, info.height, info.color_type, pixels)
    }

    #[test]
    fn a_picture_without_loss_keeps_its_pixels() {
        let source = webp(3, 2, &[10, 20, 30, 128]);
        let conversion = Conversion::of(&source).unwrap();
        assert_eq!(conversion.media_type(), "image/png");
        assert_eq!(conversion.file_name().rsplit('.').next(), Some("png"));
        let made = conversion.make().unwrap();
        assert_eq!(read(&made), (3, 2, png::ColorType::Rgba, vec![10, 20, 30, 128]));
        assert_eq!(Conversion::of(&source).unwrap().make().unwrap(), made, "the same bytes each time");
        let other = webp(3, 2, &[10, 20, 30, 129]);
        assert_ne!(Conversion::of(&other).unwrap().file_name(), Conversion::of(&source).unwrap().file_name());
    }

    #[test]
    fn a_wide_picture_is_made_smaller() {
        let source = webp(2500, 5, &[200, 100, 50]);
        let made = Conversion::of(&source).unwrap().make().unwrap();
        assert_eq!(read(&made), (1200, 3, png::ColorType::Rgb, vec![200, 100, 50]));
    }

    #[test]
    fn what_cannot_be_seen_has_no_colour() {
        let pixels = [[255, 0, 0, 255], [0, 0, 255, 0]].concat();
        let picture = Picture { width: 2, height: 1, channels: 4, pixels }.at_most(1);
        assert_eq!(picture.pixels, [255, 0, 0, 128]);
    }

    #[test]
    fn a_photograph_becomes_a_jpeg() {
        let pixels = vec![90; 48];
        let made = Picture { width: 4, height: 4, channels: 3, pixels }.jpeg(None).unwrap();
        assert_eq!(imagesize::blob_size(&made).map(|size| (size.width, size.height)).unwrap(), (4, 4));
    }

    #[test]
    fn damage_is_told_and_never_panics() {
        let whole = webp(9, 9, &[1, 2, 3]);
        for length in 0..whole.len() {
            if let Ok(conversion) = Conversion::of(&whole[..length]) {
                let _ = conversion.make();
            }
        }
        assert!(Conversion::of(b"GIF89a").is_err());
    }
}
