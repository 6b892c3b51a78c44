//! Tickets: how a client that can set no header opens a connection without a token in its URL.

use std::sync::Arc;

use ::http::{Method, StatusCode};
use serde_json::json;

use super::front::{Front, wrong_method};
use super::params::pairs;
use super::response::Refusal;
use super::{Dispatch, Request, Response};
use crate::auth::{AuthError, TICKET_LIFE};
use crate::error::Code;
use crate::object::{Caller, Target};
use crate::rpc::WireError;

/// The system path that gives one.
pub(super) const TICKET: &str = "~ticket";

impl Front {
    /// Gives who has credentials a ticket for one connection to one object.
    pub(super) async fn issue_ticket(
        &self,
        request: &Request,
        class: &str,
        name: &str,
        dispatch: &impl Dispatch,
    ) -> Result<Response, Refusal> {
        if request.method() != Method::POST {
            return Err(wrong_method(request.method(), "OPTIONS, POST"));
        }
        let caller = self.identify(request, dispatch).await?;
        let (_, target) = self.find(class, name)?;
        // Whatever the body is: nothing is read in it.
        drop(self.admit(request, dispatch)?);
        if !caller.is_authenticated() {
            let message = "a ticket is given for credentials, and the request carries none";
            return Err(WireError::framework(Code::Unauthenticated, message).into());
        }
        let ticket = dispatch.issue_ticket(&target, &caller).await?;
        let body = json!({ "ticket": ticket, "expires_in": TICKET_LIFE.as_secs() });
        Ok(self
            .answers(request)
            .answer(StatusCode::OK, body.to_string()))
    }

    /// Who asks for a connection: by ticket, or by credentials as everywhere.
    pub(super) async fn identify_live(
        &self,
        request: &Request,
        target: &Target,
        dispatch: &impl Dispatch,
    ) -> Result<Arc<Caller>, Refusal> {
        let Some(ticket) = ticket_of(request.query())? else {
            return self.identify(request, dispatch).await;
        };
        self.auth().expect_none(request)?;
        let caller = dispatch.redeem_ticket(target, &ticket).await?;
        let invalid = || AuthError::refused("the ticket is not valid here, or not any more");
        let caller = caller.ok_or_else(invalid)?;
        if caller.is_expired(dispatch.now()) {
            return Err(AuthError::refused("the credentials have expired").into());
        }
        Ok(self.auth().seen_here(caller, request))
    }
}

pub(super) fn ticket_of(query: &str) -> Result<Option<String>, WireError> {
    let mut ticket = None;
    for pair in pairs(query) {
        let (name, value) = pair?;
        if name == "ticket" && ticket.replace(value.into_owned()).is_some() {
            let message = "`?ticket=` stands more than once";
            return Err(WireError::framework(Code::MalformedRequest, message));
        }
    }
    Ok(ticket)
}
