//! The accounts of the platform by name, for lists that are sorted by it or searched for it.
//!
//! A name is opened once, when it is set. A search takes a copy of the index, which
//! costs nothing until a name changes, and does not lock the world.

use mfly_proto::jid::UserId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A name in lower case, and its user.
pub(crate) type Named = (Box<str>, UserId);

/// All names, sorted by name, then by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    sorted: Arc<Vec<Named>>,
    by_id: BTreeMap<UserId, Box<str>>,
}

impl Names {
    /// Sets the name of a user.
    pub(super) fn set(&mut self, user: &UserId, name: &str) {
        let name: Box<str> = name.to_lowercase().into();
        if self.by_id.get(user) == Some(&name) {
            return;
        }
        self.remove(user);
        self.by_id.insert(user.clone(), name.clone());
        let entry = (name, user.clone());
        let sorted = Arc::make_mut(&mut self.sorted);
        let place = sorted.binary_search(&entry).unwrap_or_else(|place| place);
        sorted.insert(place, entry);
    }

    /// Forgets a user.
    pub(super) fn remove(&mut self, user: &UserId) {
        let Some(name) = self.by_id.remove(user) else {
            return;
        };
        let sorted = Arc::make_mut(&mut self.sorted);
        if let Ok(place) = sorted.binary_search(&(name, user.clone())) {
            sorted.remove(place);
        }
    }

    /// All of them as they are now, sorted.
    pub(crate) fn sorted(&self) -> Arc<Vec<Named>> {
        Arc::clone(&self.sorted)
    }

    /// The position of a user in the order of names.
    pub(crate) fn place_of(&self, user: &UserId) -> Option<usize> {
        let entry = (self.by_id.get(user)?.clone(), user.clone());
        self.sorted.binary_search(&entry).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    fn order(names: &Names) -> Vec<String> {
        let sorted = names.sorted();
        sorted.iter().map(|(_, id)| id.to_string()).collect()
    }

    #[test]
    fn users_are_sorted_by_name_without_regard_to_case_then_by_id() {
        let mut names = Names::default();
        for (user, name) in [("u3", "bob"), ("u1", "Bob"), ("u2", "Ann"), ("u4", "")] {
            names.set(&id(user), name);
        }
        assert_eq!(order(&names), ["u4", "u2", "u1", "u3"]);
        assert_eq!(names.place_of(&id("u1")), Some(2));
    }

    #[test]
    fn a_change_moves_a_user_and_a_copy_stays_as_it_was() {
        let mut names = Names::default();
        names.set(&id("u1"), "Ann");
        names.set(&id("u2"), "Bob");
        let before = names.sorted();
        names.set(&id("u1"), "Carol");
        names.set(&id("u1"), "carol");
        assert_eq!(order(&names), ["u2", "u1"]);
        names.remove(&id("u2"));
        names.remove(&id("u2"));
        assert_eq!(order(&names), ["u1"]);
        assert_eq!((before.len(), names.place_of(&id("u2"))), (2, None));
    }
}
