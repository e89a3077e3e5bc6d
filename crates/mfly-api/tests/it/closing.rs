//! Idle connections that the server closes.

use crate::hyper::{OK, backend, certificate, read_request, request};
use bytes::Bytes;
use http::Method;
use mfly_api::http::{HttpBackend, HttpError, ResponseLimits};
use mfly_api::hyper::{HyperBackend, Timeouts};
use socket2::SockRef;
use std::future::Future;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_rustls::TlsAcceptor;

/// A server on a thread with its own runtime.
struct Server<T> {
    url: String,
    orders: UnboundedSender<()>,
    done: Receiver<()>,
    thread: JoinHandle<T>,
}

/// The receiver of the orders, in the server.
struct Orders {
    orders: UnboundedReceiver<()>,
    done: Sender<()>,
}

impl<T: Send + 'static> Server<T> {
    fn start<F: Future<Output = T>>(
        work: impl FnOnce(TcpListener, Orders) -> F + Send + 'static,
    ) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        let (orders, received) = unbounded_channel();
        let (done, is_done) = channel();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let orders = Orders { orders: received, done };
            runtime.block_on(
                async move { work(TcpListener::from_std(listener).unwrap(), orders).await },
            )
        });
        Self { url, orders, done: is_done, thread }
    }

    /// Lets the server continue. The client's runtime is blocked meanwhile, so it has not seen the
    /// effect before its next request.
    fn order(&self) {
        self.orders.send(()).unwrap();
        self.done.recv().unwrap();
    }

    /// The result of the server's work.
    async fn result(self) -> T {
        let joined = tokio::task::spawn_blocking(|| self.thread.join()).await;
        joined.unwrap().unwrap()
    }
}

impl Orders {
    async fn wait(&mut self) {
        self.orders.recv().await.unwrap();
    }

    fn done(&self) {
        self.done.send(()).unwrap();
    }
}

async fn send(backend: &HyperBackend, method: Method, url: &str) -> Result<Bytes, HttpError> {
    let sent = request(method, url, b"{}");
    let response = backend.send(sent, ResponseLimits::JSON).await?;
    Ok(response.into_body())
}

/// How a server ends a connection.
#[derive(Clone, Copy, Debug)]
enum End {
    Close,
    Reset,
}

fn end(socket: TcpStream, how: End) {
    if matches!(how, End::Reset) {
        let linger = Some(Duration::ZERO);
        SockRef::from(&socket).set_linger(linger).unwrap();
    }
    drop(socket);
}

/// Accepts a connection and responds to its first request.
async fn first(listener: &TcpListener) -> TcpStream {
    let (mut socket, _) = listener.accept().await.unwrap();
    read_request(&mut socket).await;
    socket.write_all(OK).await.unwrap();
    socket
}

/// Responds to all requests until `connections` connections have ended, and returns the number of
/// requests.
async fn respond(listener: &TcpListener, connections: usize) -> usize {
    let mut requests = 0;
    for _ in 0..connections {
        let (mut socket, _) = listener.accept().await.unwrap();
        while socket.readable().await.is_ok() && socket.peek(&mut [0]).await.unwrap() > 0 {
            read_request(&mut socket).await;
            socket.write_all(OK).await.unwrap();
            requests += 1;
        }
    }
    requests
}

#[tokio::test]
async fn requests_succeed_after_all_idle_connections_were_closed() {
    for how in [End::Close, End::Reset] {
        let server = Server::start(move |listener, mut orders| async move {
            let mut sockets = Vec::new();
            for _ in 0..8 {
                let (mut socket, _) = listener.accept().await.unwrap();
                read_request(&mut socket).await;
                sockets.push(socket);
            }
            for socket in &mut sockets {
                socket.write_all(OK).await.unwrap();
            }
            orders.wait().await;
            for socket in sockets {
                end(socket, how);
            }
            orders.done();
            respond(&listener, 1).await
        });
        let backend = backend();
        let calls: Vec<_> = (0..8)
            .map(|_| {
                let (backend, url) = (backend.clone(), server.url.clone());
                tokio::spawn(async move { send(&backend, Method::GET, &url).await })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap(), "hi");
        }
        server.order();
        for _ in 0..3 {
            let got = send(&backend, Method::GET, &server.url).await;
            assert_eq!(got.unwrap(), "hi", "{how:?}");
        }
        drop(backend);
        assert_eq!(server.result().await, 3, "{how:?}");
    }
}

