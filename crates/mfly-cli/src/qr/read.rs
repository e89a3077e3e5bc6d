//! Reading a code from a PNG image, such as a screenshot.

use mfly_client::InvalidArgument;

/// The pixels of the largest image.
const MAX_PIXELS: usize = 16_000_000;

/// A decoded image: red, green, blue and opacity of each pixel.
pub(crate) struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 4]>,
}

impl Picture {
    /// Decodes a PNG file.
    pub(crate) fn from_png(file: &[u8]) -> Result<Self, InvalidArgument> {
        let refuse = |_| InvalidArgument::new("image", "is not a PNG file that can be read");
        let large = || InvalidArgument::new("image", "has more than 16 million pixels");
        let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        decoder.set_limits(png::Limits { bytes: MAX_PIXELS * 4 });
        let mut reader = decoder.read_info().map_err(refuse)?;
        let (width, height) = (reader.info().width as usize, reader.info().height as usize);
        if width.saturating_mul(height) > MAX_PIXELS {
            return Err(large());
        }
        let size = reader.output_buffer_size().ok_or_else(large)?;
        let mut bytes = vec![0; size];
        let frame = reader.next_frame(&mut bytes).map_err(refuse)?;
        bytes.truncate(frame.buffer_size());
        let samples = frame.color_type.samples();
        let pixels = bytes
            .chunks_exact(samples)
            .map(|pixel| match *pixel {
                [grey] => [grey, grey, grey, 255],
                [grey, alpha] => [grey, grey, grey, alpha],
                [red, green, blue] => [red, green, blue, 255],
                [red, green, blue, alpha] => [red, green, blue, alpha],
                _ => [255; 4],
            })
            .collect();
        Ok(Self { width, height, pixels })
    }

    /// A pixel of the picture, stretched to a square of `side` on white ground.
    pub(crate) fn over_white(&self, x: usize, y: usize, side: usize) -> [u8; 3] {
        let (x, y) = (x * self.width / side, y * self.height / side);
        let pixel = self.pixels.get(y * self.width + x);
        let [red, green, blue, alpha] = *pixel.unwrap_or(&[255; 4]);
        [red, green, blue].map(|colour| {
            let mixed = u32::from(colour) * u32::from(alpha) + 255 * (255 - u32::from(alpha));
            u8::try_from(mixed / 255).unwrap_or(u8::MAX)
        })
    }
}

/// The greatest enlargement. The official SDK draws some 100 modules on 240 pixels, which are too
/// few for the reader.
const SCALES: usize = 6;

/// The white margin around an enlarged picture, in its own pixels. Codes need one, and pictures may
/// have none.
const MARGIN: usize = 10;

/// The text of the code in a PNG file.
pub(crate) fn text(file: &[u8]) -> Result<String, InvalidArgument> {
    let picture = Picture::from_png(file)?;
    let (width, height) = (picture.width, picture.height);
    let found = decode_enlarged(width, height, |x, y| {
        let at = picture.pixels.get(y * width + x);
        let [red, green, blue, alpha] = at.map_or([255; 4], |pixel| pixel.map(u32::from));
        let grey = (red * 299 + green * 587 + blue * 114) / 1000;
        u8::try_from((grey * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
    });
    found.ok_or_else(|| InvalidArgument::new("image", "shows no QR code that can be read"))
}

/// The text of the first code in grey pixels, which are enlarged until a code is found or the
/// picture is too large.
fn decode_enlarged(
    width: usize,
    height: usize,
    grey: impl Fn(usize, usize) -> u8,
) -> Option<String> {
    if let Some(text) = decode(width, height, &grey) {
        return Some(text);
    }
    (1..=SCALES)
        .map(|scale| (scale, MARGIN * scale))
        .map(|(scale, margin)| {
            (scale, margin, [width, height].map(|side| side * scale + 2 * margin))
        })
        .take_while(|(_, _, [width, height])| width.saturating_mul(*height) <= MAX_PIXELS)
        .find_map(|(scale, margin, [wide, high])| {
            let inside = |at: usize, side: usize| {
                let at = at.checked_sub(margin)? / scale;
                (at < side).then_some(at)
            };
            decode(wide, high, |x, y| match (inside(x, width), inside(y, height)) {
                (Some(x), Some(y)) => grey(x, y),
                _ => u8::MAX,
            })
        })
}

/// The text of the first code in grey pixels.
pub(crate) fn decode(
    width: usize,
    height: usize,
    grey: impl FnMut(usize, usize) -> u8,
) -> Option<String> {
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
    image.detect_grids().iter().find_map(|grid| grid.decode().ok()).map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The official SDK draws on 240 pixels, whatever the size of the code; modules get 2 or 3 of
    /// them.
    #[test]
    fn a_large_code_on_few_pixels_is_read() {
        let wanted = "A3PiYVDe5NNBfzt/SpTKEw==".repeat(12);
        let level = qrcode::EcLevel::H;
        let code = qrcode::QrCode::with_error_correction_level(&wanted, level).unwrap();
        let modules = code.width();
        assert!(modules > 80, "{modules}");
        let colours = code.to_colors();
        let grey = |x: usize, y: usize| {
            let (x, y) = (x * modules / 240, y * modules / 240);
            colours[y * modules + x].select(0, 255)
        };
        assert_eq!(decode(240, 240, grey), None, "easier than the real one");
        assert_eq!(decode_enlarged(240, 240, grey), Some(wanted));
    }

    #[test]
    fn a_file_without_an_image_and_an_image_without_a_code_are_refused() {
        assert_eq!(text(b"not an image").unwrap_err().name, "image");
        assert_eq!(decode(64, 64, |_, _| 255), None);
    }
}
