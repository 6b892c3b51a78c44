//! An object that answers requests of any kind itself.

use stayput::front::{HeaderValue, Method, Request, Response, StatusCode, header};
use stayput::prelude::*;

/// Files, with their media types, as texts.
#[durable_object]
#[derive(Debug)]
pub struct Folder {
    files: Map<String, (String, Vec<u8>)>,
}

/// What is wrong with a request.
#[derive(Debug, ActionError)]
pub enum FolderError {
    /// There is no such file.
    #[error(code = "folder.no_file", status = 404)]
    NoFile,
    /// Nothing is done by this method.
    #[error(code = "folder.method", status = 405)]
    Method,
}

#[durable_object]
impl Folder {
    /// How many there are.
    #[action(public, get = "/all/count")]
    fn count(&self) -> u64 {
        self.files.len()
    }

    /// Files, by the methods that HTTP has for them.
    #[event(fetch, public)]
    async fn serve(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        request: Request,
    ) -> stayput::front::Result<Response> {
        let path = request.path().to_owned();
        let mut response = Response::default();
        match *request.method() {
            Method::GET if path == "/echo" => {
                let seen = [
                    request.method().as_str(),
                    request.query(),
                    request.header("x-seen").unwrap_or("nothing"),
                    cx.name().unwrap_or("nobody"),
                ];
                *response.body_mut() = seen.join(" ").into();
                response
                    .headers_mut()
                    .insert("content-length", HeaderValue::from_static("7"));
                response
                    .headers_mut()
                    .insert("connection", HeaderValue::from_static("close"));
            }
            Method::GET if path == "/panic" => panic!("deliberately"),
            Method::GET if path == "/switch" => {
                *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            }
            Method::GET => {
                let found = this
                    .read(move |folder| folder.files.get(&path).ok_or(FolderError::NoFile))
                    .await??;
                *response.body_mut() = found.1.into();
                if let Ok(media) = HeaderValue::try_from(found.0) {
                    response.headers_mut().insert(header::CONTENT_TYPE, media);
                }
            }
            Method::PUT | Method::POST => {
                let media = request
                    .header("content-type")
                    .unwrap_or("text/plain")
                    .to_owned();
                let body = request.body.to_vec();
                this.atomic(move |folder, _| {
                    folder.files.insert(path, (media, body));
                    Ok::<_, FolderError>(())
                })
                .await?;
                *response.status_mut() = StatusCode::CREATED;
            }
            Method::DELETE => {
                *response.status_mut() = StatusCode::NO_CONTENT;
                *response.body_mut() = "not to be seen".into();
            }
            _ => return Err(FolderError::Method.into()),
        }
        Ok(response)
    }
}
