//! Which of a server's addresses were tried before.
//!
//! An address can take a connection and then say nothing, or fail in any other way after the first
//! step. An attempt that ended so says nothing about the other addresses, so the next one begins
//! with the address that was tried longest ago (RFC 8305 is about the first step only).

use std::collections::VecDeque;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

/// As many addresses as one attempt may know, and some more: hosts change theirs.
const MAX_KEPT: usize = 64;

/// The addresses that were connected to in vain, the one of the last attempt at the end. Clones
/// share them.
///
/// Give one to all attempts of a session by [`Options::tried`](crate::Options::tried), and
/// [`clear`](Self::clear) when an attempt led to something.
#[derive(Clone, Debug, Default)]
pub struct TriedAddresses(Arc<Mutex<VecDeque<String>>>);

impl TriedAddresses {
    /// An attempt led to something: the next one begins with the first address again.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// This address was connected to.
    pub(crate) fn record(&self, address: &impl Display) {
        let address = address.to_string();
        let mut tried = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tried.retain(|earlier| *earlier != address);
        if tried.len() == MAX_KEPT {
            tried.pop_front();
        }
        tried.push_back(address);
    }

    /// Puts those that were tried behind the others, the one that was tried last at the end.
    pub(crate) fn sort<T: Display>(&self, addresses: &mut [T]) {
        let tried = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = |address: &T| {
            let address = address.to_string();
            tried.iter().position(|earlier| *earlier == address)
        };
        addresses.sort_by_cached_key(place);
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
    fn what_is_kept_is_bounded() {
        let tried = TriedAddresses::default();
        for n in 0..1000 {
            tried.record(&n);
        }
        assert_eq!(tried.0.lock().unwrap().len(), MAX_KEPT);
    }
}
