//! Passing the app's own routes on the way to an object.

use std::fmt;
use std::sync::Arc;

use ::http::Method;
use ::http::request::Parts;

use super::door::{Door, DoorWay, Entrance, Routes};
use super::live::is_live;
use super::{Dispatch, Front, Opening, Request, Response};

/// The routes of an app that run before any object.
#[derive(Clone)]
pub struct AppRoutes(pub(super) Arc<dyn Door>);

/// What a request came to.
#[derive(Debug)]
pub enum Entered {
    /// A response.
    Answered(Response),
    /// A connection that may be opened.
    Opening(Box<Opening>),
}

impl AppRoutes {
    /// These.
    pub fn new(routes: Routes) -> Self {
        Self(Arc::new(routes))
    }

    /// What the manifest says of them.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn describe(&self) -> super::door::Described {
        self.0.describe()
    }
}

impl Front {
    /// Whether code of the app's own answers a request, or says who does: such a request goes to
    /// [`answer`](Self::answer).
    pub fn runs_handler(&self, head: &Parts) -> bool {
        matches!(self.way(head), DoorWay::Own)
    }

    /// Answers a request, or checks that it may open a connection.
    pub async fn answer(&self, request: Request, dispatch: &impl Dispatch) -> Entered {
        let request = match self.enter(request, dispatch).await {
            Ok(request) => request,
            Err(response) => return Entered::Answered(response),
        };
        let path = request.path();
        if *request.method() == Method::GET && is_live(path) && !self.assets().has(path) {
            return match self.open_at_object(request, dispatch).await {
                Ok(opening) => Entered::Opening(Box::new(opening)),
                Err(response) => Entered::Answered(response),
            };
        }
        Entered::Answered(self.handle_at_object(request, dispatch).await)
    }

    pub(super) fn way(&self, head: &Parts) -> DoorWay {
        match self.door() {
            Some(door) => door.way(self, head),
            None => DoorWay::Past,
        }
    }

    /// What the app's own routes make of a request: another one, or its response.
    pub(super) async fn enter(
        &self,
        request: Request,
        dispatch: &impl Dispatch,
    ) -> Result<Request, Response> {
        let Some(door) = self.door() else {
            return Ok(request);
        };
        let Some(environment) = dispatch.environment() else {
            return Ok(request);
        };
        let entrance = Entrance {
            front: self,
            at: dispatch,
            environment,
            readiness: dispatch.readiness(),
        };
        door.enter(request, entrance).await
    }
}

impl fmt::Debug for AppRoutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
