//! The state that the server returns to, and the file that keeps its state.

use super::ServerState;
use crate::handle::state_document::{StateDocument, StateError, StateParts};
use crate::lock::lock;
use crate::net::{file, new_file};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// Largest file of a state, in bytes.
const FILE_BYTES: u64 = 1024 * 1024 * 1024;

/// The parts that a file and a seed have: everything.
const WHOLE: StateParts = StateParts { secrets: true, media: true };

/// What is kept of the server's state beside the state itself.
#[derive(Default)]
pub(crate) struct Persistence {
    /// The state to which the server returns.
    seed: Mutex<Option<Arc<StateDocument>>>,
    /// The file that keeps the state.
    file: Option<PathBuf>,
}

impl Persistence {
    /// Keeps the state in this file, if there is one.
    pub(crate) fn new(file: Option<PathBuf>) -> Self {
        Self { seed: Mutex::default(), file }
    }
}

impl ServerState {
    /// Goes on where the file of the state ended. Without a file, or before it exists, nothing
    /// changes.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no state.
    pub(crate) fn load(&self) -> io::Result<()> {
        let Some(path) = &self.persistence.file else { return Ok(()) };
        let text = match file::read_text(path, FILE_BYTES) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let document: StateDocument = serde_json::from_str(&text)?;
        document.restore(self).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Saves the state in its file. `false` if it has none.
    ///
    /// # Errors
    /// When the file cannot be written. It does not change then.
    pub(crate) fn save(&self) -> io::Result<bool> {
        let Some(path) = &self.persistence.file else { return Ok(false) };
        let text = serde_json::to_string(&StateDocument::of(self, WHOLE))?;
        new_file::replace(path, &text)?;
        Ok(true)
    }

    /// Makes the present state the one to which the server returns.
    pub(crate) fn keep_as_seed(&self) {
        let seed = Arc::new(StateDocument::of(self, WHOLE));
        *lock(&self.persistence.seed) = Some(seed);
    }

    /// Returns to the seed or to no accounts, with the plan of the seed. Ends all sessions, and
    /// forgets faults and the journal.
    ///
    /// # Errors
    /// When the seed cannot be restored, which the server itself has made.
    pub(crate) fn reset(&self, to_seed: bool) -> Result<(), StateError> {
        let seed = lock(&self.persistence.seed).clone();
        let seed = seed.unwrap_or_default();
        if to_seed {
            seed.restore(self)?
        } else {
            seed.without_accounts().restore(self)?
        }
        for sid in self.with_hub(|hub| hub.all()) {
            crate::signalling::close(self, &sid);
        }
        self.faults.clear();
        self.recorder.clear();
        Ok(())
    }
}
