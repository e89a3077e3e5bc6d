//! Reading a QR code from the pixels of an image, as a phone's camera does.

use crate::failure::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The largest image, in bytes of its pixels.
const MAX_BYTES: usize = 16_000_000;

/// The largest factor by which an image is enlarged. The official SDK draws some 100 modules on 240
/// pixels, too few to be read without.
const SCALES: usize = 6;

/// The white margin around the image, in pixels.
const MARGIN: usize = 10;

/// The text of the code in a PNG image, which is given in base64.
pub(crate) fn read(image: &str) -> Result<String, Failure> {
    let unreadable = |_| Failure::text("the image is no PNG image that can be read");
    let file = STANDARD.decode(image)?;
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(unreadable)?;
    let size = reader
        .output_buffer_size()
        .filter(|size| *size <= MAX_BYTES)
        .ok_or_else(|| Failure::text("the image is too large"))?;
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels).map_err(unreadable)?;
    let samples = frame.color_type.samples();
    let (width, height) = (frame.width as usize, frame.height as usize);
    // The first sample of a pixel is enough: codes are black on white.
    let at = |x: usize, y: usize| {
        let at = y.saturating_mul(width).saturating_add(x);
        pixels.get(at.saturating_mul(samples)).copied().unwrap_or(u8::MAX)
    };
    (1..=SCALES)
        .find_map(|scale| decode(width, height, scale, at))
        .ok_or_else(|| Failure::text("the image shows no code that can be read"))
}

/// The text of the first code in an image, enlarged and with a margin around it.
fn decode(
    width: usize,
    height: usize,
    scale: usize,
    grey: impl Fn(usize, usize) -> u8,
) -> Option<String> {
    let margin = MARGIN * scale;
    let side = |length: usize| length * scale + 2 * margin;
    let place = |at: usize, length: usize| {
        let at = at.checked_sub(margin)? / scale;
        (at < length).then_some(at)
    };
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(side(width), side(height), |x, y| {
            match (place(x, width), place(y, height)) {
                (Some(x), Some(y)) => grey(x, y),
                _ => u8::MAX,
            }
        });
    image.detect_grids().iter().find_map(|grid| grid.decode().ok()).map(|(_, text)| text)
}
