//! Whole numbers of a document, which every language can read.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The largest whole number that JavaScript can tell from its neighbours.
const LARGEST: u64 = (1 << 53) - 1;

/// A whole number from 0 to 2^53 - 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "u64")]
#[schema(as = WholeNumber, minimum = 0, maximum = 9_007_199_254_740_991_u64)]
pub(crate) struct Whole(u64);

impl Whole {
    /// The number, or the largest one if it is larger.
    pub(crate) const fn new(number: u64) -> Self {
        Self(if number > LARGEST { LARGEST } else { number })
    }

    /// Returns the number itself.
    pub(crate) const fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for Whole {
    type Error = String;

    fn try_from(number: u64) -> Result<Self, String> {
        if number > LARGEST { Err(format!("must be at most {LARGEST}")) } else { Ok(Self(number)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_javascript_would_round_is_refused() {
        assert_eq!(serde_json::from_str::<Whole>("9007199254740991").unwrap(), Whole(LARGEST));
        for text in ["9007199254740992", "-1", "1.5"] {
            assert!(serde_json::from_str::<Whole>(text).is_err(), "{text}");
        }
        assert_eq!(Whole::new(u64::MAX).get(), LARGEST);
    }
}
