//! The look-up of the servers of a domain.

use crate::dns::{NameServer, Srv, Unknown};
use crate::proxies::{Kind, ProxyServer};
use crate::setup::{TIME_LIMIT, listen, secure, tls};
use mfly_transport::srv::{Resolver, Source, connect_domain};
use mfly_transport::{CertificateProblem, Options, Scheme, TransportError, TriedAddresses};
use std::time::Duration;
use tokio::time::Instant;

const DOMAIN: &str = "example.com";
const START_TLS: &str = "_xmpp-client._tcp.example.com";
const DIRECT_TLS: &str = "_xmpps-client._tcp.example.com";

async fn name_server(start_tls: &[Srv], direct_tls: &[Srv]) -> (NameServer, Resolver) {
    let records = [(START_TLS, start_tls), (DIRECT_TLS, direct_tls)];
    let server = NameServer::start(&records, Unknown::NoName).await;
    let resolver = Resolver::with_server(server.address).unwrap();
    (server, resolver)
}

/// The addresses of a domain with these records.
async fn addresses(start_tls: &[Srv], direct_tls: &[Srv]) -> Vec<String> {
    let (_server, resolver) = name_server(start_tls, direct_tls).await;
    let addresses = resolver.addresses(DOMAIN, TIME_LIMIT).await.unwrap();
    addresses.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn both_services_compete_by_priority() {
    let start_tls = [(20, 0, 5222, "c.example.net."), (5, 0, 5269, "a.example.net.")];
    let direct_tls = [(10, 0, 443, "b.example.net."), (30, 0, 5223, "d.example.net.")];
    assert_eq!(
        addresses(&start_tls, &direct_tls).await,
        [
            "xmpp://a.example.net:5269",
            "xmpps://b.example.net:443",
            "xmpp://c.example.net",
            "xmpps://d.example.net",
        ]
    );
    assert_eq!(addresses(&[], &direct_tls[..1]).await, ["xmpps://b.example.net:443"]);
}

#[tokio::test]
async fn an_international_domain_is_looked_up_in_ascii() {
    let name = "_xmpp-client._tcp.xn--bcher-kva.test";
    let records: &[Srv] = &[(5, 0, 5269, "a.example.net.")];
    let server = NameServer::start(&[(name, records)], Unknown::NoName).await;
    let resolver = Resolver::with_server(server.address).unwrap();
    for domain in ["bücher.test", "Bücher。Test", "xn--bcher-kva.test"] {
        let found = resolver.addresses(domain, TIME_LIMIT).await.unwrap();
        assert_eq!(found[0].to_string(), "xmpp://a.example.net:5269");
    }
    let (_none, resolver) = name_server(&[], &[]).await;
    let found = resolver.addresses("bücher.test", TIME_LIMIT).await.unwrap();
    assert_eq!(found[0].to_string(), "xmpp://xn--bcher-kva.test");
}

#[tokio::test]
async fn a_domain_without_records_is_its_own_address() {
    let (_server, resolver) = name_server(&[], &[]).await;
    let found = resolver.look_up(DOMAIN, TIME_LIMIT).await.unwrap();
    assert_eq!(found.addresses[0].to_string(), "xmpp://example.com");
    assert_eq!((found.addresses.len(), found.source), (1, Source::NoRecords));
    let failing = NameServer::start(&[], Unknown::Failure).await;
    let resolver = Resolver::with_server(failing.address).unwrap();
    let found = resolver.look_up(DOMAIN, TIME_LIMIT).await.unwrap();
    assert_eq!(found.addresses[0].to_string(), "xmpp://example.com");
    assert_eq!(found.source, Source::NoAnswer);
    let mut asked = failing.asked();
    asked.sort();
    asked.dedup();
    assert_eq!(asked, [START_TLS, DIRECT_TLS]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_name_server_exceeds_the_time_limit() {
    let silent = NameServer::start(&[], Unknown::Silence).await;
    let resolver = Resolver::with_server(silent.address).unwrap();
    let (start, limit) = (Instant::now(), Duration::from_secs(2));
    let found = resolver.look_up(DOMAIN, limit).await.unwrap();
    assert_eq!(found.addresses[0].to_string(), "xmpp://example.com");
    assert_eq!(found.source, Source::NoAnswer);
    assert_eq!(start.elapsed(), limit);
}

#[tokio::test(start_paused = true)]
async fn the_response_for_one_service_is_enough() {
    let records: [(&str, &[Srv]); 1] = [(DIRECT_TLS, &[(1, 0, 443, "a.example.")])];
    let half_silent = NameServer::start(&records, Unknown::Silence).await;
    let resolver = Resolver::with_server(half_silent.address).unwrap();
    let found = resolver.addresses(DOMAIN, TIME_LIMIT).await.unwrap();
    assert_eq!(found[0].scheme(), Scheme::Xmpps);
}

#[tokio::test]
async fn a_target_of_a_dot_means_no_service() {
    let nowhere = [(0, 0, 0, ".")];
    for (start_tls, direct_tls) in [(&nowhere[..], &[][..]), (&nowhere, &nowhere)] {
        let (_server, resolver) = name_server(start_tls, direct_tls).await;
        let error = resolver.addresses(DOMAIN, TIME_LIMIT).await.unwrap_err();
        assert!(
            matches!(&error, TransportError::NoService { domain } if domain == DOMAIN),
            "{error:?}"
        );
        assert!(!error.is_retryable());
    }
    // One of the services may be missing.
    let somewhere = [(0, 0, 443, "a.example.net.")];
    assert_eq!(addresses(&nowhere, &somewhere).await, ["xmpps://a.example.net:443"]);
    assert_eq!(addresses(&somewhere, &nowhere).await, ["xmpp://a.example.net:443"]);
    assert_eq!(addresses(&[], &nowhere).await, ["xmpp://example.com"]);
}

#[tokio::test]
async fn no_more_than_eight_servers_are_tried_and_unusable_ones_are_left_out() {
    let many = [(1, 1, 5222, "a.example."); 12];
    assert_eq!(addresses(&many, &[]).await.len(), 8);
    let odd = [(1, 0, 5222, "1.2.3."), (2, 0, 0, "a."), (3, 0, 5222, "b.example.")];
    assert_eq!(addresses(&odd, &[]).await, ["xmpp://b.example"]);
}

#[tokio::test]
async fn an_ip_address_needs_no_look_up_and_an_invalid_domain_is_refused() {
    let (server, resolver) = name_server(&[], &[]).await;
    for (domain, expected) in
        [("192.0.2.1", "xmpp://192.0.2.1"), ("2001:db8::1", "xmpp://[2001:db8::1]")]
    {
        let found = resolver.addresses(domain, TIME_LIMIT).await.unwrap();
        assert_eq!(found[0].to_string(), expected);
    }
    for domain in ["", "a b", "ü\u{2003}.example", "a..b"] {
        let error = resolver.addresses(domain, TIME_LIMIT).await.unwrap_err();
        assert!(
            matches!(&error, TransportError::Address(argument) if argument.name == "domain"),
            "{error:?}"
        );
    }
    assert!(server.asked().is_empty());
}

/// A closed port.
async fn dead_port() -> u16 {
    listen().await.local_addr().unwrap().port()
}

#[tokio::test]
async fn the_first_reachable_server_is_used_with_a_certificate_for_the_domain() {
    let (tls, trust) = tls(DOMAIN, &[]);
    let listener = listen().await;
    let port = listener.local_addr().unwrap().port();
    let start_tls = [(1, 0, dead_port().await, "localhost.")];
    let (_names, resolver) = name_server(&start_tls, &[(2, 0, port, "localhost.")]).await;
    let options = Options::new(trust);
    let serving = secure(&listener, &tls);
    let (client, _server) =
        tokio::join!(connect_domain(DOMAIN, &options, Some(&resolver)), serving);
    assert!(client.unwrap().security().is_some());
}

#[tokio::test]
async fn the_server_of_a_failed_attempt_comes_last() {
    let (tls, trust) = tls(DOMAIN, &[]);
    let (first, second) = (listen().await, listen().await);
    let port = |listener: &tokio::net::TcpListener| listener.local_addr().unwrap().port();
    let direct_tls = [(1, 0, port(&first), "localhost."), (2, 0, port(&second), "localhost.")];
    let (_names, resolver) = name_server(&[], &direct_tls).await;
    let options = Options { tried: Some(TriedAddresses::default()), ..Options::new(trust) };
    for listener in [&first, &second, &first] {
        let serving = secure(listener, &tls);
        let connecting = connect_domain(DOMAIN, &options, Some(&resolver));
        let (client, server) = tokio::join!(connecting, tokio::time::timeout(TIME_LIMIT, serving));
        assert!(client.is_ok(), "{client:?}");
        assert!(server.is_ok_and(|server| server.is_ok()), "another server was used");
    }
}

#[tokio::test]
async fn the_most_specific_error_is_returned() {
    let (tls, trust) = tls("other.example", &[]);
    let listener = listen().await;
    let port = listener.local_addr().unwrap().port();
    let direct_tls = [
        (1, 0, dead_port().await, "localhost."),
        (2, 0, port, "localhost."),
        (3, 0, dead_port().await, "localhost."),
    ];
    let (_names, resolver) = name_server(&[], &direct_tls).await;
    let options = Options::new(trust);
    let serving = secure(&listener, &tls);
    let (client, _server) =
        tokio::join!(connect_domain(DOMAIN, &options, Some(&resolver)), serving);
    assert_eq!(client.unwrap_err().certificate_problem(), Some(CertificateProblem::WrongName));
}

#[tokio::test]
async fn no_look_up_is_sent_when_the_proxy_resolves_hosts() {
    let proxy = ProxyServer::refusing(Kind::Socks).await;
    let (names, resolver) = name_server(&[(1, 0, 5222, "a.example.")], &[]).await;
    let options = Options {
        proxy: Some(format!("socks5h://{}", proxy.address).parse().unwrap()),
        ..Options::default()
    };
    let outcome = connect_domain(DOMAIN, &options, Some(&resolver)).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error, TransportError::Proxy { .. }), "{error:?}");
    assert_eq!(proxy.asked(), ["example.com:5222"]);
    assert!(names.asked().is_empty());
}

#[tokio::test]
async fn a_response_is_cached_while_it_is_valid() {
    let record = [(1, 0, 443, "a.example.")];
    let (server, resolver) = name_server(&record, &record).await;
    for _ in 0..3 {
        let found = resolver.addresses(DOMAIN, TIME_LIMIT).await.unwrap();
        assert_eq!(found.len(), 2);
    }
    assert_eq!(server.asked().len(), 2);
}
