//! The bodies of the fuzz targets.
//!
//! A body takes any bytes and asserts what must hold for all of them. `cargo fuzz run <target>`
//! drives it with a coverage-guided engine; the tests of this package drive it on a stable
//! compiler, over the seed corpora and over generated inputs.
#![forbid(unsafe_code)]

mod ciphers;
mod framing;
mod payloads;
mod rest_envelope;
mod sasl;
mod signalling;
mod stanza;
mod tcp;

pub use ciphers::ciphers;
pub use framing::framing;
pub use payloads::payloads;
pub use rest_envelope::rest_envelope;
pub use sasl::sasl;
pub use signalling::signalling;
pub use stanza::stanza;
pub use tcp::tcp;

/// Makes a fuzz target of a body: for the fuzzing engine, or, without it, a program that replays
/// the files it is given.
#[macro_export]
macro_rules! target {
    ($body:path) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $body(data));
        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            for path in std::env::args_os().skip(1) {
                $body(&std::fs::read(path)?);
            }
            Ok(())
        }
    };
}
