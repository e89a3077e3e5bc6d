//! Any bytes as a typed payload, there and back.

use mfly_proto::testing::{Dialect, Role, RoundTrip, canonical, round_trip};

/// A type reads what it wrote itself, and writes the same again.
///
/// A zero byte separates the request that a result answers from the result.
pub fn payloads(data: &[u8]) {
    let (role, frame) = match data.iter().position(|byte| *byte == 0) {
        Some(at) => (Role::ResultOf(&data[..at]), &data[at + 1..]),
        None => (Role::RequestOrPush, data),
    };
    for dialect in [Dialect::Platform, Dialect::Standard] {
        let RoundTrip::Written { by, text } = round_trip(frame, role, dialect) else {
            continue;
        };
        let first = canonical(&text).expect("types write restricted XML");
        match round_trip(text.as_bytes(), role, dialect) {
            RoundTrip::Written { by: again, text } => {
                assert_eq!(again, by, "another type reads what this one wrote");
                assert_eq!(canonical(&text).expect("types write restricted XML"), first);
            }
            other => panic!("{by} does not read what it wrote: {other:?}"),
        }
    }
}
