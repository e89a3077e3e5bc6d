//! The saved servers and accounts.
//!
//! They are in one file, `profiles.json`, in the user's configuration folder (`MFLY_CONFIG_DIR`
//! names another one). It holds passwords, so only its owner may read it: it is written with mode
//! 0600 into a folder with mode 0700, and a file that others can read is refused. Writers take
//! turns by a lock file, and the file is replaced as a whole.

mod error;
mod file;
mod profiles;

pub(crate) use error::{CONFIG_DIR_VARIABLE, StoreError};
pub(crate) use profiles::{Profile, Profiles};

use etcetera::BaseStrategy;
use file::Replacement;
use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

/// The file's name within the folder.
const FILE: &str = "profiles.json";

/// The folder with the file of profiles.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store of this user.
    pub(crate) fn of_user() -> Result<Self, StoreError> {
        if let Some(folder) = std::env::var_os(CONFIG_DIR_VARIABLE).filter(|name| !name.is_empty())
        {
            return Ok(Self::at(PathBuf::from(folder)));
        }
        let strategy = etcetera::choose_base_strategy().map_err(|_| StoreError::NoFolder)?;
        Ok(Self::at(strategy.config_dir().join("mfly")))
    }

    /// The store in `folder`.
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The path of the file of profiles.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// Reads the profiles; none when nothing was ever saved.
    pub(crate) fn load(&self) -> Result<Profiles, StoreError> {
        let path = self.path();
        match file::read_private(&path)? {
            Some(text) => {
                Profiles::from_json(&text).map_err(|reason| StoreError::Malformed { path, reason })
            }
            None => Ok(Profiles::default()),
        }
    }

    /// Locks the store for a change, and makes sure that saving can succeed. Waits for another
    /// process until the deadline.
    pub(crate) async fn open(&self, deadline: Duration) -> Result<OpenStore, StoreError> {
        file::create_private_folder(&self.folder)?;
        let lock = file::lock(&self.folder.join("profiles.lock"), deadline).await?;
        let profiles = self.load()?;
        let replacement = Replacement::new(&self.path(), profiles.to_json().len())?;
        Ok(OpenStore { profiles, replacement, _lock: lock })
    }
}

/// The profiles, locked so that no other process can change them.
#[derive(Debug)]
pub(crate) struct OpenStore {
    profiles: Profiles,
    replacement: Replacement,
    _lock: File,
}

impl OpenStore {
    /// Changes and writes the profiles.
    pub(crate) fn save(mut self, change: impl FnOnce(&mut Profiles)) -> Result<(), StoreError> {
        change(&mut self.profiles);
        self.replacement.complete(&self.profiles.to_json())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;
    use mfly_client::{LicenceKey, Password, UserId};
    use std::path::Path;

    impl Store {
        async fn update(&self, change: impl FnOnce(&mut Profiles)) -> Result<(), StoreError> {
            self.open(Duration::from_secs(5)).await?.save(change)
        }
    }

    fn profile(password: &str) -> Profile {
        let mut profile = Profile::new("https://api.example.test/api/v1".to_owned());
        profile.licence_key = Some(LicenceKey::new("the-key").unwrap());
        profile.remember(&UserId::new("u1").unwrap(), Password::new(password).unwrap());
        profile
    }

    #[tokio::test]
    async fn saved_profiles_are_read_back_and_no_other_file_is_left() {
        let folder = Folder::new("saved");
        let store = Store::at(folder.path().to_owned());
        assert!(store.load().unwrap().is_empty());
        drop(store.open(Duration::from_secs(5)).await.unwrap());
        assert_eq!(folder.names(), ["profiles.lock"]);
        store.update(|profiles| profiles.put("work", profile("pw"))).await.unwrap();
        assert_eq!(folder.names(), ["profiles.json", "profiles.lock"]);
        let profiles = store.load().unwrap();
        let saved = profiles.named("work").unwrap();
        assert_eq!(saved.user, Some("u1".to_owned()));
        assert_eq!(saved.account("u1").unwrap().password.expose(), "pw");
        assert_eq!(saved.licence_key.as_ref().unwrap().expose(), "the-key");
        assert_eq!(profiles.current(), Some("work"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_can_read_the_saved_profiles() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new("modes");
        let store = Store::at(folder.path().to_owned());
        store.update(|profiles| profiles.put("work", profile("pw"))).await.unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&store.path()), mode(folder.path())), (0o600, 0o700));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_that_others_can_read_is_refused_with_the_cure() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new("exposed");
        let store = Store::at(folder.path().to_owned());
        store.update(|profiles| profiles.put("work", profile("pw"))).await.unwrap();
        std::fs::set_permissions(store.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = store.load().unwrap_err();
        assert!(matches!(error, StoreError::Exposed { mode: 0o644, .. }), "{error:?}");
        assert!(error.hint().contains("chmod 600"), "{}", error.hint());
        let refused = store.update(|profiles| profiles.put("work", profile("other"))).await;
        assert!(refused.is_err());
    }

    #[tokio::test]
    async fn a_malformed_file_is_refused_without_repeating_it() {
        let folder = Folder::new("malformed");
        let store = Store::at(folder.path().to_owned());
        store.update(|_| ()).await.unwrap();
        for text in ["{\"password\":\"hunter2\"", "[]", "{\"version\":99,\"profiles\":{}}"] {
            std::fs::write(store.path(), text).unwrap();
            let shown = store.load().unwrap_err().to_string();
            assert!(shown.contains("not a file of saved profiles"), "{shown}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[tokio::test]
    async fn two_changes_at_once_both_last() {
        let folder = Folder::new("turns");
        let store = Store::at(folder.path().to_owned());
        let changes = ["one", "two", "three", "four"].map(|name| {
            let store = store.clone();
            async move { store.update(|profiles| profiles.put(name, profile(name))).await }
        });
        for result in futures_util::future::join_all(changes).await {
            result.unwrap();
        }
        assert_eq!(store.load().unwrap().names().count(), 4);
    }

    #[tokio::test]
    async fn a_store_that_another_process_keeps_is_refused_after_the_deadline() {
        let folder = Folder::new("kept");
        let store = Store::at(folder.path().to_owned());
        let kept = store.open(Duration::from_secs(5)).await.unwrap();
        let refused = store.open(Duration::from_millis(20)).await.unwrap_err();
        assert!(matches!(refused, StoreError::Locked { .. }), "{refused:?}");
        drop(kept);
        assert!(store.open(Duration::from_secs(5)).await.is_ok());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_link_to_the_profiles_stays_one() {
        let folder = Folder::new("link");
        let elsewhere = folder.path().join("elsewhere.json");
        let store = Store::at(folder.path().join("config"));
        let save = async |name: &'static str| {
            let change = |profiles: &mut Profiles| profiles.put(name, profile("pw"));
            store.update(change).await.unwrap();
        };
        save("one").await;
        std::fs::rename(store.path(), &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, store.path()).unwrap();
        save("two").await;
        assert!(store.path().is_symlink());
        assert_eq!(store.load().unwrap().names().count(), 2);
    }
}
