//! A response that comes item by item, in a test.

use std::future::poll_fn;

use bytes::Bytes;

use crate::http::Response;
use crate::stream::{Piece, Reader};

/// A response whose body is read as it comes. Dropped, it is a client that hangs up.
#[derive(Debug)]
pub struct Streamed {
    head: Response,
    rest: Option<Reader>,
    broken: bool,
}

impl Streamed {
    pub(super) fn new(mut head: Response) -> Self {
        let rest = head.extensions_mut().remove();
        Self {
            head,
            rest,
            broken: false,
        }
    }

    /// Status and headers.
    pub fn head(&self) -> &Response {
        &self.head
    }

    /// Whether the body broke off, so that what was read is not all.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// What has come of the body since, at least something; `None` at its end.
    pub async fn next(&mut self) -> Option<Bytes> {
        let Some(rest) = &self.rest else {
            let whole = std::mem::take(self.head.body_mut());
            return Some(whole).filter(|whole| !whole.is_empty());
        };
        match poll_fn(|cx| rest.poll_next(cx)).await {
            Piece::More(bytes) => Some(bytes),
            Piece::End => None,
            Piece::Broken => {
                self.broken = true;
                None
            }
        }
    }

    /// All that is left of it.
    pub async fn text(&mut self) -> String {
        let mut all = Vec::new();
        while let Some(bytes) = self.next().await {
            all.extend_from_slice(&bytes);
        }
        String::from_utf8_lossy(&all).into_owned()
    }

    pub(super) async fn whole(mut self) -> Response {
        if self.rest.is_some() {
            let text = self.text().await;
            *self.head.body_mut() = text.into();
        }
        self.head
    }
}
