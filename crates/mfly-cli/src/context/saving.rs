//! Saving accounts: the store is taken first, the server is asked then, and the outcome is saved
//! last.

use super::Context;
use crate::exit::Failure;
use crate::store::{OpenStore, Profile, Profiles};
use mfly_client::{Credentials, Token};

/// The store of a context, taken for one change.
#[derive(Debug)]
pub(crate) struct Saving<'a> {
    pub(super) context: &'a Context,
    pub(super) store: OpenStore,
}

impl Saving<'_> {
    /// Saves an account of this server.
    ///
    /// # Errors
    /// When the profiles cannot be written.
    pub(crate) fn remember(self, credentials: &Credentials) -> Result<(), Failure> {
        let context = self.context;
        let change = |profiles: &mut Profiles| {
            let kept = profiles
                .named(&context.profile)
                .filter(|saved| saved.api_url == context.api_url.as_str());
            let mut profile =
                kept.cloned().unwrap_or_else(|| Profile::new(context.api_url.to_string()));
            profile.licence_key = Some(context.licence_key.clone());
            profile.trial = context.trial;
            profile.xmpp_url.clone_from(&context.xmpp_url);
            profile.ca_file = context.ca_file.as_ref().map(|path| {
                // A relative path would mean another file from another folder.
                std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string()
            });
            profile.remember(&credentials.user, credentials.password.clone());
            profiles.put(&context.profile, profile);
        };
        Ok(self.store.save(change)?)
    }

    /// Saves a token for the account, or forgets it.
    ///
    /// # Errors
    /// When the account is not saved, or the profiles cannot be written.
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
        Err(Failure::NoCredentials {
            message: format!("no account {user} is saved for {}", context.api_url),
            hint: format!("register it with `mfly register {user}`"),
        })
    }

    /// Forgets the account: its password is void.
    ///
    /// # Errors
    /// When the profiles cannot be written.
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
