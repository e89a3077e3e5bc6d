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

    fn end(
        &mut self,
        used: Option<&Token>,
        result: Result<Token, ApiError>,
    ) -> Result<Token, ApiError> {
        self.ended += 1;
        match result {
            Ok(token) => {
                self.last_failure = None;
                // A token that was set meanwhile is newer than the one just fetched.
                match &self.current {
                    Some(current) if Some(current) != used => Ok(current.clone()),
                    _ => {
                        self.current = Some(token.clone());
                        Ok(token)
                    }
                }
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
        self.state().current = token;
    }

    /// A token other than `used`, from `fetch` if nobody else has brought one.
    pub(crate) async fn run(
        &self,
        used: Option<&Token>,
        fetch: impl Future<Output = Result<Token, ApiError>>,
    ) -> Result<Token, ApiError> {
        let seen = self.state().ended;
        let _gate = self.gate.lock().await;
        let decision = self.state().decide(used, seen);
        match decision {
            Decision::Use(token) => Ok(token),
            Decision::Fail(error) => Err(error),
            Decision::Fetch => {
                let result = fetch.await;
                self.state().end(used, result)
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
        State {
            current: current.map(token),
            ended,
            last_failure,
        }
    }

    #[test]
    fn a_token_that_changed_since_is_used_without_fetching() {
        let decision = state(Some("new"), 1, true).decide(Some(&token("old")), 1);
        assert!(matches!(decision, Decision::Use(token) if token.expose() == "new"));
    }

    #[test]
    fn a_refresh_that_ended_while_waiting_is_shared_and_an_older_one_is_not() {
        let used = token("t");
        assert!(matches!(
            state(Some("t"), 2, true).decide(Some(&used), 1),
            Decision::Fail(_)
        ));
        assert!(matches!(
            state(Some("t"), 2, false).decide(Some(&used), 1),
            Decision::Use(_)
        ));
        assert!(matches!(
            state(Some("t"), 2, true).decide(Some(&used), 2),
            Decision::Fetch
        ));
        assert!(matches!(
            state(None, 0, false).decide(None, 0),
            Decision::Fetch
        ));
    }

    #[test]
    fn a_token_set_during_a_refresh_wins() {
        let mut state = state(Some("set by hand"), 0, false);
        let result = state
            .end(Some(&token("old")), Ok(token("fetched")))
            .unwrap();
        assert_eq!(result.expose(), "set by hand");
        assert_eq!(state.current, Some(token("set by hand")));
    }
}
