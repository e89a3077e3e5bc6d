//! Downloading into a file, a pipe or the standard output.

use crate::arguments::Secret;
use crate::context::Context;
use crate::exit::Failure;
use crate::file::{Destination, Writing, name};
use crate::output::Report;
use crate::progress::{ProgressLine, size};
use crate::wording;
use clap::Args;
use mfly_client::{FileKey, FileToken, MediaForm, MediaReference, Progress};
use serde_json::json;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Poll, ready};
use tokio::io::AsyncWrite;

#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  mfly media get media/2026/abc.png --key … --output photo.png")]
pub(super) struct GetArgs {
    /// The file's token.
    #[arg(value_name = "TOKEN", value_parser = file_token)]
    token: FileToken,
    /// The key that it was sealed with; not needed for a file that is not sealed.
    #[arg(
        long,
        env = "MFLY_FILE_KEY",
        value_name = "KEY",
        hide_env_values = true,
        value_parser = Secret(|text| wording::refused(FileKey::new(text)))
    )]
    key: Option<FileKey>,
    /// Its size in bytes, which tells the padding of a sealed file from the file.
    #[arg(long, value_name = "BYTES")]
    size: Option<u64>,
    /// It was sent in one piece.
    #[arg(long)]
    whole: bool,
    /// Where to write it; - for the standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: PathBuf,
    /// Replace a file that is there, without asking.
    #[arg(long)]
    overwrite: bool,
}

/// Downloads a file.
pub(super) async fn get(args: GetArgs, context: &Context) -> Result<Report, Failure> {
    // A place that cannot be written to should fail before anything is sent.
    let destination = Destination::new(&args.output, args.overwrite).await?;
    let form = if args.whole { MediaForm::Whole } else { MediaForm::Chunked };
    let mut reference = MediaReference::new(args.token, args.key).form(form);
    if let Some(bytes) = args.size {
        reference = reference.plain_len(bytes);
    }
    let line = ProgressLine::new(&name(destination.path()));
    let mut writer = Counted {
        writing: destination.open().await?,
        written: 0,
        total: args.size,
        progress: line.progress(),
    };
    let received = context
        .in_session(async |session| Ok(session.download_media_to(&reference, &mut writer).await?))
        .await;
    drop(line);
    let bytes = match (received, writer.writing.failure()) {
        (Err(_), Some(failure)) => return Err(failure),
        (received, _) => received?,
    };
    writer.writing.complete()?;
    let path = destination.path().display();
    let text = format!("downloaded {path}, {}", size(bytes));
    Ok(Report::line(text, json!({"file": path.to_string(), "size": bytes})))
}

fn file_token(text: &str) -> Result<FileToken, String> {
    wording::refused(FileToken::new(text))
}

/// A writer that reports how many bytes were written.
struct Counted<'a> {
    writing: Writing<'a>,
    written: u64,
    total: Option<u64>,
    progress: Progress,
}

impl AsyncWrite for Counted<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.writing).poll_write(context, bytes))?;
        self.written += written as u64;
        self.progress.report(self.written, self.total.unwrap_or(self.written));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writing).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writing).poll_shutdown(context)
    }
}
