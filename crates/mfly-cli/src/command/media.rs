//! `mfly media put` and `get`: files of messages.

mod download;

use crate::arguments::value;
use crate::context::Context;
use crate::exit::Failure;
use crate::file;
use crate::operation::Operation;
use crate::output::Report;
use crate::progress::{ProgressLine, size};
use clap::{Args, Subcommand};
use download::GetArgs;
use mfly_client::{FileKey, GroupJid, MediaForm, MediaTarget, MediaUpload, UploadedMedia};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Upload or download a file.
#[derive(Args, Debug)]
pub(crate) struct MediaArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Upload a file and print what is needed to download it.
    Put(PutArgs),
    /// Download a file.
    Get(GetArgs),
}

#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  mfly media put photo.png --to bob")]
struct PutArgs {
    /// The file, or - for the standard input.
    file: PathBuf,
    /// The name to send it under, if it is not its own.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Who will see it: a user's id or a group's address.
    #[arg(long, value_name = "USER|GROUP", value_parser = target)]
    to: MediaTarget,
    /// Do not seal it: everyone who has its token can read it.
    #[arg(long)]
    unsealed: bool,
    /// Send it in one piece instead of parts of 5 MiB.
    #[arg(long)]
    whole: bool,
    /// Its media type, if its name does not tell.
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// The id of the message that it belongs to; made up unless given.
    #[arg(long, value_name = "ID")]
    message_id: Option<String>,
}

impl Operation for MediaArgs {
    fn name(&self) -> &'static str {
        match self.verb {
            Verb::Put(_) => "uploadMedia",
            Verb::Get(_) => "downloadMedia",
        }
    }

    fn writes_standard_output(&self) -> bool {
        matches!(&self.verb, Verb::Get(args) if file::is_standard(&args.output))
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        match self.verb {
            Verb::Put(args) => put(args, context).await,
            Verb::Get(args) => download::get(args, context).await,
        }
    }
}

async fn put(args: PutArgs, context: &Context) -> Result<Report, Failure> {
    // A file that cannot be read should fail before anything is sent.
    let bytes = file::read(&args.file).await?;
    let name = args.name.unwrap_or_else(|| file::name(&args.file));
    let content_type = args
        .content_type
        .as_deref()
        .or_else(|| file::content_type(Path::new(&name)))
        .unwrap_or("application/octet-stream");
    let line = ProgressLine::new(&name);
    let message_id = args.message_id.unwrap_or_else(message_id);
    let form = if args.whole { MediaForm::Whole } else { MediaForm::Chunked };
    let upload = MediaUpload::new(args.to, message_id, name.clone(), content_type, bytes)
        .form(form)
        .progress(line.progress());
    let stored = context
        .in_session(async |session| {
            session.set_media_encryption(!args.unsealed);
            Ok(session.upload_media(upload).await?)
        })
        .await?;
    drop(line);
    Ok(uploaded(&name, &stored))
}

fn uploaded(name: &str, stored: &UploadedMedia) -> Report {
    let mut rows = vec![
        ("uploaded", format!("{name}, {}", size(stored.plain_len))),
        ("token", stored.file_token.as_str().to_owned()),
    ];
    if let Some(key) = &stored.file_key {
        rows.push(("key", key.expose().to_owned()));
    }
    rows.push(("size", stored.plain_len.to_string()));
    Report::table(&rows, official(stored))
}

/// The fields of a message with this file, under the official SDK's names.
fn official(stored: &UploadedMedia) -> Value {
    json!({
        "file_url": stored.file_token.as_str(),
        "file_key": stored.file_key.as_ref().map(FileKey::expose),
        "file_size": stored.stored_len,
        "size": stored.plain_len,
        "whole": stored.form == MediaForm::Whole,
    })
}

fn target(text: &str) -> Result<MediaTarget, String> {
    match GroupJid::new(text) {
        Ok(group) => Ok(MediaTarget::Group(group)),
        Err(_) => value(text).map(MediaTarget::User),
    }
}

/// Unique on this machine: the server files uploads under it, and nothing else depends on it.
fn message_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("mfly-{}-{:x}-{count}", std::process::id(), since.as_nanos())
}
