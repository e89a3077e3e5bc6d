//! The page that shows the server in a browser. Nothing on it comes from elsewhere.

use super::Control;
use axum::Router;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{self, HeaderName};

/// What a browser may load and run: files of this server alone.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// A file of the page: its path, its media type, its text.
type File = (&'static str, &'static str, &'static str);

/// Declares the files of the page.
macro_rules! files {
    ($($path:literal $media:literal $file:literal,)*) => {
        const FILES: &[File] = &[$(($path, $media, include_str!(concat!("page/", $file))),)*];
    };
}

files! {
    "/" "text/html" "index.html",
    "/page.css" "text/css" "page.css",
    "/api.js" "text/javascript" "api.js",
    "/app.js" "text/javascript" "app.js",
    "/dom.js" "text/javascript" "dom.js",
    "/entry.js" "text/javascript" "entry.js",
    "/format.js" "text/javascript" "format.js",
    "/journal.js" "text/javascript" "journal.js",
    "/tools.js" "text/javascript" "tools.js",
    "/users.js" "text/javascript" "users.js",
}

/// The routes of the page's files.
pub(super) fn routes() -> Router<Control> {
    FILES.iter().fold(Router::new(), |router, file| {
        router.route(file.0, get(move || std::future::ready(answer(file))))
    })
}

fn answer((_, media, text): &File) -> Response {
    let media = format!("{media}; charset=utf-8");
    let headers: [(HeaderName, HeaderValue); 4] = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_str(&media).unwrap_or(HeaderValue::from_static("text/plain")),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, *text).into_response()
}

#[cfg(test)]
mod tests {
    use super::FILES;

    #[test]
    fn every_file_that_the_page_loads_is_served_and_none_is_from_elsewhere() {
        let paths: Vec<_> = FILES.iter().map(|(path, ..)| *path).collect();
        for (file, _, text) in FILES {
            assert!(!text.contains("https://") && !text.contains("http://"), "{file}");
            let imports = text.split("from \"./").skip(1).filter_map(|rest| rest.split('"').next());
            for import in imports {
                assert!(paths.contains(&format!("/{import}").as_str()), "{file}: {import}");
            }
        }
    }
}
