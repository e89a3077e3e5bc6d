//! The cipher of the official SDK's storage.

use super::component;
use super::decrypted::Decrypted;

/// The key string of entry names (observed: Web SDK 4.25.10).
const NAME_KEY: &str = "mirrorflywebsdk";

/// Names and values in the official SDK's `localStorage`: `licenseKey`, `apiBaseUrl`, `qrsocketId`.
///
/// A page that writes `licenseKey` and `apiBaseUrl` before it starts the SDK chooses the server.
///
/// ```
/// let storage = mfly_proto::cipher::StorageCipher::new();
/// assert_eq!(storage.name("licenseKey"), "vyu5xNFknTXWD32hyd4Hbg%3D%3D");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct StorageCipher(());

impl StorageCipher {
    /// The cipher; all of its keys are fixed.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }

    /// The name under which an entry is stored.
    #[must_use]
    pub fn name(&self, clear_name: &str) -> String {
        component::seal(NAME_KEY, clear_name)
    }

    /// The stored form of an entry's value. Its key is the clear name.
    #[must_use]
    pub fn value(&self, clear_name: &str, value: &str) -> String {
        component::seal(clear_name, value)
    }

    /// The value of a stored entry; what is not sealed comes back unchanged.
    #[must_use]
    pub fn open_value(&self, clear_name: &str, stored: &str) -> Decrypted {
        component::open(clear_name, stored)
    }
}
