//! The whole state of a server as one document: accounts, plan, media, clock.

use crate::core::feature::replace_world::replace_world;
use crate::core::world::Timestamp;
use crate::core::world::document::whole::Whole;
use crate::core::world::document::{
    InvalidDocument, PlanDocument, StandardUserDocument, UserDocument, WorldDocument,
};
use crate::rest::media::store::{FILE_BYTES, File};
use crate::state::ServerState;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mfly_proto::jid::UserId;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;
use thiserror::Error;
use utoipa::ToSchema;

/// The version of the document's form.
const VERSION: u32 = 1;

/// The whole state of a server: accounts, plan, media, clock. It is JSON by `serde`. Sessions,
/// tokens and unfinished uploads are no part of it.
///
/// `Debug` shows no content: a document may hold passwords.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = State)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StateDocument {
    /// The version of the document's form: 1.
    #[schema(minimum = 1, maximum = 1)]
    version: u32,
    /// The platform accounts.
    #[serde(default)]
    users: Vec<UserDocument>,
    /// The standard accounts.
    #[serde(default)]
    standard_users: Vec<StandardUserDocument>,
    #[serde(default)]
    plan: PlanDocument,
    #[serde(default)]
    clock: ClockDocument,
    /// The files, oldest first.
    #[serde(default)]
    media: Vec<MediaDocument>,
}

/// How the server's clock differs from the system's.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = StateClock)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct ClockDocument {
    /// How far the clock was moved forward, in milliseconds.
    ahead_ms: Whole,
    /// The time at which the clock is frozen, in milliseconds since 1970-01-01 00:00 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    frozen_at_ms: Option<Whole>,
}

/// A file that was uploaded.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = StateMedia)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct MediaDocument {
    /// The file's token.
    token: String,
    /// The id of the account that uploaded it.
    owner: String,
    /// The MIME type that the uploader named.
    #[serde(default)]
    content_type: String,
    /// The bytes in base64.
    base64: String,
}

/// What a document contains beside accounts, plan and clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateParts {
    /// The passwords of accounts and devices. Without them, accounts that exist when the document
    /// is read keep theirs. Default: no.
    pub secrets: bool,
    /// The uploaded files. Default: yes.
    pub media: bool,
}

impl Default for StateParts {
    fn default() -> Self {
        Self { secrets: false, media: true }
    }
}

/// The reason why a document cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: {reason}")]
#[non_exhaustive]
pub struct StateError {
    /// The path of the member at fault, such as `users[3].id`.
    pub field: String,
    /// What is wrong, and what to do.
    pub reason: String,
}

impl From<InvalidDocument> for StateError {
    fn from(error: InvalidDocument) -> Self {
        Self { field: error.field, reason: error.reason }
    }
}

impl StateDocument {
    /// The state of a server.
    pub(crate) fn of(state: &ServerState, parts: StateParts) -> Self {
        let world = state.read_core(|core| core.world().document(parts.secrets));
        let files = state.with_media(|store| store.files());
        let kept = files.into_iter().filter(|_| parts.media);
        let ahead_ms = u64::try_from(state.clock.ahead().as_millis()).unwrap_or(u64::MAX);
        let frozen_at_ms = state.clock.is_frozen().then(|| Whole::new(state.clock.now().0));
        Self {
            version: VERSION,
            users: world.users,
            standard_users: world.standard_users,
            plan: world.plan,
            clock: ClockDocument { ahead_ms: Whole::new(ahead_ms), frozen_at_ms },
            media: kept.map(|(token, file)| MediaDocument::new(token, &file)).collect(),
        }
    }

    /// The plan alone.
    pub(crate) fn without_accounts(&self) -> Self {
        Self { plan: self.plan.clone(), ..Self::default() }
    }

    /// Replaces the state of a server. Nothing changes if the document cannot be used.
    ///
    /// # Errors
    /// See [`StateError`].
    pub(crate) fn restore(&self, state: &ServerState) -> Result<(), StateError> {
        if self.version != VERSION {
            let reason = format!("must be {VERSION}; this server reads no other version");
            return Err(StateError { field: "version".to_owned(), reason });
        }
        let mut files = Vec::new();
        for (index, media) in self.media.iter().enumerate() {
            files.push(media.file(&format!("media[{index}]"))?);
        }
        let world = WorldDocument {
            users: self.users.clone(),
            standard_users: self.standard_users.clone(),
            plan: self.plan.clone(),
        };
        state.with_core(|core, _| replace_world(core.world_mut(), &world))?;
        state.with_media(|store| store.replace(files));
        let ahead = Duration::from_millis(self.clock.ahead_ms.get());
        let frozen = self.clock.frozen_at_ms.map(|at| Timestamp(at.get()));
        state.set_clock(|clock| clock.set(ahead, frozen));
        Ok(())
    }
}

impl Default for StateDocument {
    fn default() -> Self {
        Self {
            version: VERSION,
            users: Vec::new(),
            standard_users: Vec::new(),
            plan: PlanDocument::default(),
            clock: ClockDocument::default(),
            media: Vec::new(),
        }
    }
}

impl MediaDocument {
    fn new(token: String, file: &File) -> Self {
        Self {
            token,
            owner: file.owner.to_string(),
            content_type: file.content_type.clone(),
            base64: STANDARD.encode(&file.bytes),
        }
    }

    fn file(&self, place: &str) -> Result<(String, File), StateError> {
        let refuse =
            |field: &str, reason: String| StateError { field: format!("{place}.{field}"), reason };
        let owner = UserId::new(&self.owner).map_err(|error| refuse("owner", error.to_string()))?;
        let bytes = STANDARD.decode(&self.base64);
        let bytes = bytes.map_err(|_| refuse("base64", "must be base64".to_owned()))?;
        if bytes.len() > FILE_BYTES {
            return Err(refuse("base64", format!("must be at most {FILE_BYTES} bytes")));
        }
        let content_type = self.content_type.clone();
        let bytes = bytes.into_boxed_slice().into();
        Ok((self.token.clone(), File { owner, content_type, bytes }))
    }
}

impl fmt::Debug for StateDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateDocument")
            .field("users", &self.users.len())
            .field("standard_users", &self.standard_users.len())
            .field("media", &self.media.len())
            .finish_non_exhaustive()
    }
}
