//! One refresh at a time, whoever asks.
//!
//! The first caller that needs a new token fetches it; the others wait for the gate and then look
//! at what the first one brought, good or bad. The gate opens when its holder is dropped, so a
//! caller that gives up midway leaves the work to the next.

use crate::error::ApiError;
use mfly_proto::secret::Token;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
pub(crate) struct Refresh {
    gate: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Token>,
    /// How often the token was set or cleared by hand.
    set: u64,
    /// How many refreshes have ended, and how the last one did.
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
    /// What a caller does whose token `used` was refused (or who had none), and who saw `seen`
    /// refreshes end before it began to wait.
    fn decide(&self, used: Option<&Token>, seen: u64) -> Decision {
        match (&self.current, &self.last_failure) {
            (Some(current), _) if Some(current) != used => Decision::Use(current.clone()),
            (_, Some(failure)) if self.ended > seen => Decision::Fail(failure.clone()),
            (Some(current), None) if self.ended > seen => Decision::Use(current.clone()),
            _ => Decision::Fetch,
        }
    }

    /// What a caller gets whose refresh, begun after `set` changes by hand, has ended.
    fn end(&mut self, set: u64, result: Result<Token, ApiError>) -> Result<Token, ApiError> {
        self.ended += 1;
        match result {
            Ok(token) => {
                self.last_failure = None;
                if self.set == set {
                    self.current = Some(token.clone());
                    return Ok(token);
                }
                // A token that was set meanwhile is newer than the one just fetched; one that was
                // cleared stays so, and the fetched one serves this request only.
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
        state.set += 1;
    }

    /// A token other than `used`, from `fetch` if nobody else has brought one.
    pub(crate) async fn run(
        &self,
        used: Option<&Token>,
        fetch: impl Future<Output = Result<Token, ApiError>>,
    ) -> Result<Token, ApiError> {
        let seen = self.state().ended;
        let _gate = self.gate.lock().await;
        let (decision, set) = {
            let state = self.state();
            (state.decide(used, seen), state.set)
        };
        match decision {
            Decision::Use(token) => Ok(token),
            Decision::Fail(error) => Err(error),
            Decision::Fetch => {
                let result = fetch.await;
                self.state().end(set, result)
            }
        }
    }

    /// Never held across an await; every change under it is complete, so poison means nothing.
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
        State { current: current.map(token), set: 1, ended, last_failure }
    }

    #[test]
    fn a_token_that_changed_since_is_used_without_fetching() {
        let decision = state(Some("new"), 1, true).decide(Some(&token("old")), 1);
        assert!(matches!(decision, Decision::Use(token) if token.expose() == "new"));
    }

    #[test]
    fn a_refresh_that_ended_while_waiting_is_shared_and_an_older_one_is_not() {
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
