//! The probe of a REST API.

use crate::error::{Error, Result};
use ::http::header::{ACCEPT, DATE};
use ::http::{HeaderValue, Request, Uri};
use bytes::Bytes;
use mfly_api::endpoint::{Endpoint, config};
use mfly_api::envelope::Envelope;
use mfly_api::http::{self, Cleartext, ResponseLimits};
use mfly_api::hyper::{HyperBackend, Timeouts};
use mfly_api::{ApiError, BaseUrl};
use mfly_proto::argument::InvalidArgument;
use mfly_transport::{Options, Progress, Security, TransportError, reach_observed};
use serde::de::IgnoredAny;

/// The application protocol (ALPN) of requests to REST APIs.
const HTTP: &[u8] = b"http/1.1";

/// A REST API to be probed.
#[derive(Clone, Debug)]
pub struct RestServer {
    base_url: BaseUrl,
    port: u16,
    options: Options,
}

/// The answer of a REST API to a request without a token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestAnswer {
    /// The HTTP status code.
    pub status: u16,
    /// The header `Date`, which shows the server's clock.
    pub date: Option<String>,
    /// The status code in the body, if the answer has the platform's form.
    pub code: Option<u16>,
}

impl RestServer {
    /// Makes a probe of the API at a base URL such as `https://host/api/v1`, reached with these
    /// options.
    ///
    /// # Errors
    /// When the URL is not the base URL of an API.
    pub fn new(base_url: &str, options: Options) -> Result<Self, InvalidArgument> {
        let base_url = BaseUrl::new(base_url)?;
        let uri: Option<Uri> = base_url.as_str().parse().ok();
        let port = uri.and_then(|uri| uri.port_u16());
        let usual = if base_url.is_tls() { 443 } else { 80 };
        Ok(Self { base_url, port: port.unwrap_or(usual), options })
    }

    /// The base URL of the API.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.base_url.as_str()
    }

    /// The host of the API, without the brackets of an IPv6 address.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.base_url.host();
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Whether requests are encrypted with TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.base_url.is_tls()
    }

    /// Whether the host is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.base_url.is_loopback()
    }

    /// Makes the connection that a request would use, reports each step, and closes it. Returns
    /// what TLS negotiated, `None` without TLS.
    ///
    /// # Errors
    /// See [`TransportError`].
    pub async fn reach(
        &self,
        report: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Option<Security>, TransportError> {
        let host = self.host();
        let alpn: Option<&[&[u8]]> = self.is_tls().then_some(&[HTTP]);
        reach_observed(host, self.port, alpn, &self.options, report).await
    }

    /// Requests the configuration without a token. A server of the platform refuses the request
    /// with its own form of answer.
    ///
    /// # Errors
    /// [`Network`](crate::ErrorKind::Network), [`Certificate`](crate::ErrorKind::Certificate) or
    /// [`Timeout`](crate::ErrorKind::Timeout) when no answer comes.
    pub async fn ask(&self) -> Result<RestAnswer> {
        let Options { tls, timeouts, proxy, .. } = &self.options;
        let mut limits = Timeouts::default();
        limits.connect = timeouts.dial;
        limits.total = timeouts.handshake;
        let backend = HyperBackend::with_proxy(tls, limits, proxy.clone());
        let mut request = Request::new(Bytes::new());
        let uri = self.base_url.join(config::Request::PATH).parse();
        *request.uri_mut() =
            uri.map_err(|_| InvalidArgument::new("apiBaseUrl", "no request can be made of it"))?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(ACCEPT, json);
        // The caller of the probe has chosen the address, in clear text or not.
        let is_open = !(self.is_tls() || self.is_loopback());
        let cleartext = Cleartext::from(is_open || self.options.allow_cleartext);
        let response = http::send(&backend, request, ResponseLimits::JSON, cleartext).await;
        let response = response.map_err(|error| Error::from(ApiError::from(error)))?;
        let date = response.headers().get(DATE);
        let envelope: Option<Envelope<IgnoredAny>> = serde_json::from_slice(response.body()).ok();
        Ok(RestAnswer {
            status: response.status().as_u16(),
            date: date.and_then(|date| date.to_str().ok()).map(str::to_owned),
            code: envelope.map(|envelope| envelope.status),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use mfly_testserver::TestServer;
    use mfly_transport::Tls;

    #[tokio::test]
    async fn a_server_of_the_platform_is_recognised_by_its_refusal() {
        let server = TestServer::start().await.unwrap();
        let tls = Tls::custom(server.ca_certificate_pem().unwrap().as_bytes()).unwrap();
        for url in [server.api_base_url(), server.api_base_url_tls().unwrap()] {
            let rest = RestServer::new(&url, Options::new(tls.clone())).unwrap();
            let mut steps = Vec::new();
            let security = rest.reach(&mut |step| steps.push(step)).await.unwrap();
            assert_eq!(security.is_some(), url.starts_with("https"));
            assert_eq!(steps.len(), if security.is_some() { 3 } else { 2 });
            let answer = rest.ask().await.unwrap();
            assert_eq!((answer.status, answer.code), (401, Some(401)), "{url}");
            assert!(answer.date.is_some());
        }
        server.fault().request("/users/config").refuse(403, "no");
        let rest = RestServer::new(&server.api_base_url(), Options::default()).unwrap();
        let answer = rest.ask().await.unwrap();
        assert_eq!((answer.status, answer.code), (200, Some(403)));
    }

    #[tokio::test]
    async fn an_unreachable_server_is_a_network_error() {
        let server = TestServer::start().await.unwrap();
        let url = server.api_base_url();
        server.shutdown().await;
        let rest = RestServer::new(&url, Options::default()).unwrap();
        assert_eq!(*rest.ask().await.unwrap_err().kind(), ErrorKind::Network);
    }

    #[test]
    fn the_port_is_the_default_of_the_scheme_unless_named() {
        let port = |url| RestServer::new(url, Options::default()).unwrap().port;
        assert_eq!(port("https://a.example/api/v1"), 443);
        assert_eq!(port("http://a.example"), 80);
        assert_eq!(port("https://a.example:8443/api/v1"), 8443);
        let refused = RestServer::new("wss://a.example", Options::default());
        assert_eq!(refused.unwrap_err().name, "apiBaseUrl");
    }
}
