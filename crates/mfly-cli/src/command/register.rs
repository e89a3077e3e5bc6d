//! `mfly register`: registers a user and saves the credentials.

use crate::arguments::{meta_value, pair, value};
use crate::context::{Context, Saving};
use crate::exit::Failure;
use crate::operation::Operation;
use crate::output::Report;
use clap::Args;
use mfly_client::UserIdentifier;
use serde_json::json;

/// Register a user and save the credentials.
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  mfly register alice --metadata team=blue --metadata level=3")]
pub(crate) struct RegisterArgs {
    /// What to register with: lower-case letters, digits, - and _.
    #[arg(value_name = "NAME", value_parser = value::<UserIdentifier>)]
    identifier: UserIdentifier,
    /// Fail instead of ending another session when the user has too many.
    #[arg(long)]
    no_force: bool,
    /// Attach a value to the user, at most three times. Numbers, true and false keep their type.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    metadata: Vec<(String, String)>,
    /// Print the password, too.
    #[arg(long)]
    show_password: bool,
}

impl Operation for RegisterArgs {
    fn name(&self) -> &'static str {
        "register"
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        let mut request = context.app().await?.register(&self.identifier).force(!self.no_force);
        for (name, value) in self.metadata {
            request = request.metadata(&name, meta_value(value))?;
        }
        // A password that cannot be saved would be lost, and other devices logged out for nothing.
        let saving = Saving::open(context).await?;
        let account = context.within(request).await?;
        saving.remember(&account.credentials)?;

        let user = &account.credentials.user;
        let address = account.user_jid.as_ref().map_or(user.as_str(), |jid| jid.as_str());
        let mut lines = vec![
            format!("registered {address} at {}", context.api_url()),
            format!("saved as profile {} in {}", context.profile, context.store_path().display()),
        ];
        let mut result = json!({
            "username": user.as_str(),
            "userJid": account.user_jid.as_ref().map(|jid| jid.as_str()),
            "isProfileUpdated": account.is_profile_updated,
            "isSandbox": account.is_trial,
            "profile": context.profile,
        });
        if self.show_password {
            let password = account.credentials.password.expose();
            lines.push(format!("password {password}"));
            result["password"] = json!(password);
        }
        Ok(Report { lines, result })
    }
}
