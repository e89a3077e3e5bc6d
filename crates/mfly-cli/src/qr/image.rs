//! Drawing a code as an SVG or PNG image.

use super::read::Picture;
use super::{LOGO_PERCENT, Matrix, QUIET};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;

/// The pixels of a module's side.
const SCALE: usize = 6;

/// The begin and the length of the logo's side, in thousandths of the image's.
const LOGO: (usize, usize) = (500 - LOGO_PERCENT * 5, LOGO_PERCENT * 10);

/// The code as SVG, with a logo (a PNG file) in the middle.
pub(crate) fn svg(matrix: &Matrix, logo: Option<&[u8]>) -> String {
    let side = matrix.side(QUIET);
    let mut path = String::new();
    for y in 0..side {
        for x in (0..side).filter(|x| matrix.is_dark(*x, y, QUIET)) {
            // Writing to a String cannot fail.
            let _ = write!(path, "M{x} {y}h1v1h-1z");
        }
    }
    let logo = logo.map_or_else(String::new, |png| {
        let part = |thousandths: usize| (side * thousandths) as f64 / 1000.0;
        let (begin, length) = (part(LOGO.0), part(LOGO.1));
        let data = STANDARD.encode(png);
        format!(
            r#"<image x="{begin}" y="{begin}" width="{length}" height="{length}" href="data:image/png;base64,{data}"/>"#
        )
    });
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\"/>{logo}</svg>\n"
    )
}

/// The code as PNG, with a logo in the middle.
pub(crate) fn png(matrix: &Matrix, logo: Option<&Picture>) -> Result<Vec<u8>, png::EncodingError> {
    let side = matrix.side(QUIET) * SCALE;
    let (begin, length) = (side * LOGO.0 / 1000, side * LOGO.1 / 1000);
    let mut pixels = Vec::with_capacity(side * side * 3);
    for y in 0..side {
        for x in 0..side {
            let is_dark = matrix.is_dark(x / SCALE, y / SCALE, QUIET);
            let code = if is_dark { [0; 3] } else { [255; 3] };
            let inside = |at: usize| at.checked_sub(begin).filter(|at| *at < length);
            let pixel = match (logo, inside(x), inside(y)) {
                (Some(logo), Some(x), Some(y)) => logo.over_white(x, y, length),
                _ => code,
            };
            pixels.extend(pixel);
        }
    }
    let mut file = Vec::new();
    let side = u32::try_from(side).unwrap_or(u32::MAX);
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qr::read;

    fn text() -> String {
        "jabX8Wg+wiDAZ6lVnPjbIc".repeat(12)
    }

    /// A red square with a transparent half.
    fn logo() -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 2, 1);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&[255, 0, 0, 255, 0, 0, 0, 0]).unwrap();
        writer.finish().unwrap();
        file
    }

    #[test]
    fn a_png_is_read_again_by_an_independent_reader_with_and_without_a_logo() {
        let matrix = Matrix::new(&text()).unwrap();
        let logo = Picture::from_png(&logo()).unwrap();
        for logo in [None, Some(&logo)] {
            let file = png(&matrix, logo).unwrap();
            assert_eq!(read::text(&file).unwrap(), text(), "{}", logo.is_some());
        }
    }

    #[test]
    fn an_svg_is_read_again_by_an_independent_reader() {
        let matrix = Matrix::new(&text()).unwrap();
        let svg = svg(&matrix, None);
        let side = matrix.side(QUIET);
        let mut dark = vec![false; side * side];
        let path = svg.split("d=\"").nth(1).unwrap().split('"').next().unwrap();
        for square in path.split('M').skip(1) {
            let (x, y) = square.strip_suffix("h1v1h-1z").unwrap().split_once(' ').unwrap();
            dark[y.parse::<usize>().unwrap() * side + x.parse::<usize>().unwrap()] = true;
        }
        let seen =
            read::decode(
                side * 4,
                side * 4,
                |x, y| {
                    if dark[y / 4 * side + x / 4] { 0 } else { 255 }
                },
            );
        assert_eq!(seen.unwrap(), text());
    }

    #[test]
    fn the_logo_of_an_svg_lies_in_the_middle() {
        let matrix = Matrix::new("x").unwrap();
        let svg = svg(&matrix, Some(b"png"));
        // 21 modules and a frame of 4 on each side.
        assert!(svg.contains(r#"<image x="11.6" y="11.6" width="5.8" height="5.8""#), "{svg}");
    }
}
