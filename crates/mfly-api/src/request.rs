//! The HTTP request of an endpoint, made without sending it.

use crate::auth::Auth;
use crate::base_url::BaseUrl;
use crate::endpoint::{Body, Endpoint};
use crate::error::ApiError;
use crate::http::Progress;
use ::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use ::http::{HeaderMap, HeaderValue, Method, Request, Uri};
use bytes::Bytes;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::secret::Token;

/// The header `Accept` of the official SDK (observed: Web SDK 4.25.10).
const ACCEPTED: HeaderValue = HeaderValue::from_static("application/json, text/plain, */*");

/// The default header `Content-Type`, also of a request without body (observed: Web SDK 4.25.10).
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Makes the HTTP request of an endpoint. Pass the token if the endpoint needs one.
///
/// # Errors
/// When the endpoint has a value that cannot be sent, or its target is not a URL.
pub fn http_request<E: Endpoint>(
    endpoint: &E,
    base_url: &BaseUrl,
    token: Option<&Token>,
) -> Result<Request<Bytes>, ApiError> {
    Prepared::new(endpoint, Some(base_url))?.with_token(token)
}

/// A request without token, so that it can be sent again with another one.
#[derive(Clone)]
pub(crate) struct Prepared {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
    progress: Option<Progress>,
}

impl Prepared {
    /// An endpoint with an absolute target needs no `base_url`.
    pub(crate) fn new<E: Endpoint>(
        endpoint: &E,
        base_url: Option<&BaseUrl>,
    ) -> Result<Self, ApiError> {
        let target = endpoint.target();
        let is_absolute = !target.starts_with('/');
        // A URL from a response may lead anywhere. The token is for the API only.
        if is_absolute && E::Auth::NEEDS_TOKEN {
            return Err(InvalidArgument::new("url", "an absolute URL is never sent a token").into());
        }
        let url = match base_url {
            Some(base_url) if !is_absolute => base_url.join(&target),
            _ => target.into_owned(),
        };
        let uri = url
            .parse::<Uri>()
            .ok()
            .filter(|uri| {
                matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
            })
            .ok_or_else(|| InvalidArgument::new("url", "must be an absolute http or https URL"))?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, ACCEPTED);
        headers.insert(CONTENT_TYPE, JSON);
        let body = match endpoint.body()? {
            Body::Empty => Bytes::new(),
            Body::Json(json) => json,
            Body::Raw { content_type, bytes } => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
                bytes
            }
            Body::Multipart(form) => {
                let (content_type, bytes) = form.write();
                let content_type = HeaderValue::from_str(&content_type)
                    .map_err(|_| InvalidArgument::new("file", "has no valid boundary"))?;
                headers.insert(CONTENT_TYPE, content_type);
                bytes
            }
        };
        endpoint.adjust_headers(&mut headers);
        Ok(Self { method: E::METHOD, uri, headers, body, progress: endpoint.progress() })
    }

    pub(crate) fn with_token(&self, token: Option<&Token>) -> Result<Request<Bytes>, ApiError> {
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(token.expose())
                .map_err(|_| InvalidArgument::new("token", "must fit into an HTTP header"))?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        if let Some(progress) = &self.progress {
            request.extensions_mut().insert(progress.clone());
        }
        Ok(request)
    }
}
