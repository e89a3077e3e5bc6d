//! The TLS configuration of a server.

use super::roots::{certificates, is_pem};
use super::{VERSIONS, provider};
use crate::security::{Security, end_point};
use mfly_proto::argument::InvalidArgument;
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use std::sync::Arc;
use tokio_rustls::server::TlsStream;

/// Makes the configuration of a server.
///
/// `chain` is the server's certificate followed by intermediate ones, as PEM text, or one
/// certificate as DER. `key` is the private key as PEM or DER (PKCS#8, PKCS#1 or SEC1). A client
/// that offers protocols (ALPN, RFC 7301) must offer one of `alpn`, unless `alpn` is empty.
///
/// # Errors
/// When the chain or the key cannot be read, or the key does not belong to the chain.
pub fn server_config(
    chain: &[u8],
    key: &[u8],
    alpn: &[&[u8]],
) -> Result<Arc<ServerConfig>, InvalidArgument> {
    Ok(ServerTls::new(chain, key, alpn)?.config)
}

/// A server's TLS configuration, and the channel binding of its certificate.
#[derive(Clone, Debug)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
    end_point: Option<Vec<u8>>,
}

impl ServerTls {
    /// The configuration of a server. The arguments are those of [`server_config`].
    ///
    /// # Errors
    /// As [`server_config`].
    pub fn new(chain: &[u8], key: &[u8], alpn: &[&[u8]]) -> Result<Self, InvalidArgument> {
        let chain = certificates("chain", chain)?;
        let end_point = chain.first().and_then(|own| end_point(own));
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(VERSIONS)
            .map_err(|_| InvalidArgument::new("chain", "no common TLS version"))?
            .with_no_client_auth()
            .with_single_cert(chain, private_key(key)?)
            .map_err(|_| {
                InvalidArgument::new(
                    "key",
                    "it does not belong to the first certificate of the chain",
                )
            })?;
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Ok(Self { config: Arc::new(config), end_point })
    }

    /// A configuration of your own, which sends the given certificate (DER) to every client.
    #[must_use]
    pub fn with_config(config: Arc<ServerConfig>, certificate: &[u8]) -> Self {
        Self { config, end_point: end_point(certificate) }
    }

    /// The configuration for rustls.
    #[must_use]
    pub fn config(&self) -> &Arc<ServerConfig> {
        &self.config
    }

    /// The result of the handshake with a client, for
    /// [`Connection::with_security`](crate::Connection::with_security).
    #[must_use]
    pub fn security<T>(&self, stream: &TlsStream<T>) -> Security {
        Security::of_server(stream.get_ref().1, self.end_point.clone())
    }
}

pub(super) fn private_key(bytes: &[u8]) -> Result<PrivateKeyDer<'static>, InvalidArgument> {
    let key = if is_pem(bytes) {
        PrivateKeyDer::from_pem_slice(bytes).ok()
    } else {
        PrivateKeyDer::try_from(bytes.to_vec()).ok()
    };
    // The reader's own error could quote the key.
    key.ok_or_else(|| InvalidArgument::new("key", "it is not a private key in PEM or DER"))
}
