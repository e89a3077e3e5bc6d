//! The steps that an observer receives while a connection is opened.

use crate::hostile_server::{encode, request, response};
use crate::proxies::{Kind, ProxyServer};
use crate::setup::{TIME_LIMIT, accepted, address, listen, serve_start_tls, tcp_address, tls};
use http::{HeaderValue, header};
use mfly_transport::{
    Address, Connection, Options, Progress, StartTls, TlsVersion, TransportError, connect_observed,
    reach_observed, server,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Connects, and returns the reported steps.
async fn observed(
    address: Address,
    options: Options,
) -> (Result<Connection, TransportError>, Vec<Progress>) {
    // In another task, which requires that the future is `Send`.
    let connecting = tokio::spawn(async move {
        let mut steps = Vec::new();
        let outcome = connect_observed(&address, &options, &mut |step| steps.push(step)).await;
        (outcome, steps)
    });
    connecting.await.unwrap()
}

#[tokio::test]
async fn every_step_to_a_secured_stream_is_reported_in_order() {
    let (tls, trust) = tls("127.0.0.1", &[]);
    let listener = listen().await;
    let peer = listener.local_addr().unwrap();
    let serving = serve_start_tls(&listener, &tls, "127.0.0.1");
    let address = tcp_address("xmpp", &listener);
    let ((outcome, steps), served) = tokio::join!(observed(address, Options::new(trust)), serving);
    served.unwrap();
    let [
        Progress::Resolved { host, addresses, .. },
        Progress::Dialled { peer: dialled, .. },
        Progress::StartTlsNegotiated { .. },
        Progress::Secured { security, .. },
    ] = &steps[..]
    else {
        panic!("{steps:?}");
    };
    assert_eq!((host.as_str(), &addresses[..]), ("127.0.0.1", &[peer][..]));
    assert_eq!(*dialled, peer);
    assert_eq!(security.version, TlsVersion::Tls13);
    assert_eq!(Some(security), outcome.unwrap().security());
}

#[tokio::test]
async fn the_websocket_handshake_reports_the_servers_time() {
    let listener = listen().await;
    let serving = async {
        let (mut socket, head) = request(&listener).await;
        let mut response = response(&head);
        let date = HeaderValue::from_static("Thu, 01 Jan 2026 00:00:00 GMT");
        response.headers_mut().insert(header::DATE, date);
        socket.write_all(&encode(&response)).await.unwrap();
        socket
    };
    let address = address("ws", &listener);
    let ((outcome, steps), _socket) = tokio::join!(observed(address, Options::default()), serving);
    outcome.unwrap();
    let Some(Progress::Upgraded { status, date, .. }) = steps.last() else {
        panic!("{steps:?}");
    };
    assert_eq!(*status, 101);
    assert_eq!(date.as_deref(), Some("Thu, 01 Jan 2026 00:00:00 GMT"));
}

#[tokio::test]
async fn an_address_that_cannot_be_reached_is_reported_with_the_reason() {
    let listener = listen().await;
    let address = tcp_address("xmpp", &listener);
    let peer = listener.local_addr().unwrap();
    drop(listener);
    let (outcome, steps) = observed(address, Options::default()).await;
    assert!(matches!(outcome, Err(TransportError::Dial { .. })));
    let [Progress::Resolved { .. }, Progress::Unreachable { peer: tried, reason, .. }] = &steps[..]
    else {
        panic!("{steps:?}");
    };
    assert_eq!(*tried, peer);
    assert!(reason.contains("refused"), "{reason}");
}

#[tokio::test]
async fn the_proxy_is_a_step() {
    let proxy = ProxyServer::start(Kind::Socks, false).await;
    let listener = listen().await;
    let options = Options {
        proxy: Some(format!("socks5h://{}", proxy.address).parse().unwrap()),
        start_tls: StartTls::Disabled,
        ..Options::default()
    };
    let (outcome, steps) = observed(tcp_address("xmpp", &listener), options).await;
    outcome.unwrap();
    let [
        Progress::Resolved { .. },
        Progress::Dialled { peer, .. },
        Progress::Proxied { proxy: named, .. },
    ] = &steps[..]
    else {
        panic!("{steps:?}");
    };
    assert_eq!(*peer, proxy.address);
    assert_eq!(*named, format!("socks5h://{}", proxy.address));
}

#[tokio::test]
async fn a_server_of_another_protocol_can_be_checked() {
    let (tls, trust) = tls("127.0.0.1", &[b"http/1.1"]);
    let listener = listen().await;
    let port = listener.local_addr().unwrap().port();
    let options = Options::new(trust);
    let reaching = tokio::spawn(async move {
        let (mut steps, alpn) = (Vec::new(), [&b"http/1.1"[..]]);
        let report = &mut |step| steps.push(step);
        let secured = reach_observed("127.0.0.1", port, Some(&alpn), &options, report).await;
        let clear = reach_observed("127.0.0.1", port, None, &options, report).await;
        (secured.unwrap(), clear.unwrap(), steps)
    });
    let socket = accepted(&listener).await;
    let config = tls.config().clone();
    server::secure(socket, config, TIME_LIMIT).await.unwrap();
    let mut clear = accepted(&listener).await;
    let (secured, nothing, steps) = reaching.await.unwrap();
    assert_eq!(secured.unwrap().alpn.as_deref(), Some(&b"http/1.1"[..]));
    assert_eq!(nothing, None);
    assert!(
        matches!(
            &steps[..],
            [
                Progress::Resolved { .. },
                Progress::Dialled { .. },
                Progress::Secured { .. },
                Progress::Resolved { .. },
                Progress::Dialled { .. },
            ]
        ),
        "{steps:?}"
    );
    // No data was sent.
    let mut said = Vec::new();
    assert_eq!(clear.read_to_end(&mut said).await.unwrap(), 0);
}
