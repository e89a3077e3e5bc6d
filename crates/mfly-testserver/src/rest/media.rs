//! Media: uploads whole or in parts, downloads whole or by ranges, forwarding.
//!
//! Parts and ranges use pre-signed URLs of this server below `/media-store/`, without a token: the
//! secret in the URL is the permission, as with the platform's object stores.
//!
//! Multipart uploads are committed by a URL, as with Oracle's stores, unless the builder says
//! otherwise: with an `uploadId`, as with Amazon's, the official SDK begins again instead of
//! committing (observed: Web SDK 4.25.10).

mod range;
pub(crate) mod store;

use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::{RestResponse, RestResult};
use crate::rest::route::Route;
use crate::state::ServerState;
use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use mfly_api::endpoint::media_start::{self, Storage};
use mfly_api::endpoint::{media_commit, media_upload};
use mfly_api::file_token::FileToken;
use range::Range;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use store::{FILE_BYTES, File, MediaStore, PARTS, PartError, TYPE_BYTES, Unfinished};

pub(crate) const ROUTES: &[Route] = &[
    Route::user(Method::POST, "/media/", upload).with_file(),
    Route::user(Method::POST, "/media/upload", start),
    Route::user(Method::POST, "/media/upload/commit", commit),
    Route::user(Method::GET, "/media/generatePreAuthenticationUrlDownload", sign).with_effect(),
    Route::user(Method::POST, "/media/forward", forward),
    Route::user(Method::GET, "/media/*", download),
];

pub(crate) const STORE_ROUTES: &[Route] = &[
    Route::open(Method::PUT, "/media-store/*", store_part).with_file().admitting(is_part_awaited),
    Route::open(Method::POST, "/media-store/*", commit_by_url),
    Route::open(Method::GET, "/media-store/*", store_file),
];

/// The MIME type of an upload that names none.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// Browsers must not guess a type: files come from other users.
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// Stands in the place of a secret in the URL that commits an upload, before the token.
const COMMIT: &str = "commit/";

/// Largest number of files that one request forwards.
const FORWARDS: usize = 100;

fn fresh_id(call: &RestCall<'_>) -> String {
    call.state.with_core(|core, _| core.world_mut().fresh_id())
}

fn fresh_token(call: &RestCall<'_>) -> Result<FileToken, RestResponse> {
    FileToken::new(&fresh_id(call)).map_err(|_| RestResponse::internal_error())
}

fn not_found() -> RestResponse {
    RestResponse::http(StatusCode::NOT_FOUND, "File not found")
}

/// The MIME type that is kept.
fn content_type(given: Option<&str>) -> String {
    let given = given.filter(|given| given.len() <= TYPE_BYTES);
    given.unwrap_or(UNKNOWN_TYPE).to_owned()
}

fn invalid_token() -> RestResponse {
    RestResponse::invalid("Invalid file token")
}

