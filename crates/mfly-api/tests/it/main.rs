//! What the crate does, seen from outside.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod closing;
#[cfg(test)]
mod elsewhere;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod hyper;
#[cfg(test)]
mod licence;
#[cfg(test)]
#[path = "../../../mfly-transport/tests/it/proxies.rs"]
mod proxies;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod refresh;
#[cfg(test)]
mod script;
