//! The bytes to and from a server: what is to be written, what the system may have taken of it, and what has come.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::time::timeout;

use super::reply::{REPLY_BYTES, Replies};

/// The end of a long message goes in a write of its own with at most so many bytes of it: what is lost before that write is
/// certainly not delivered. Most messages go in one.
const LAST_WRITE: usize = 64 * 1024;

/// So much of what follows the end of a message travels with it: the next envelope.
const ENVELOPE: usize = 4 * 1024;

/// A stream of bytes: TCP, TLS, a socket.
pub(in crate::transport) trait Io: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Io for T {}

/// A connection, as bytes.
pub(super) struct Wire {
    io: Box<dyn Io>,
    /// What the server said.
    pub(super) replies: Replies,
    /// What is to be written.
    pub(super) output: Vec<u8>,
    /// How much of the output the system has taken.
    taken: usize,
    /// The places in the output behind the ends of messages that were not taken.
    ends: VecDeque<usize>,
    /// How many bytes were written before the output.
    before: u64,
    /// How many bytes may have left this machine since the connection was made.
    gone: u64,
}

impl Wire {
    pub(super) fn new(io: Box<dyn Io>) -> Self {
        Self {
            io,
            replies: Replies::default(),
            output: Vec::new(),
            taken: 0,
            ends: VecDeque::new(),
            before: 0,
            gone: 0,
        }
    }

    /// The stream below, for TLS to go on from.
    pub(super) fn into_io(self) -> Box<dyn Io> {
        self.io
    }

    /// Where the output ends, counted from the first byte of the connection.
    pub(super) fn here(&self) -> u64 {
        self.before + self.output.len() as u64
    }

    /// Says that a message ends where the output does.
    pub(super) fn ends_message(&mut self) {
        self.ends.push_back(self.output.len());
    }

    /// True when all bytes up to this place were taken by the system, or were part of a write that failed: TLS writes in
    /// several steps, so an error may come after the bytes have gone.
    pub(super) fn may_have_left(&self, place: u64) -> bool {
        place <= self.gone
    }

    /// Writes the output, and takes in meanwhile what the server says, lest it waits for us while we wait for it.
    pub(super) async fn flush(&mut self, limit: Duration) -> io::Result<()> {
        let mut is_deaf = false;
        let written = timeout(limit, poll_fn(|cx| self.poll_flush(cx, &mut is_deaf))).await;
        written.map_err(io::Error::from).flatten()?;
        self.before += self.output.len() as u64;
        self.output.clear();
        self.ends.clear();
        self.taken = 0;
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>, is_deaf: &mut bool) -> Poll<io::Result<()>> {
        loop {
            match self.poll_write(cx) {
                Poll::Ready(written) => return Poll::Ready(written),
                Poll::Pending if *is_deaf || self.replies.len() > 2 * REPLY_BYTES => return Poll::Pending,
                // The end of what the server says is seen again by the next read.
                Poll::Pending => *is_deaf = !matches!(ready!(self.poll_read(cx)), Ok(1..)),
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.taken < self.output.len() {
            let bytes = &self.output[self.taken..self.stop()];
            let written = ready!(Pin::new(&mut *self.io).poll_write(cx, bytes));
            let taken = match &written {
                Ok(count) => *count,
                Err(_) => bytes.len(),
            };
            self.taken += taken;
            self.gone = self.before + self.taken as u64;
            while self.ends.front().is_some_and(|end| *end <= self.taken) {
                self.ends.pop_front();
            }
            if written? == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
        }
        Pin::new(&mut *self.io).poll_flush(cx)
    }

    /// Where the next write stops.
    fn stop(&self) -> usize {
        match self.ends.front() {
            Some(end) if end - self.taken > LAST_WRITE => end - LAST_WRITE,
            Some(_) => self.output.len().min(self.taken + LAST_WRITE + ENVELOPE),
            None => self.output.len(),
        }
    }

    /// Waits until the server says something: how many bytes, none at the end.
    pub(super) async fn read(&mut self) -> io::Result<usize> {
        poll_fn(|cx| self.poll_read(cx)).await
    }

    /// Takes in what has come, without waiting.
    pub(super) async fn glance(&mut self) {
        poll_fn(|cx| {
            let _ = self.poll_read(cx);
            Poll::Ready(())
        })
        .await;
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        pin!(self.io.read_buf(self.replies.room())).poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::ReadBuf;

    use super::*;

    const PATIENT: Duration = Duration::from_secs(10);

    /// Takes so many bytes at a time, and fails when it has taken so many; talks without end.
    struct Slow {
        piece: usize,
        left: usize,
    }

    impl AsyncWrite for Slow {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            if self.left == 0 {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let count = bytes.len().min(self.piece).min(self.left);
            self.left -= count;
            Poll::Ready(Ok(count))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncRead for Slow {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            buffer.put_slice(b"250-more\r\n");
            Poll::Ready(Ok(()))
        }
    }

    fn wire(piece: usize, left: usize) -> Wire {
        Wire::new(Box::new(Slow { piece, left }))
    }

    #[tokio::test]
    async fn the_end_has_left_with_its_last_byte_however_the_system_takes_it() {
        let message = b"Subject: x\r\n\r\nx\r\n.\r\n";
        for piece in 1..=message.len() {
            let mut wire = wire(piece, usize::MAX);
            wire.output.extend_from_slice(&message[..message.len() - 1]);
            let end = wire.here() + 1;
            wire.flush(PATIENT).await.unwrap();
            assert!(!wire.may_have_left(end), "{piece} bytes at a time: not before the last byte");
            wire.output.extend_from_slice(&message[message.len() - 1..]);
            wire.ends_message();
            wire.flush(PATIENT).await.unwrap();
            assert!(wire.may_have_left(end), "{piece} bytes at a time");
            assert!(!wire.may_have_left(end + 1));
        }
    }

    #[tokio::test]
    async fn a_write_that_fails_counts_for_the_ends_in_it_and_no_others() {
        // Two messages and an envelope: the first is long, so that its end goes in a write of its own.
        for (left, is_gone) in [(0, [false, false]), (99_999, [false, false]), (100_000, [true, true])] {
            let mut wire = wire(usize::MAX, left);
            wire.output.resize(100_000 + LAST_WRITE, b'x');
            wire.ends_message();
            let first = wire.here();
            wire.output.resize(wire.output.len() + 1_000, b'x');
            wire.ends_message();
            let second = wire.here();
            wire.flush(PATIENT).await.unwrap_err();
            assert_eq!([first, second].map(|end| wire.may_have_left(end)), is_gone, "after {left} bytes");
        }
    }

    #[tokio::test]
    async fn a_stream_that_takes_nothing_is_given_up_and_nothing_has_left() {
        let (io, _other) = tokio::io::duplex(10);
        let mut wire = Wire::new(Box::new(io));
        wire.output.extend_from_slice(b"0123456789a");
        wire.ends_message();
        let end = wire.here();
        assert_eq!(wire.flush(Duration::from_millis(20)).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(wire.may_have_left(end - 1) && !wire.may_have_left(end));
    }
}
