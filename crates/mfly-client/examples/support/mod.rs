//! What all examples need: an app, on a server of their own unless one is named.

use mfly_client::{App, LicenceKey, Tls};
use mfly_testserver::TestServer;
use std::error::Error;

/// The app, and the server if it had to be started: keep it as long as the app.
pub(crate) async fn app() -> Result<(App, Option<TestServer>), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    if let Some(licence_key) = arguments.next() {
        let mut builder = App::builder(LicenceKey::new(licence_key)?);
        if let Some(url) = arguments.next() {
            builder = builder.api_base_url(&url);
        }
        return Ok((builder.build().await?, None));
    }
    let server = TestServer::start().await?;
    println!("started a server at {}", server.api_base_url());
    let certificate = server.ca_certificate_pem().ok_or("the server has no certificate")?;
    let app = App::builder(server.licence_key())
        .api_base_url(&server.api_base_url())
        .tls(Tls::custom(certificate.as_bytes())?)
        .build()
        .await?;
    Ok((app, Some(server)))
}
