//! The bytes under a WebSocket: those of the connection itself, or encrypted. Neither waits.

use std::io::{self, IoSlice};
use std::task::{Context, Poll};

use tokio::net::TcpStream;

/// A connection, taken over from HTTP.
pub(in crate::backend::native) enum Wire {
    /// As it is.
    Plain(TcpStream),
    /// Inside TLS.
    #[cfg(feature = "tls")]
    Secure(Box<secure::Secure>),
}

impl Wire {
    /// The connection itself.
    pub(super) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            #[cfg(feature = "tls")]
            Self::Secure(secure) => &secure.stream,
        }
    }

    pub(super) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.try_read(buffer),
            #[cfg(feature = "tls")]
            Self::Secure(secure) => secure.try_read(buffer),
        }
    }

    pub(super) fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.try_write_vectored(pieces),
            #[cfg(feature = "tls")]
            Self::Secure(secure) => secure.try_write_vectored(pieces),
        }
    }

    /// Hands over what encryption still holds; `WouldBlock` if that is not taken yet.
    #[cfg_attr(
        not(feature = "tls"),
        expect(
            clippy::unnecessary_wraps,
            reason = "without encryption nothing is held"
        )
    )]
    pub(super) fn try_flush(&self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            #[cfg(feature = "tls")]
            Self::Secure(secure) => secure.try_flush(),
        }
    }

    pub(super) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp().poll_read_ready(cx)
    }

    pub(super) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp().poll_write_ready(cx)
    }
}

#[cfg(feature = "tls")]
mod secure {
    use std::cell::RefCell;
    use std::io::{self, ErrorKind, IoSlice, Read, Write};

    use rustls::ServerConnection;
    use tokio::net::TcpStream;
    use tokio_rustls::server::TlsStream;

    use super::Wire;

    /// A connection and its encryption.
    pub(in crate::backend::native) struct Secure {
        pub(super) stream: TcpStream,
        connection: RefCell<ServerConnection>,
    }

    /// The connection, as encryption reads and writes it.
    struct Cipher<'a>(&'a TcpStream);

    impl From<TlsStream<TcpStream>> for Wire {
        fn from(stream: TlsStream<TcpStream>) -> Self {
            let (stream, connection) = stream.into_inner();
            Self::Secure(Box::new(Secure {
                stream,
                connection: RefCell::new(connection),
            }))
        }
    }

    impl Secure {
        pub(super) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
            let connection = &mut *self.connection.borrow_mut();
            loop {
                match connection.reader().read(buffer) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    result => return result,
                }
                if connection.read_tls(&mut Cipher(&self.stream))? == 0 {
                    return Ok(0);
                }
                let processed = connection.process_new_packets();
                processed.map_err(|fault| io::Error::new(ErrorKind::InvalidData, fault))?;
            }
        }

        pub(super) fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
            // What was taken before goes first: encryption holds no more than one turn's worth.
            self.try_flush()?;
            let taken = self
                .connection
                .borrow_mut()
                .writer()
                .write_vectored(pieces)?;
            match self.try_flush() {
                Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
                _ => Ok(taken),
            }
        }

        pub(super) fn try_flush(&self) -> io::Result<()> {
            let connection = &mut *self.connection.borrow_mut();
            while connection.wants_write() {
                connection.write_tls(&mut Cipher(&self.stream))?;
            }
            Ok(())
        }
    }

    impl Read for Cipher<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.try_read(buffer)
        }
    }

    impl Write for Cipher<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.try_write(bytes)
        }

        fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
            self.0.try_write_vectored(pieces)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
