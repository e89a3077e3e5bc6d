//! QR codes: drawing them for terminals, as SVG and as PNG, and reading them from an image.
//!
//! Error level H as in the official SDK: a logo may cover the middle.

pub(crate) mod image;
pub(crate) mod read;
pub(crate) mod terminal;

use mfly_client::InvalidArgument;
use qrcode::{Color, EcLevel};

/// The white frame of an image, in modules (ISO/IEC 18004 asks for four).
pub(crate) const QUIET: usize = 4;

/// The part of the side that a logo covers, in percent: 50 of 240 pixels in the official SDK.
const LOGO_PERCENT: usize = 20;

/// A code as a square of modules.
#[derive(Debug)]
pub(crate) struct Matrix {
    width: usize,
    dark: Vec<bool>,
}

impl Matrix {
    /// Encodes a text.
    pub(crate) fn new(text: &str) -> Result<Self, InvalidArgument> {
        let code = qrcode::QrCode::with_error_correction_level(text, EcLevel::H)
            .map_err(|_| InvalidArgument::new("codeText", "is too long for a QR code"))?;
        let width = code.width();
        let dark = code.into_colors();
        Ok(Self { width, dark: dark.into_iter().map(|color| color == Color::Dark).collect() })
    }

    /// The modules of a side, with a frame of `quiet` modules.
    const fn side(&self, quiet: usize) -> usize {
        self.width + 2 * quiet
    }

    /// Whether a module is dark. Modules outside the code are light.
    fn is_dark(&self, x: usize, y: usize, quiet: usize) -> bool {
        let inside = |at: usize| at.checked_sub(quiet).filter(|at| *at < self.width);
        match (inside(x), inside(y)) {
            (Some(x), Some(y)) => self.dark.get(y * self.width + x) == Some(&true),
            _ => false,
        }
    }
}
