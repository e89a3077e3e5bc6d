//! Saving accounts: a command locks the store, then asks the server, then saves the result.

use super::Context;
use crate::exit::Failure;
use crate::store::{OpenStore, Profile, Profiles};
use mfly_client::{Credentials, Token};

/// The store of a context, locked for one change.
#[derive(Debug)]
pub(crate) struct Saving<'a> {
    context: &'a Context,
    store: OpenStore,
}

impl<'a> Saving<'a> {
    /// Locks the store before anything is done at the server: an account that cannot be saved would
    /// be lost.
    pub(crate) async fn open(context: &'a Context) -> Result<Self, Failure> {
        let store = context.store.open(context.timeout).await?;
        Ok(Self { context, store })
    }

    /// Saves an account of this server.
    pub(crate) fn remember(self, credentials: &Credentials) -> Result<(), Failure> {
        let context = self.context;
        let change = |profiles: &mut Profiles| {
            let api_url = context.api_url().as_str();
            let kept = profiles.named(&context.profile).filter(|saved| saved.api_url == api_url);
            let mut profile = kept.cloned().unwrap_or_else(|| Profile::new(api_url.to_owned()));
            profile.licence_key = Some(context.licence_key.clone());
            profile.trial = context.trial;
            profile.xmpp_url.clone_from(&context.server.xmpp_url);
            profile.ca_file = context.server.ca_file.as_ref().map(|path| {
                // A relative path would mean another file from another folder.
                std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string()
            });
            profile.remember(&credentials.user, credentials.password.clone());
            profiles.put(&context.profile, profile);
        };
        Ok(self.store.save(change)?)
    }

    /// Saves a token for the account, or forgets it.
    pub(crate) fn remember_token(self, token: Option<Token>) -> Result<(), Failure> {
        let context = self.context;
        let user = context.credentials()?.user;
        let mut found = false;
        let change = |profiles: &mut Profiles| {
            let profile = profiles.named_mut(&context.profile);
            let account = profile.and_then(|profile| profile.accounts.get_mut(user.as_str()));
            if let Some(account) = account {
                account.token = token;
                found = true;
            }
        };
        self.store.save(change)?;
        if found {
            return Ok(());
        }
        Err(Failure::no_credentials(
            format!("no account {user} is saved for {}", context.api_url()),
            format!("register it with `mfly register {user}`"),
        ))
    }

    /// Forgets the account: its password is void.
    pub(crate) fn forget(self) -> Result<(), Failure> {
        let context = self.context;
        let Some(user) = &context.user else {
            return Ok(());
        };
        let change = |profiles: &mut Profiles| {
            if let Some(profile) = profiles.named_mut(&context.profile) {
                profile.forget(user);
            }
        };
        Ok(self.store.save(change)?)
    }
}
