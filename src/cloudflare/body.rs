//! The body of a request, read from Cloudflare's stream only when somebody asks for it.

use futures_util::StreamExt;
use worker::Request;

use crate::request::{Body, BodyError};

/// A body still on its way.
pub(crate) struct RequestBody<'a> {
    request: &'a mut Request,
}

impl<'a> RequestBody<'a> {
    pub(crate) fn new(request: &'a mut Request) -> Self {
        Self { request }
    }
}

impl Body for RequestBody<'_> {
    async fn read(self, bytes_max: usize) -> Result<Vec<u8>, BodyError> {
        if self.request.inner().body().is_none() {
            return Ok(Vec::new());
        }
        let mut stream = self.request.stream().map_err(|_| BodyError::Broken)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = stream.next().await {
            bytes.extend(chunk.map_err(|_| BodyError::Broken)?);
            if bytes.len() > bytes_max {
                return Err(BodyError::TooLarge);
            }
        }
        Ok(bytes)
    }
}
