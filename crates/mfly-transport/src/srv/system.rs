//! The name servers of the system's current configuration.
//!
//! A machine that joins another network gets other name servers: the file that lists them is
//! rewritten (`resolv.conf(5)`). So the configuration is read before each look-up, and the cache is
//! used while the configuration stays the same.

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The source of the configuration.
#[derive(Clone)]
enum ConfigSource {
    /// The configuration of the operating system.
    System,
    /// A file in the form of `resolv.conf(5)`.
    #[cfg(all(unix, not(any(target_os = "android", target_vendor = "apple"))))]
    File(Arc<PathBuf>),
}

/// A resolver for the current configuration.
#[derive(Clone)]
pub(super) struct SystemResolver {
    source: ConfigSource,
    /// The latest resolver, and the configuration that it was made for.
    current: Arc<Mutex<Option<(String, TokioResolver)>>>,
}

impl SystemResolver {
    pub(super) fn system() -> Self {
        Self::at(ConfigSource::System)
    }

    #[cfg(all(unix, not(any(target_os = "android", target_vendor = "apple"))))]
    pub(super) fn file(path: PathBuf) -> Self {
        Self::at(ConfigSource::File(Arc::new(path)))
    }

    fn at(source: ConfigSource) -> Self {
        Self { source, current: Arc::default() }
    }

    /// The resolver for the current configuration. If the configuration is unchanged, or cannot be
    /// read because the file is being rewritten, the latest resolver is used.
    pub(super) fn now(&self) -> Result<TokioResolver, NetError> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let (config, options) = match (self.source.read(), &*current) {
            (Ok(read), _) => read,
            (Err(_), Some((_, resolver))) => return Ok(resolver.clone()),
            (Err(error), None) => return Err(error),
        };
        let text = format!("{config:?} {options:?}");
        if let Some((known, resolver)) = &*current
            && *known == text
        {
            return Ok(resolver.clone());
        }
        let provider = TokioRuntimeProvider::default();
        let resolver =
            TokioResolver::builder_with_config(config, provider).with_options(options).build()?;
        *current = Some((text, resolver.clone()));
        Ok(resolver)
    }
}

impl ConfigSource {
    fn read(&self) -> Result<(ResolverConfig, ResolverOpts), NetError> {
        match self {
            Self::System => hickory_resolver::system_conf::read_system_conf(),
            #[cfg(all(unix, not(any(target_os = "android", target_vendor = "apple"))))]
            Self::File(path) => {
                hickory_resolver::system_conf::parse_resolv_conf(std::fs::read(&**path)?)
            }
        }
    }
}

#[cfg(test)]
#[cfg(all(unix, not(any(target_os = "android", target_vendor = "apple"))))]
mod tests {
    use super::*;
    use std::fs;

    /// The name servers in use.
    fn servers(system: &SystemResolver) -> Vec<String> {
        system.now().unwrap();
        let current = system.current.lock().unwrap();
        let (text, _) = current.as_ref().unwrap();
        ["192.0.2.1", "192.0.2.2"]
            .into_iter()
            .filter(|server| text.contains(server))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn each_look_up_uses_the_name_servers_that_the_file_names() {
        let path = std::env::temp_dir().join(format!("mfly-resolv-{}.conf", std::process::id()));
        let system = SystemResolver::file(path.clone());
        assert!(system.now().is_err(), "there is no file yet");
        for server in ["192.0.2.1", "192.0.2.2", "192.0.2.1"] {
            fs::write(&path, format!("nameserver {server}\n")).unwrap();
            assert_eq!(servers(&system), [server]);
            assert_eq!(servers(&system), [server]);
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(servers(&system), ["192.0.2.1"], "the latest known one");
    }
}
