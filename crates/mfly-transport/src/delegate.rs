//! The methods of `AsyncWrite` that a wrapper of a byte stream does not change.

/// Implements the methods of `AsyncWrite` by calls of a field. `poll_shutdown` is among them only
/// with `shutdown`. With `after check`, each write calls `self.check()` first and fails with its
/// error.
#[doc(hidden)]
#[macro_export]
macro_rules! delegate_writes {
    ($io:ident $(, after $check:ident)?) => {
        fn poll_write(
            mut self: ::std::pin::Pin<&mut Self>,
            cx: &mut ::std::task::Context<'_>,
            bytes: &[u8],
        ) -> ::std::task::Poll<::std::io::Result<usize>> {
            $(self.$check()?;)?
            ::std::pin::Pin::new(&mut self.$io).poll_write(cx, bytes)
        }

        fn poll_write_vectored(
            mut self: ::std::pin::Pin<&mut Self>,
            cx: &mut ::std::task::Context<'_>,
            slices: &[::std::io::IoSlice<'_>],
        ) -> ::std::task::Poll<::std::io::Result<usize>> {
            $(self.$check()?;)?
            ::std::pin::Pin::new(&mut self.$io).poll_write_vectored(cx, slices)
        }

        fn is_write_vectored(&self) -> bool {
            self.$io.is_write_vectored()
        }

        fn poll_flush(
            mut self: ::std::pin::Pin<&mut Self>,
            cx: &mut ::std::task::Context<'_>,
        ) -> ::std::task::Poll<::std::io::Result<()>> {
            ::std::pin::Pin::new(&mut self.$io).poll_flush(cx)
        }
    };
    ($io:ident $(, after $check:ident)?, shutdown) => {
        $crate::delegate_writes!($io $(, after $check)?);

        fn poll_shutdown(
            mut self: ::std::pin::Pin<&mut Self>,
            cx: &mut ::std::task::Context<'_>,
        ) -> ::std::task::Poll<::std::io::Result<()>> {
            ::std::pin::Pin::new(&mut self.$io).poll_shutdown(cx)
        }
    };
}