fn too_large() -> RestResponse {
    RestResponse::http(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
}

/// `POST /media/`. The small version of an image is the image itself.
fn upload(call: &RestCall<'_>, caller: &Caller) -> RestResult {
    let file = call.field("file").filter(|file| !file.content.is_empty());
    let file = file.ok_or_else(|| RestResponse::invalid("file is not valid or required"))?;
    if file.content.len() > FILE_BYTES {
        return Err(too_large());
    }
    let content_type = content_type(file.content_type.as_deref());
    let (file_token, thumb) = (fresh_token(call)?, fresh_token(call)?);
    let is_image = content_type.starts_with("image/");
    let stored = File {
        owner: caller.user.clone(),
        content_type,
        // A slice would keep the form around it in memory.
        bytes: Bytes::copy_from_slice(&file.content),
    };
    let is_stored = call.state.with_media(|store| {
        let is_stored = store.insert(file_token.as_str().to_owned(), stored);
        if is_image && let Some(file) = store.file(file_token.as_str()).cloned() {
            store.share(thumb.as_str().to_owned(), file);
        }
        is_stored
    });
    if !is_stored {
        return Err(RestResponse::unavailable());
    }
    let file_token_thumb = is_image.then_some(thumb);
    Ok(RestResponse::success(media_upload::Response { file_token, file_token_thumb }))
}

/// `POST /media/upload`. A resumed upload begins again with its old token, which only its own user
/// may use.
fn start(call: &RestCall<'_>, caller: &Caller) -> RestResult {
    let body: media_start::RequestBody = call.json()?;
    let parts = usize::try_from(body.parts).unwrap_or(usize::MAX);
    if parts == 0 || parts > PARTS {
        return Err(RestResponse::invalid("parts should be Valid data type"));
    }
    // All receivers of the file know its token, and must not replace the file.
    let is_own = |token: &FileToken| {
        let unfinished = |store: &mut MediaStore| store.unfinished(token.as_str(), &caller.user);
        call.state.with_media(unfinished) == Unfinished::Own
    };
    let file_token = match body.file_token {
        Some(token) if is_own(&token) => token,
        Some(_) => return Err(invalid_token()),
        None => fresh_token(call)?,
    };
    let secret = fresh_id(call);
    let (origin, token) = (call.origin(), file_token.as_str().to_owned());
    let url = |part| format!("{origin}/media-store/{secret}/{part}");
    let upload_urls = (1..=parts).map(url).collect();
    let (storage, upload_id, commit_url) =
        if call.world(|world| world.settings.commit_uploads_by_id) {
            (Storage::Aws, Some(fresh_id(call)), None)
        } else {
            let url = format!("{origin}/media-store/{COMMIT}{token}");
            (Storage::Oracle, None, Some(url))
        };
    let (owner, content_type) = (caller.user.clone(), content_type(Some(&body.content_type)));
    call.state.with_media(|store| store.begin(secret.clone(), owner, token, content_type, parts));
    Ok(RestResponse::success(media_start::Response {
        file_token,
        upload_id,
        storage,
        upload_urls,
        commit_url,
    }))
}

/// `POST /media/upload/commit`. The last part has already completed the file.
fn commit(call: &RestCall<'_>, caller: &Caller) -> RestResult {
    let body: media_commit::RequestBody = call.json()?;
    let token = body.file_token.as_str();
    let (owner, unfinished) = call.state.with_media(|store| {
        let owner = store.file(token).map(|file| file.owner.clone());
        (owner, store.unfinished(token, &caller.user))
    });
    match (owner, unfinished) {
        (Some(owner), _) if owner == caller.user => {
            Ok(RestResponse::success(serde_json::json!({})))
        }
        (Some(_), _) | (None, Unfinished::Foreign) => Err(invalid_token()),
        (None, Unfinished::Own | Unfinished::No) => {
            Err(RestResponse::invalid("The upload is not complete"))
        }
    }
}

/// `POST /media-store/commit/<token>`. The last part has already completed the file.
fn commit_by_url(call: &RestCall<'_>) -> RestResult {
    let token = call.argument.strip_prefix(COMMIT).ok_or_else(not_found)?;
    if call.state.with_media(|store| store.is_complete(token)) {
        Ok(RestResponse::empty(StatusCode::OK))
    } else {
        Err(RestResponse::http(StatusCode::CONFLICT, "The upload is not complete"))
    }
}

/// `GET /media/generatePreAuthenticationUrlDownload`: makes a pre-signed URL.
fn sign(call: &RestCall<'_>, _: &Caller) -> RestResult {
    let token = call.parameter("fileToken").unwrap_or_default();
    let secret = fresh_id(call);
    let is_known = call.state.with_media(|store| {
        let is_known = store.file(&token).is_some();
        if is_known {
            store.sign_download(secret.clone(), &token);
        }
        is_known
    });
    if is_known {
        Ok(RestResponse::success(format!("{}/media-store/{secret}", call.origin())))
    } else {
        Err(invalid_token())
    }
}

/// The body of a request to forward files.
#[derive(Deserialize)]
struct Forward {
    medias: Vec<ForwardedMedia>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ForwardedMedia {
    file_token: String,
    message_id: String,
}

/// `POST /media/forward`: a new token for each message.
fn forward(call: &RestCall<'_>, caller: &Caller) -> RestResult {
    let body: Forward = call.json()?;
    if body.medias.len() > FORWARDS {
        return Err(RestResponse::invalid("medias should be Valid data type"));
    }
    let mut tokens = BTreeMap::new();
    for media in body.medias {
        let token = fresh_id(call);
        let is_known = call.state.with_media(|store| {
            let file = store.file(&media.file_token).cloned();
            let owner = caller.user.clone();
            file.is_some_and(|file| store.share(token.clone(), File { owner, ..file }))
        });
        if !is_known {
            return Err(invalid_token());
        }
        tokens.insert(media.message_id, token);
    }
    Ok(RestResponse::success(tokens))
}

/// `GET /media/<token>`: returns a file.
fn download(call: &RestCall<'_>, _: &Caller) -> RestResult {
    let file = call.state.with_media(|store| store.file(call.argument).cloned());
    Ok(served(call, file.ok_or_else(not_found)?))
}

/// The secret and the number in the URL of a part.
fn part_of_url(argument: &str) -> Result<(&str, usize), RestResponse> {
    let (secret, number) = argument.split_once('/').ok_or_else(not_found)?;
    Ok((secret, number.parse().map_err(|_| not_found())?))
}

fn forbidden() -> RestResponse {
    RestResponse::http(StatusCode::FORBIDDEN, "Forbidden")
}

/// Refuses a part of an unknown upload before its body is read.
fn is_part_awaited(state: &ServerState, argument: &str) -> Result<(), RestResponse> {
    let (secret, number) = part_of_url(argument)?;
    let is_awaited = state.with_media(|store| store.awaits(secret, number));
    is_awaited.then_some(()).ok_or_else(forbidden)
}

/// `PUT /media-store/<secret>/<part>`: stores a part.
fn store_part(call: &RestCall<'_>) -> RestResult {
    let (secret, number) = part_of_url(call.argument)?;
    let stored = call.state.with_media(|store| store.part(secret, number, call.body.clone()));
    stored.map_err(|error| match error {
        PartError::Unknown => forbidden(),
        PartError::TooLarge => too_large(),
        PartError::NoRoom => RestResponse::unavailable(),
    })?;
    Ok(with_text(RestResponse::empty(StatusCode::OK), header::ETAG, &etag(call.body)))
}

/// `GET /media-store/<secret>`: returns a file by its pre-signed URL.
fn store_file(call: &RestCall<'_>) -> RestResult {
    let file = call.state.with_media(|store| store.signed_file(call.argument).cloned());
    Ok(served(call, file.ok_or_else(forbidden)?))
}

fn etag(bytes: &Bytes) -> String {
    let digest = Sha256::digest(bytes);
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

/// The response with a file, or with the range of it that the request names.
fn served(call: &RestCall<'_>, file: File) -> RestResponse {
    let content_type =
        HeaderValue::from_str(&file.content_type).unwrap_or(HeaderValue::from_static(UNKNOWN_TYPE));
    let length = file.bytes.len();
    let range = call.headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let response = match range.map_or(Ok(None), |range| Range::parse(range, length)) {
        Ok(None) => RestResponse::content(content_type, file.bytes),
        Ok(Some(Range { start, end })) => {
            let mut response = RestResponse::content(content_type, file.bytes.slice(start..=end));
            response.http_status = StatusCode::PARTIAL_CONTENT;
            with_text(response, header::CONTENT_RANGE, &format!("bytes {start}-{end}/{length}"))
        }
        Err(_) => {
            let response = RestResponse::empty(StatusCode::RANGE_NOT_SATISFIABLE);
            with_text(response, header::CONTENT_RANGE, &format!("bytes */{length}"))
        }
    };
    response
        .with(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"))
        .with(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF)
}

fn with_text(response: RestResponse, name: HeaderName, text: &str) -> RestResponse {
    match HeaderValue::from_str(text) {
        Ok(value) => response.with(name, value),
        Err(_) => response,
    }
}
