//! `mfly token get`, `set` and `forget`: the token of REST requests.

use crate::context::{Context, Saving};
use crate::exit::Failure;
use crate::file::aside;
use crate::operation::Operation;
use crate::output::Report;
use clap::{Args, Subcommand};
use mfly_client::Token;
use serde_json::json;
use std::io::Read;

/// The longest token that is read.
const MAX_BYTES: u64 = 64 * 1024;

/// Show or replace the token of REST requests.
#[derive(Args, Debug)]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Fetch a fresh token and print it.
    Get,
    /// Save a token, read from the standard input; it is used until the server refuses it.
    Set,
    /// Forget the saved token.
    Forget,
}

impl Operation for TokenArgs {
    fn name(&self) -> &'static str {
        match self.verb {
            Verb::Get => "getUserToken",
            Verb::Set | Verb::Forget => "setUserToken",
        }
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        match self.verb {
            Verb::Get => {
                let credentials = context.credentials()?;
                let app = context.app().await?;
                let token = context.within(app.user_token(&credentials)).await?;
                Ok(Report::line(token.expose(), json!({"userToken": token.expose()})))
            }
            Verb::Set => {
                let token = aside(read).await?;
                Saving::open(context).await?.remember_token(Some(token))?;
                Ok(Report::line("the token is saved", json!(null)))
            }
            Verb::Forget => {
                Saving::open(context).await?.remember_token(None)?;
                Ok(Report::line("the token is forgotten", json!(null)))
            }
        }
    }
}

/// A command line can be seen by other users of the machine, so the token is not an argument.
fn read() -> Result<Token, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .take(MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| Failure::file("read", "the standard input", error))?;
    Ok(Token::new(text.trim())?)
}
