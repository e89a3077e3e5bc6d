//! The result of the TLS handshake, and the channel bindings.

use crate::certificates::Authority;
use crate::setup::{self, Ends, direct, header, tls, tls_by};
use futures_util::{SinkExt, StreamExt};
use mfly_transport::{Fault, Options, Security, ServerTls, Tls, TlsProblem, TlsVersion};
use rcgen::{PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256, Sha384};
use std::sync::Arc;

fn security(ends: &Ends) -> (&Security, &Security) {
    (ends.0.security().unwrap(), ends.1.security().unwrap())
}

/// A server with a configuration of its own, and a client's TLS that trusts it.
fn custom(
    authority: &Authority,
    versions: &[&'static SupportedProtocolVersion],
    verifier: Arc<dyn ClientCertVerifier>,
) -> (ServerTls, Tls) {
    let (chain, key) = authority.issue("127.0.0.1");
    let certificate = CertificateDer::from_pem_slice(chain.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    if versions == [&TLS12] {
        config.ticketer = rustls::crypto::ring::Ticketer::new().unwrap();
    }
    let trust = Tls::custom(authority.pem().as_bytes()).unwrap();
    (ServerTls::with_config(Arc::new(config), &certificate), trust)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A server with one TLS version.
fn speaking(version: &'static SupportedProtocolVersion) -> (ServerTls, Tls) {
    custom(&Authority::new(), &[version], WebPkiClientVerifier::no_client_auth())
}

#[tokio::test]
async fn both_ends_have_the_same_result() {
    let (tls, trust) = tls("127.0.0.1", &[b"xmpp-client"]);
    let ends = direct(&tls, &Options::new(trust)).await.unwrap();
    let (client, server) = security(&ends);
    assert_eq!(client.version, TlsVersion::Tls13);
    assert!(client.cipher_suite.starts_with("TLS13_"), "{client:?}");
    assert_eq!(client.alpn.as_deref(), Some(&b"xmpp-client"[..]));
    assert!(!client.resumed);
    assert_eq!(client.certificates.len(), 1);
    assert_eq!(client.certificate().unwrap().names, ["127.0.0.1"]);
    assert_eq!(server.certificate(), None);
    let mut as_server = client.clone();
    as_server.certificates.clear();
    assert_eq!(*server, as_server);
    let debug = format!("{client:?}");
    assert!(debug.contains("alpn: Some(\"xmpp-client\"), certificates: 1,"), "{debug}");
}

#[tokio::test]
async fn every_kind_of_tls_has_bindings_and_clear_text_has_none() {
    for ends in [setup::wss().await, setup::start_tls().await] {
        let bindings = ends.0.channel_bindings();
        assert!(bindings.tls_exporter.is_some() && bindings.tls_server_end_point.is_some());
        assert_eq!(bindings, ends.1.channel_bindings());
    }
    for ends in [setup::ws().await, setup::tcp().await, setup::in_memory_tcp().await] {
        assert!(ends.0.security().is_none() && ends.1.security().is_none());
        assert!(ends.0.channel_bindings().is_empty());
        assert!(ends.1.channel_bindings().is_empty());
    }
}

#[tokio::test]
async fn start_tls_offers_no_application_protocol() {
    assert_eq!(security(&setup::start_tls().await).0.alpn, None);
}

#[tokio::test]
async fn the_exporter_is_unique_for_each_connection_and_missing_before_tls_1_3() {
    let (tls, trust) = speaking(&TLS13);
    let options = Options::new(trust);
    let mut exporters = Vec::new();
    for _ in 0..2 {
        let ends = direct(&tls, &options).await.unwrap();
        assert_eq!(security(&ends).0.version, TlsVersion::Tls13);
        assert_eq!(ends.0.channel_bindings(), ends.1.channel_bindings());
        exporters.push(ends.0.channel_bindings().tls_exporter.unwrap());
    }
    assert_eq!(exporters[0].len(), 32);
    assert_ne!(exporters[0], exporters[1]);

    let (tls, trust) = speaking(&TLS12);
    let ends = direct(&tls, &Options::new(trust)).await.unwrap();
    assert_eq!(security(&ends).0.version, TlsVersion::Tls12);
    let bindings = ends.0.channel_bindings();
    assert_eq!(bindings.tls_exporter, None);
    assert!(bindings.tls_server_end_point.is_some());
    assert_eq!(bindings, ends.1.channel_bindings());
}

#[tokio::test]
async fn the_server_end_point_is_hashed_like_the_signature_of_the_certificate() {
    type Hash = fn(&[u8]) -> Option<Vec<u8>>;
    let cases: [(Authority, Hash); 3] = [
        (Authority::new(), |der| Some(Sha256::digest(der).to_vec())),
        (Authority::signing(&PKCS_ECDSA_P384_SHA384), |der| Some(Sha384::digest(der).to_vec())),
        // RFC 5929 §4.1 does not say what a signature without a hash function means.
        (Authority::signing(&PKCS_ED25519), |_| None),
    ];
    for (authority, hash) in cases {
        let (tls, trust) = tls_by(&authority, "127.0.0.1", &[]);
        let ends = direct(&tls, &Options::new(trust)).await.unwrap();
        let certificate = &security(&ends).0.certificates[0];
        for end in [&ends.0, &ends.1] {
            assert_eq!(end.channel_bindings().tls_server_end_point, hash(certificate));
        }
    }
}

#[tokio::test]
async fn a_server_of_other_application_protocols_is_refused() {
    let (tls, trust) = tls("127.0.0.1", &[b"xmpp-server", b"h2"]);
    let error = direct(&tls, &Options::new(trust)).await.unwrap_err();
    assert_eq!(error.tls_problem(), Some(TlsProblem::Alpn), "{error:?}");
    assert_eq!(error.fault(), Fault::Peer);
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_server_without_application_protocols_is_accepted() {
    let (tls, trust) = tls("127.0.0.1", &[]);
    let ends = direct(&tls, &Options::new(trust)).await.unwrap();
    assert_eq!(security(&ends).0.alpn, None);
}

#[tokio::test]
async fn the_second_connection_resumes_the_session_of_the_first() {
    for version in [&TLS12, &TLS13] {
        let (tls, trust) = speaking(version);
        // Clones share the store of sessions.
        let (first, second) = (Options::new(trust.clone()), Options::new(trust.clone()));
        let mut ends = direct(&tls, &first).await.unwrap();
        // The server sends the ticket with its first data.
        ends.1.send(header()).await.unwrap();
        ends.0.next().await.unwrap().unwrap();
        let again = direct(&tls, &second).await.unwrap();
        let ((was, _), (client, server)) = (security(&ends), security(&again));
        assert!(!was.resumed && client.resumed && server.resumed, "{version:?}");
        // A resumed session has the certificate and its binding.
        assert_eq!(was.certificates, client.certificates);
        assert_eq!(
            ends.0.channel_bindings().tls_server_end_point,
            again.0.channel_bindings().tls_server_end_point
        );
        assert_eq!(again.0.channel_bindings(), again.1.channel_bindings());

        let stranger = Options::new(speaking(version).1);
        assert!(direct(&tls, &stranger).await.is_err(), "{version:?}");
    }
}

#[tokio::test]
async fn a_client_sends_its_certificate_to_a_server_that_requests_one() {
    let authority = Authority::new();
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().into()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
    let (tls, trust) = custom(&authority, &[&TLS12, &TLS13], verifier.build().unwrap());
    let (own_chain, own_key) = authority.issue("alice.example.com");
    let alice = trust.with_identity(own_chain.as_bytes(), own_key.as_bytes()).unwrap();

    let ends = direct(&tls, &Options::new(alice)).await.unwrap();
    let shown = security(&ends).1.certificate().unwrap();
    assert_eq!(shown.names, ["alice.example.com"]);
    let (_, other_key) = authority.issue("alice.example.com");
    let refused = trust.with_identity(own_chain.as_bytes(), other_key.as_bytes());
    assert_eq!(refused.unwrap_err().name, "key");
    assert!(direct(&tls, &Options::new(trust)).await.is_err());
}
