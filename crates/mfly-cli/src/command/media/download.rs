//! Downloading into a file: under another name until it is complete.

use super::GetArgs;
use crate::context::Context;
use crate::exit::Failure;
use crate::file::name;
use crate::output::Report;
use crate::progress::{ProgressLine, size};
use mfly_client::{MediaForm, MediaReference, Progress, Session};
use serde_json::json;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Poll, ready};
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWrite;

/// Downloads a file.
pub(super) async fn get(args: GetArgs, context: &Context) -> Result<Report, Failure> {
    let path = args.output;
    if !args.overwrite && path.exists() {
        return Err(Failure::Usage {
            message: format!("{} is there already", path.display()),
            hint: "pass --overwrite to replace it".to_owned(),
        });
    }
    let form = if args.whole {
        MediaForm::Whole
    } else {
        MediaForm::Chunked
    };
    let mut reference = MediaReference::new(args.token, args.key).form(form);
    if let Some(bytes) = args.size {
        reference = reference.plain_len(bytes);
    }
    let (part, file) = Part::create(&path).await?;
    let line = ProgressLine::new(&name(&path));
    let writer = Counted {
        file,
        written: 0,
        total: args.size,
        progress: line.progress(),
    };
    let receive =
        async |session: &Session| Ok(session.download_media_to(&reference, writer).await?);
    let bytes = context.in_session(receive).await?;
    drop(line);
    part.complete(&path)?;
    let text = format!("downloaded {}, {}", path.display(), size(bytes));
    Ok(Report::line(
        text,
        json!({"file": path.display().to_string(), "size": bytes}),
    ))
}

/// A file that is not complete yet; removed if it never is.
struct Part(Option<PathBuf>);

impl Part {
    async fn create(path: &Path) -> Result<(Self, File), Failure> {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let part = PathBuf::from(name);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&part)
            .await;
        let file = file.map_err(|error| Failure::file("write", part.display(), error))?;
        Ok((Self(Some(part)), file))
    }

    fn complete(mut self, path: &Path) -> Result<(), Failure> {
        if let Some(part) = self.0.take() {
            std::fs::rename(&part, path)
                .map_err(|error| Failure::file("write", path.display(), error))?;
        }
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(part) = &self.0 {
            let _ = std::fs::remove_file(part);
        }
    }
}

/// Counts what is written.
struct Counted {
    file: File,
    written: u64,
    total: Option<u64>,
    progress: Progress,
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.file).poll_write(context, bytes))?;
        self.written += written as u64;
        self.progress
            .report(self.written, self.total.unwrap_or(self.written));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_shutdown(context)
    }
}
