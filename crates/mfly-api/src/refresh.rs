//! The refresh of a token, shared by concurrent callers.
//!
//! The first caller that needs a new token fetches it while it holds a lock. The others wait for
//! the lock and then use the result, be it a token or an error. The lock is released when its
//! holder is dropped, so the next caller takes over from a cancelled one.

use crate::error::ApiError;
use mfly_proto::secret::Token;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The current token, and the lock that a refresh holds.
#[derive(Default)]
pub(crate) struct Refresh {
    lock: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Token>,
    /// How often the application set or cleared the token.
    changes: u64,
    /// The number of refreshes that have ended. The last one may have failed.
    ended: u64,
    last_failure: Option<ApiError>,
}

#[derive(Debug)]
enum Decision {
    Use(Token),
    Fail(ApiError),
    Fetch,
}

impl State {
    /// The decision for a caller whose token `used` was refused, and who saw `seen` ended refreshes
    /// before it waited.
    fn decide(&self, used: Option<&Token>, seen: u64) -> Decision {
        match (&self.current, &self.last_failure) {
            (Some(current), _) if Some(current) != used => Decision::Use(current.clone()),
            (_, Some(failure)) if self.ended > seen => Decision::Fail(failure.clone()),
            (Some(current), None) if self.ended > seen => Decision::Use(current.clone()),
            _ => Decision::Fetch,
        }
    }

    /// Records the result of a refresh that began after `changes` changes by the application.
    fn end(&mut self, changes: u64, result: Result<Token, ApiError>) -> Result<Token, ApiError> {
        self.ended += 1;
        match result {
            Ok(token) => {
                self.last_failure = None;
                if self.changes == changes {
                    self.current = Some(token.clone());
                    return Ok(token);
                }
                // A token set during the refresh is newer than the fetched one. After the token was
                // cleared, the fetched one is for this request only.
                Ok(self.current.clone().unwrap_or(token))
            }
            Err(error) => {
                let error = ApiError::TokenRefresh(Arc::new(error));
                self.last_failure = Some(error.clone());
                Err(error)
            }
        }
    }
}

impl Refresh {
    pub(crate) fn current(&self) -> Option<Token> {
        self.state().current.clone()
    }

    pub(crate) fn set(&self, token: Option<Token>) {
        let mut state = self.state();
        state.current = token;
        state.changes += 1;
    }

    /// Returns a token other than `used`: from another caller's refresh, or from `fetch`.
    pub(crate) async fn run(
        &self,
        used: Option<&Token>,
        fetch: impl Future<Output = Result<Token, ApiError>>,
    ) -> Result<Token, ApiError> {
        let seen = self.state().ended;
        let _lock = self.lock.lock().await;
        let (decision, changes) = {
            let state = self.state();
            (state.decide(used, seen), state.changes)
        };
        match decision {
            Decision::Use(token) => Ok(token),
            Decision::Fail(error) => Err(error),
            Decision::Fetch => {
                let result = fetch.await;
                self.state().end(changes, result)
            }
        }
    }

    /// Locks the state. No change is left incomplete by a panic, so poisoning is ignored.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Token {
        Token::new(text).unwrap()
    }

    fn state(current: Option<&str>, ended: u64, has_failed: bool) -> State {
        let last_failure = has_failed.then_some(ApiError::TimedOut);
        State { current: current.map(token), changes: 1, ended, last_failure }
    }

    #[test]
    fn a_token_that_changed_meanwhile_is_used_without_fetching() {
        let decision = state(Some("new"), 1, true).decide(Some(&token("old")), 1);
        assert!(matches!(decision, Decision::Use(token) if token.expose() == "new"));
    }

    #[test]
    fn the_result_of_a_refresh_is_shared_by_callers_that_waited_for_it() {
        let used = token("t");
        assert!(matches!(state(Some("t"), 2, true).decide(Some(&used), 1), Decision::Fail(_)));
        assert!(matches!(state(Some("t"), 2, false).decide(Some(&used), 1), Decision::Use(_)));
        assert!(matches!(state(Some("t"), 2, true).decide(Some(&used), 2), Decision::Fetch));
        assert!(matches!(state(None, 0, false).decide(None, 0), Decision::Fetch));
    }

    #[test]
    fn a_token_set_during_a_refresh_wins() {
        let mut state = state(Some("set by hand"), 0, false);
        let result = state.end(0, Ok(token("fetched"))).unwrap();
        assert_eq!(result.expose(), "set by hand");
        assert_eq!(state.current, Some(token("set by hand")));
    }

    #[tokio::test]
    async fn a_token_cleared_during_a_refresh_stays_cleared() {
        let refresh = Refresh::default();
        refresh.set(Some(token("old")));
        let fetch = async {
            refresh.set(None);
            Ok(token("fetched"))
        };
        let fetched = refresh.run(Some(&token("old")), fetch).await.unwrap();
        assert_eq!(fetched.expose(), "fetched");
        assert_eq!(refresh.current(), None);

        let fetch = async { Ok(token("next")) };
        refresh.run(None, fetch).await.unwrap();
        assert_eq!(refresh.current(), Some(token("next")));
    }
}
