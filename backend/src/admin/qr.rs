//! QR codes.

use qrcode::{EcLevel, QrCode, render::svg};

use crate::{Error, Result};

/// The width of the image in pixels; an SVG scales to any other.
const WIDTH: u32 = 240;

/// A text as a QR code: an SVG image, dark on light, with a quiet zone.
pub fn svg(text: &str) -> Result<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(Error::internal)?;
    let mut image = code.render::<svg::Color<'_>>();
    Ok(image.min_dimensions(WIDTH, WIDTH).quiet_zone(true).build())
}
