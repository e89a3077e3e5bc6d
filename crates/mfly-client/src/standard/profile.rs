//! The profiles of accounts: vCards (XEP-0054).
//!
//! Wire form: [`mfly_proto::payload::standard::profile`].

use super::session::Session;
use crate::error::{ErrorKind, Result};
use mfly_proto::jid::BareJid;
use mfly_proto::payload::standard::profile::{GetVCard, SetVCard, VCard};
use mfly_proto::stanza::ErrorCondition;

impl Session {
    /// The card of an account; `None` for the own one, which is empty until it is set.
    ///
    /// # Errors
    /// [`RequestRefused`](crate::ErrorKind::RequestRefused) when another account has none or does
    /// not exist, which servers do not tell apart; otherwise see [`ErrorKind`](crate::ErrorKind).
    pub async fn vcard(&self, of: Option<&BareJid>) -> Result<VCard> {
        let request = of.map_or_else(GetVCard::default, |of| GetVCard::of(of.clone()));
        match self.request(&request).await {
            Err(error) if of.is_none() && is_missing(error.kind()) => Ok(VCard::default()),
            answer => answer,
        }
    }

    /// Replaces the own card, whole.
    ///
    /// # Errors
    /// When the request fails; see [`ErrorKind`](crate::ErrorKind).
    pub async fn set_vcard(&self, card: VCard) -> Result<()> {
        let _writing = self.card_writer().await;
        self.request(&SetVCard { card }).await
    }

    /// Changes some of the own card and keeps the rest, also what this library does not know.
    /// Returns the card as it is now.
    ///
    /// The current card is read first. Changes made at the same time through clones of this session
    /// cannot lose each other; servers offer no such guard between sessions.
    ///
    /// # Errors
    /// As [`Session::set_vcard`].
    pub async fn update_vcard(&self, change: impl FnOnce(&mut VCard) + Send) -> Result<VCard> {
        let _writing = self.card_writer().await;
        let mut card = self.vcard(None).await?;
        change(&mut card);
        self.request(&SetVCard { card: card.clone() }).await?;
        Ok(card)
    }
}

fn is_missing(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::RequestRefused(error) if error.condition == ErrorCondition::ItemNotFound)
}
