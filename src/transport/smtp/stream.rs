//! The byte stream below lettre: cleans what comes from the server and knows whether the end of a message has left.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::reply::{Filter, REPLY_BYTES};

/// What ends the content (RFC 5321 §4.1.1.4). Content cannot hold it: its dots at the beginning of a line are doubled.
pub(super) const END_OF_CONTENT: &[u8] = b"\r\n.\r\n";

/// The last write of a message has at most so many bytes: most messages go in one.
const LAST_WRITE: usize = 64 * 1024;

/// Whether the end of the message may have left this machine: before it the server cannot have taken the message,
/// after it only the server's reply can tell.
#[derive(Debug, Clone, Default)]
pub(super) struct EndOfContent(Arc<AtomicBool>);

impl EndOfContent {
    /// Before the next message.
    pub(super) fn reset(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// True when a write that held the end was taken whole by the system, or failed.
    pub(super) fn may_have_left(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn left(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// TCP or TLS, with the server's bytes cleaned.
#[derive(Debug)]
pub(super) struct Stream<S> {
    inner: S,
    peer: SocketAddr,
    filter: Filter,
    /// Cleaned, but not yet read by anybody.
    clean: Vec<u8>,
    /// How many bytes the server has sent since we last spoke.
    heard: usize,
    /// The last bytes that the system took.
    tail: Vec<u8>,
    end: EndOfContent,
}

impl<S> Stream<S> {
    pub(super) fn new(inner: S, peer: SocketAddr) -> Self {
        Self {
            inner,
            peer,
            filter: Filter::default(),
            clean: Vec::new(),
            heard: 0,
            tail: Vec::new(),
            end: EndOfContent::default(),
        }
    }

    /// Lets the reader find `bytes` before all that the server sends.
    pub(super) fn pretend(&mut self, bytes: &[u8]) {
        self.clean.extend_from_slice(bytes);
    }

    pub(super) fn into_inner(self) -> S {
        self.inner
    }

    /// True when the server has said more than anybody has read.
    pub(super) fn has_more(&self) -> bool {
        !self.clean.is_empty()
    }

    pub(super) fn end_of_content(&self) -> EndOfContent {
        self.end.clone()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stream<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.clean.is_empty() {
            let mut bytes = [0; 1024];
            let mut raw = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut raw))?;
            if raw.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.heard += raw.filled().len();
            if this.heard > 2 * REPLY_BYTES {
                return Poll::Ready(Err(io::Error::other("the server's reply has no end")));
            }
            this.filter.push(raw.filled(), &mut this.clean);
        }
        let count = buffer.remaining().min(this.clean.len());
        buffer.put_slice(&this.clean[..count]);
        this.clean.drain(..count);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        // The end of a long message goes separately: what is lost before it is certainly not delivered.
        let bytes = match bytes.len().checked_sub(LAST_WRITE) {
            Some(first) if first > 0 => &bytes[..first],
            _ => bytes,
        };
        let written = Pin::new(&mut this.inner).poll_write(cx, bytes);
        let taken = match &written {
            Poll::Ready(Ok(count)) => &bytes[..*count],
            // An error may come after the bytes have gone (TLS writes in several steps), so they count as gone.
            Poll::Ready(Err(_)) => bytes,
            Poll::Pending => &[],
        };
        this.heard = 0;
        // The system may take the end in pieces.
        this.tail.extend_from_slice(&taken[taken.len().saturating_sub(END_OF_CONTENT.len())..]);
        let old = this.tail.len().saturating_sub(END_OF_CONTENT.len());
        this.tail.drain(..old);
        if this.tail == END_OF_CONTENT {
            this.end.left();
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

impl<S> AsyncTokioStream for Stream<S>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug,
{
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    /// Takes so many bytes at a time.
    struct Slow(usize);

    impl AsyncWrite for Slow {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len().min(self.0)))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// A server that talks without end.
    struct Endless;

    impl AsyncRead for Endless {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            buffer.put_slice(&b"250-more\r\n".repeat(20)[..buffer.remaining().min(200)]);
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn a_reply_without_an_end_ends() {
        let mut stream = Stream::new(Endless, "127.0.0.1:25".parse().unwrap());
        let mut reply = Vec::new();
        let error = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut reply).await.unwrap_err();
        assert!(error.to_string().contains("no end") && reply.len() <= 2 * REPLY_BYTES, "{error}");
    }

    #[tokio::test]
    async fn the_end_is_seen_however_the_system_takes_it() {
        let message = b"Subject: x\r\n\r\nx\r\n.\r\n";
        for piece in 1..=message.len() {
            let mut stream = Stream::new(Slow(piece), "127.0.0.1:25".parse().unwrap());
            let end = stream.end_of_content();
            stream.write_all(&message[..message.len() - 1]).await.unwrap();
            assert!(!end.may_have_left(), "{piece} bytes at a time: not before the last byte");
            stream.write_all(&message[message.len() - 1..]).await.unwrap();
            assert!(end.may_have_left(), "{piece} bytes at a time");
            end.reset();
            stream.write_all(b"RSET\r\n").await.unwrap();
            assert!(!end.may_have_left());
        }
    }
}
