//! Random bytes from the operating system.

use crate::error::{Error, ErrorKind, Result};
use rand::TryRng;
use rand::rngs::SysRng;

/// `N` unpredictable bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| Error::new(ErrorKind::NoRandomness, error))?;
    Ok(bytes)
}
