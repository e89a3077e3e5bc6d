//! The limit of files and sockets that this process may open.

/// Raises the limit to `wanted`, as far as the system allows it. On many systems it begins at
/// 1,024.
#[cfg(unix)]
pub(crate) fn raise(wanted: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
    let allowed = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    if limit.current.is_none_or(|current| current >= allowed) {
        return;
    }
    let raised = Rlimit { current: Some(allowed), maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => tracing::debug!(limit = allowed, "the limit of open files is raised"),
        Err(error) => tracing::debug!(%error, "the limit of open files cannot be raised"),
    }
}

/// Does nothing: other systems have no such limit.
#[cfg(not(unix))]
pub(crate) fn raise(_: usize) {}
