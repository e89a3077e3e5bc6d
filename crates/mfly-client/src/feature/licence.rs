//! From a licence key to the address of its API.
//!
//! `GET https://api-config.mirrorfly.com/license/details?licenseKey=…`. Wire form:
//! [`mfly_api::endpoint::licence`].

use crate::error::{Error, Result};
use mfly_api::endpoint::licence;
use mfly_api::http::{Cleartext, HttpBackend};
use mfly_api::licence::{Licence, LicenceCache};
use mfly_api::{Api, BaseUrl};
use mfly_proto::secret::LicenceKey;
use std::sync::Arc;

/// Asks the platform's licence server, through the cache, or the one at `url`.
pub(crate) async fn look_up(
    backend: &Arc<dyn HttpBackend>,
    cache: &dyn LicenceCache,
    licence_key: &LicenceKey,
    url: Option<BaseUrl>,
    cleartext: Cleartext,
) -> Result<Licence> {
    let Some(url) = url else {
        let licence = mfly_api::licence::look_up(&**backend, cache, licence_key, cleartext).await;
        return licence.map_err(|error| Error::from(error).about_licence());
    };
    let request = licence::Request::at(licence_key.clone(), url.as_str());
    let api = Api::new(backend.clone(), url).with_cleartext(cleartext);
    let answer = api.send(&request).await;
    let answer = answer.map_err(|error| Error::from(error).about_licence())?;
    Ok(answer.licence)
}
