//! An HTTP backend whose responses a test chooses, and which records the requests.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use mfly_api::http::{HttpBackend, HttpError, ResponseLimits};
use std::sync::{Arc, Mutex};

pub(crate) type Reply = Result<Response<Bytes>, HttpError>;
type Rule = dyn Fn(&Request<Bytes>) -> Reply + Send + Sync;

/// Responds by a function of the request, after the other tasks had a turn. Responses to `/login`
/// wait until the gate opens.
pub(crate) struct Script {
    reply: Box<Rule>,
    requests: Mutex<Vec<Request<Bytes>>>,
    pub(crate) login_gate: tokio::sync::Semaphore,
}

impl Script {
    pub(crate) fn new(
        reply: impl Fn(&Request<Bytes>) -> Reply + Send + Sync + 'static,
    ) -> Arc<Self> {
        let login_gate = tokio::sync::Semaphore::new(1000);
        Arc::new(Self { reply: Box::new(reply), requests: Mutex::default(), login_gate })
    }

    /// The number of requests whose path ends in `path`.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.tokens(path).len()
    }

    /// The tokens of the requests whose path ends in `path`, in order.
    pub(crate) fn tokens(&self, path: &str) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let of_path = requests.iter().filter(|request| request.uri().path().ends_with(path));
        of_path.map(|request| token(request).to_owned()).collect()
    }

    /// The names of the headers of the last request whose path ends in `path`, in alphabetical
    /// order.
    pub(crate) fn header_names(&self, path: &str) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let last = requests.iter().rfind(|request| request.uri().path().ends_with(path));
        let mut names: Vec<_> = last.unwrap().headers().keys().map(ToString::to_string).collect();
        names.sort();
        names
    }

    /// The number of requests with this method.
    pub(crate) fn requests_with_method(&self, method: &http::Method) -> usize {
        let requests = self.requests.lock().unwrap();
        requests.iter().filter(|r| r.method() == method).count()
    }
}

/// The token of a request, or an empty text.
pub(crate) fn token(request: &Request<Bytes>) -> &str {
    request.headers().get("authorization").map_or("", |token| token.to_str().unwrap())
}

pub(crate) fn json(body: impl Into<String>) -> Reply {
    Ok(Response::new(Bytes::from(body.into())))
}

pub(crate) fn status(status: u16) -> Reply {
    Ok(Response::builder().status(status).body(Bytes::new()).unwrap())
}

#[async_trait]
impl HttpBackend for Script {
    async fn send(&self, request: Request<Bytes>, _limits: ResponseLimits) -> Reply {
        let is_login = request.uri().path().ends_with("/login");
        let reply = (self.reply)(&request);
        self.requests.lock().unwrap().push(request);
        if is_login {
            self.login_gate.acquire().await.unwrap().forget();
        }
        tokio::task::yield_now().await;
        reply
    }
}
