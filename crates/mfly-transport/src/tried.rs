//! The addresses that earlier attempts connected to.
//!
//! A server may accept a TCP connection and fail later, for example by sending nothing. The other
//! addresses of the host may work, so the next attempt begins with the address that was tried
//! longest ago. RFC 8305 covers the TCP connection only.

use std::collections::VecDeque;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

/// The number of recorded addresses: more than one attempt can try, because hosts change addresses.
const MAX_KEPT: usize = 64;

/// The addresses of failed attempts, the latest at the end. Clones share them.
///
/// Use one for all attempts of a session in [`Options::tried`](crate::Options::tried), and
/// [`clear`](Self::clear) it after a success.
#[derive(Clone, Debug, Default)]
pub struct TriedAddresses(Arc<Mutex<VecDeque<String>>>);

impl TriedAddresses {
    /// Removes all addresses after a success. The next attempt begins with the first address.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Records the address of an attempt.
    pub(crate) fn record(&self, address: &impl Display) {
        let address = address.to_string();
        let mut tried = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tried.retain(|earlier| *earlier != address);
        if tried.len() == MAX_KEPT {
            tried.pop_front();
        }
        tried.push_back(address);
    }

    /// Moves recorded addresses to the end, the latest last.
    pub(crate) fn sort<T: Display>(&self, addresses: &mut [T]) {
        let tried = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let position = |address: &T| {
            let address = address.to_string();
            tried.iter().position(|earlier| *earlier == address)
        };
        addresses.sort_by_cached_key(position);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(tried: &TriedAddresses) -> String {
        let mut addresses = ["a", "b", "c"];
        tried.sort(&mut addresses);
        addresses.concat()
    }

    #[test]
    fn each_attempt_begins_with_the_address_that_was_tried_longest_ago() {
        let tried = TriedAddresses::default();
        let mut orders = Vec::new();
        for _ in 0..4 {
            let order = order(&tried);
            tried.record(&&order[..1]);
            orders.push(order);
        }
        assert_eq!(orders, ["abc", "bca", "cab", "abc"]);
        tried.record(&"a");
        tried.clear();
        assert_eq!(order(&tried), "abc");
    }

    #[test]
    fn the_number_of_recorded_addresses_is_bounded() {
        let tried = TriedAddresses::default();
        for n in 0..1000 {
            tried.record(&n);
        }
        assert_eq!(tried.0.lock().unwrap().len(), MAX_KEPT);
    }
}