#[tokio::test]
async fn a_post_after_a_closed_connection_is_sent_once_on_a_new_one() {
    for how in [End::Close, End::Reset] {
        let server = Server::start(move |listener, mut orders| async move {
            let socket = first(&listener).await;
            orders.wait().await;
            end(socket, how);
            orders.done();
            respond(&listener, 1).await
        });
        let backend = backend();
        send(&backend, Method::POST, &server.url).await.unwrap();
        server.order();
        let got = send(&backend, Method::POST, &server.url).await;
        assert_eq!(got.unwrap(), "hi", "{how:?}");
        drop(backend);
        assert_eq!(server.result().await, 1, "{how:?}");
    }
}

#[tokio::test]
async fn a_closed_connection_is_detected_through_tls() {
    let (tls, trust) = certificate("127.0.0.1");
    let server = Server::start(move |listener, mut orders| async move {
        let acceptor = TlsAcceptor::from(tls.config().clone());
        let mut requests = 0;
        for is_last in [false, true] {
            let (socket, _) = listener.accept().await.unwrap();
            let mut socket = acceptor.accept(socket).await.unwrap();
            read_request(&mut socket).await;
            socket.write_all(OK).await.unwrap();
            requests += 1;
            if !is_last {
                orders.wait().await;
            }
            socket.shutdown().await.unwrap();
            drop(socket);
            if !is_last {
                orders.done();
            }
        }
        requests
    });
    let backend = HyperBackend::new(&trust, Timeouts::default());
    let url = server.url.replace("http:", "https:");
    send(&backend, Method::POST, &url).await.unwrap();
    server.order();
    assert_eq!(send(&backend, Method::POST, &url).await.unwrap(), "hi");
    assert_eq!(server.result().await, 2);
}

#[tokio::test]
async fn an_idempotent_request_is_sent_again_once() {
    let server = Server::start(|listener, _orders| async move {
        // Reads each request and closes the connection.
        let mut requests = 0;
        for _ in 0..2 {
            let (mut socket, _) = listener.accept().await.unwrap();
            read_request(&mut socket).await;
            requests += 1;
        }
        drop(listener);
        requests
    });
    let result = send(&backend(), Method::GET, &server.url).await;
    assert!(matches!(result, Err(HttpError::Closed { .. })), "{result:?}");
    assert_eq!(server.result().await, 2);
}

#[tokio::test]
async fn only_an_idempotent_request_uses_a_connection_that_was_idle_for_long() {
    for (method, on_fresh) in [(Method::GET, false), (Method::POST, true)] {
        let server = Server::start(|listener, _orders| async move {
            let first = first(&listener).await;
            let mut byte = [0];
            let (mut socket, is_fresh) = tokio::select! {
                accepted = listener.accept() => (accepted.unwrap().0, true),
                _ = first.peek(&mut byte) => (first, false),
            };
            read_request(&mut socket).await;
            socket.write_all(OK).await.unwrap();
            is_fresh
        });
        let backend = backend();
        send(&backend, Method::POST, &server.url).await.unwrap();
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(2)).await;
        tokio::time::resume();
        send(&backend, method, &server.url).await.unwrap();
        drop(backend);
        assert_eq!(server.result().await, on_fresh);
    }
}

#[tokio::test]
async fn an_unused_connection_is_closed_after_the_idle_time() {
    let server = Server::start(|listener, _orders| async move {
        let mut socket = first(&listener).await;
        socket.read_u8().await.unwrap_err().kind()
    });
    let backend = backend();
    send(&backend, Method::GET, &server.url).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(Timeouts::default().idle).await;
    tokio::time::resume();
    assert_eq!(server.result().await, std::io::ErrorKind::UnexpectedEof);
    drop(backend);
}
