//! The front itself: from a request to a response.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use ::http::request::Parts;
use ::http::{Method, StatusCode};
use bytes::Bytes;

use super::asset::{Asset, Assets};
use super::binary::Answers;
use super::class::{Action, Class, Classes, EdgeClass};
use super::door::Door;
use super::enter::AppRoutes;
use super::etag::found;
use super::gate::{Gate, Pass};
use super::limited::no_limiter;
use super::media::form_of;
use super::params::from_query;
use super::path::{Named, Path, decode, object_name};
use super::request::Trace;
use super::response::{Form, Refusal, empty, finish, json, options, refusal};
use super::session::{Session, Source};
use super::ticket::TICKET;
use super::{Binary, Dispatch, Peer, Readiness, Request, Response};
use crate::action::InUrl;
use crate::auth::Guard;
use crate::error::Code;
use crate::middleware::LIMITER;
use crate::object::{Caller, Mode, OutgoingCall, Target, idempotency_key, minutes, seconds};
use crate::rpc::{Reply, WireError, parse_params, shorten};
use crate::transfer::{MAX_TEXT, Transfer};

/// What a server answers for, and how.
#[derive(Debug, Default)]
pub struct FrontConfig {
    /// The app's classes.
    pub classes: Vec<EdgeClass>,
    /// What `/manifest.json` answers: JSON text. `None`: nothing is told.
    pub manifest: Option<Bytes>,
    /// Files to serve.
    pub assets: Vec<Asset>,
    /// Bounds on what clients may ask.
    pub limits: Limits,
    /// Origins besides the server's own whose pages may call it (`https://app.example`).
    pub origins: Vec<String>,
    /// Hosts the server answers for (`api.example`, `api.example:8443`). Empty: any, but on loopback addresses only
    /// `localhost`, `127.0.0.1` and `[::1]` with the server's port.
    pub hosts: Vec<String>,
    /// Who callers are.
    pub auth: Guard,
    /// Routes that run before any object.
    pub routes: Option<AppRoutes>,
    /// The form of bodies and messages that is spoken beside JSON.
    pub binary: Option<Binary>,
    /// Whether whole objects may leave and come.
    pub transfer: Option<Transfer>,
}

/// Bounds on what clients may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest body, in bytes.
    pub body: usize,
    /// How long a query or command may take.
    pub call: Duration,
    /// How long a process may take.
    pub process: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1 << 20,
            call: seconds(25),
            process: minutes(15),
        }
    }
}

/// Answers HTTP requests. Holds what never changes, so all threads share one.
#[derive(Debug)]
pub struct Front {
    classes: Classes,
    manifest: Option<Bytes>,
    assets: Assets,
    limits: Limits,
    gate: Gate,
    auth: Guard,
    door: Option<Arc<dyn Door>>,
    binary: Option<Binary>,
    transfer: Option<Transfer>,
}

/// The header that makes a call safe to send again.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

const OF_TOP: &str = "GET, HEAD, OPTIONS";
const OF_OBJECT: &str = "GET, OPTIONS, POST";
pub(super) const OF_COMMAND: &str = "OPTIONS, POST";
pub(super) const OF_QUERY: &str = "GET, HEAD, OPTIONS, POST";

impl Front {
    /// A front, or `config.invalid` naming the setting or the class that cannot be.
    pub fn new(config: FrontConfig) -> Result<Self, WireError> {
        let classes = Classes::new(config.classes)?;
        let front = Self {
            assets: Assets::new(&config.assets, |path| classes.has(path))?,
            classes,
            manifest: config.manifest,
            limits: config.limits,
            gate: Gate::new(&config.origins, &config.hosts)?,
            auth: config.auth,
            door: config.routes.map(|AppRoutes(door)| door),
            binary: config.binary,
            transfer: config.transfer,
        };
        if front.auth.limits.is_some() && !front.classes.has(LIMITER) {
            return Err(no_limiter());
        }
        if let Some(door) = &front.door {
            door.check(&front)?;
        }
        Ok(front)
    }

    /// The bounds, for the server that reads the bodies.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Answers a request.
    pub async fn handle(&self, request: Request, dispatch: &impl Dispatch) -> Response {
        match self.enter(request, dispatch).await {
            Ok(request) => self.handle_at_object(request, dispatch).await,
            Err(response) => response,
        }
    }

    /// Answers a request that has passed the app's own routes.
    pub(super) async fn handle_at_object(
        &self,
        request: Request,
        dispatch: &impl Dispatch,
    ) -> Response {
        let trace = Trace::of(request.headers(), dispatch);
        let path = Path::split(request.path());
        let probe = matches!(path, Path::Top("healthz" | "readyz"));
        let answers = self.answers(&request);
        let (pass, outcome) = match self.gate.check(&request, probe) {
            Err(error) => (Pass::Same, Err(error.into())),
            Ok(pass) if request.method() == Method::OPTIONS => {
                let outcome = self.options(path, &request, &pass);
                (pass, outcome)
            }
            Ok(pass) => {
                let outcome = self.route(path, &request, answers, &trace, dispatch).await;
                (pass, outcome)
            }
        };
        let mut response = outcome.unwrap_or_else(|error| {
            refusal(&error, form(path, request.method()), answers, &trace.id)
        });
        finish(&mut response, request.method(), &pass, &trace.id);
        response
    }

    /// Makes a typed call of a client that is no HTTP client: the same look-up, check of the caller and bounds.
    pub async fn call(
        &self,
        call: OutgoingCall,
        caller: Arc<Caller>,
        dispatch: &impl Dispatch,
    ) -> Reply {
        not_draining(dispatch)?;
        if call.params.len() > self.limits.body {
            return Err(Box::new(self.body_too_large("")));
        }
        let session = Session {
            class: self.classes.get(&call.target.class)?,
            target: &call.target,
            caller: &caller,
            trace: &Trace::fresh(dispatch),
            limits: &self.limits,
            dispatch,
            connection: None,
            key: call.key.clone(),
        };
        let action = session.class.action(&call.action)?;
        let params = parse_params(&call.params)?;
        let mut envelope = session.envelope(action, params, Source::Body, None)?;
        envelope.stream = call.stream;
        dispatch.call(envelope).await
    }

    /// The response to a request whose body was not, or not all, read: too large, too slow, or no room for it.
    pub fn refuse(
        &self,
        head: Parts,
        peer: Peer,
        error: WireError,
        dispatch: &impl Dispatch,
    ) -> Response {
        let request = Request {
            head,
            body: Bytes::new(),
            peer,
        };
        let trace = Trace::of(request.headers(), dispatch);
        let form = form(Path::split(request.path()), request.method());
        // Who may not ask at all is told so first.
        let (pass, error) = match self.gate.check(&request, false) {
            Ok(pass) => (pass, error),
            Err(refused) => (Pass::Same, refused),
        };
        let mut response = refusal(&error.into(), form, self.answers(&request), &trace.id);
        finish(&mut response, request.method(), &pass, &trace.id);
        response
    }

    /// The longest body that is taken at a path, in bytes.
    pub fn body_limit(&self, path: &str) -> usize {
        let segment = path.rsplit('/').next();
        match segment.and_then(|segment| self.carries(segment)) {
            Some(_) => MAX_TEXT,
            None => self.limits.body,
        }
    }

    /// The methods of a path's last segment, if it is about whole objects and the app lets them out and in.
    fn carries(&self, segment: &str) -> Option<&'static str> {
        self.transfer?.allow(segment)
    }

    /// What a server answers by [`refuse`](Self::refuse) when a body exceeds [`body_limit`](Self::body_limit).
    pub fn body_too_large(&self, path: &str) -> WireError {
        let message = format!("the body is longer than {} bytes", self.body_limit(path));
        WireError::framework(Code::TooLarge, message)
    }

    fn options(&self, path: Path<'_>, request: &Request, pass: &Pass) -> Result<Response, Refusal> {
        let allow = match path {
            _ if self.assets.has(request.path()) => OF_TOP,
            _ if let Some(allow) = self.allowed(path) => {
                return Ok(options(&allow, pass, request.headers()));
            }
            Path::Action { action, .. } if let Some(allow) = self.carries(action) => allow,
            Path::Top("*") | Path::Action { .. } => OF_QUERY,
            Path::Top(word) => {
                self.top(word, &Readiness::Ready)?;
                OF_TOP
            }
            Path::Object { .. } => OF_OBJECT,
            Path::Other if request.path() == "*" => OF_QUERY,
            Path::Deep { class, below, .. } => return Err(self.no_route(class, below)),
            Path::Other => return Err(no_path()),
        };
        Ok(options(allow, pass, request.headers()))
    }

    async fn route(
        &self,
        path: Path<'_>,
        request: &Request,
        answers: Answers,
        trace: &Trace,
        dispatch: &impl Dispatch,
    ) -> Result<Response, Refusal> {
        let method = request.method();
        let reads = matches!(*method, Method::GET | Method::HEAD);
        if self.assets.has(request.path()) {
            if !reads {
                return Err(wrong_method(method, OF_TOP));
            }
            let response = self.assets.get(request.path(), request.headers());
            return response.ok_or_else(no_path);
        }
        if let Some(answer) = self.by_route(path, request, answers, trace, dispatch).await {
            return answer;
        }
        match path {
            Path::Top(word) => {
                let response = self.top(word, &dispatch.readiness())?;
                if reads {
                    Ok(response)
                } else {
                    Err(wrong_method(method, OF_TOP))
                }
            }
            Path::Object { class, name } => {
                if method != Method::POST {
                    return Err(wrong_method(method, OF_OBJECT));
                }
                let caller = self.identify(request, dispatch).await?;
                let (class, target) = self.find(class, name)?;
                let mut session = self.session(class, &target, &caller, trace, dispatch);
                session.key = key_of(request)?;
                let answer = match self.admit(request, dispatch)? {
                    Ok(body) => session.answer(&body).await,
                    Err(error) => Some(session.refused(&error)),
                };
                match answer {
                    Some(answer) => Ok(answers.answer(StatusCode::OK, answer)),
                    None => Ok(empty(StatusCode::NO_CONTENT)),
                }
            }
            Path::Action {
                class,
                name,
                action: TICKET,
            } => self.issue_ticket(request, class, name, dispatch).await,
            Path::Action {
                class,
                name,
                action,
            } => {
                let path = (class, name, action);
                self.act(path, request, answers, trace, dispatch).await
            }
            Path::Deep { class, below, .. } => Err(self.no_route(class, below)),
            Path::Other => Err(no_path()),
        }
    }

    /// Calls an action by its name in the path.
    async fn act(
        &self,
        (class, name, action): (&str, &str, &str),
        request: &Request,
        answers: Answers,
        trace: &Trace,
        dispatch: &impl Dispatch,
    ) -> Result<Response, Refusal> {
        let method = request.method();
        let reads = matches!(*method, Method::GET | Method::HEAD);
        let carries = self.carries(action);
        if let Some(allow) = carries
            && !allow.split(", ").any(|allowed| allowed == method.as_str())
        {
            return Err(wrong_method(method, allow));
        }
        if carries.is_none() && !reads && method != Method::POST {
            return Err(wrong_method(method, OF_QUERY));
        }
        let caller = self.identify(request, dispatch).await?;
        let (found_class, target) = self.find(class, name)?;
        let mut session = self.session(found_class, &target, &caller, trace, dispatch);
        if let (Some(_), Some(transfer)) = (carries, self.transfer) {
            not_draining(dispatch)?;
            let whole = Action::of_whole(action);
            if reads {
                let streams = transfer.streams();
                return session
                    .items(streams, &whole, Bytes::new(), Source::Body, request)
                    .await;
            }
            let text = transfer.text(request)?;
            let result = session.call(&whole, text, Source::Body).await?;
            return Ok(json(StatusCode::OK, result));
        }
        session.key = key_of(request)?;
        let action = session.class.action_or_route(&segment(action)?)?;
        if let Some(streams) = action.streams {
            let (params, source) = if reads {
                not_draining(dispatch)?;
                (from_query(request.query())?, Source::Url(InUrl::ALL))
            } else {
                let body = self.admit(request, dispatch)??;
                (parse_params(&body)?, Source::Body)
            };
            return session
                .items(streams, action, params, source, request)
                .await;
        }
        let result = if reads {
            if action.mode != Mode::Read {
                return Err(not_a_query(&action.name));
            }
            not_draining(dispatch)?;
            session
                .call(
                    action,
                    from_query(request.query())?,
                    Source::Url(InUrl::ALL),
                )
                .await?
        } else {
            let body = self.admit(request, dispatch)??;
            session
                .call(action, parse_params(&body)?, Source::Body)
                .await?
        };
        let result = written(result);
        Ok(if reads {
            found(result, request.headers(), answers)
        } else if let Some(begins) = action.job {
            (begins.answer)(&format!("/{class}/{name}"), &action.name, result, answers)
        } else {
            answers.answer(StatusCode::OK, result)
        })
    }

    /// The server's own paths.
    fn top(&self, word: &str, readiness: &Readiness) -> Result<Response, Refusal> {
        match word {
            "healthz" => Ok(json(StatusCode::OK, &b"{\"status\":\"ok\"}"[..])),
            "readyz" => Ok(match readiness {
                Readiness::Ready => json(StatusCode::OK, &b"{\"status\":\"ready\"}"[..]),
                Readiness::Draining => json(
                    StatusCode::SERVICE_UNAVAILABLE,
                    &b"{\"status\":\"draining\"}"[..],
                ),
                Readiness::Degraded(reason) => {
                    let body = serde_json::json!({ "status": "degraded", "reason": reason });
                    json(StatusCode::OK, body.to_string())
                }
                Readiness::Unready(reason) => {
                    let body = serde_json::json!({ "status": "unready", "reason": reason });
                    json(StatusCode::SERVICE_UNAVAILABLE, body.to_string())
                }
            }),
            "manifest.json" => match &self.manifest {
                Some(manifest) => Ok(json(StatusCode::OK, manifest.clone())),
                None => Err(no_path()),
            },
            _ => Err(no_path()),
        }
    }

    /// Resolves an object of a path.
    pub(super) fn find(&self, class: &str, name: &str) -> Result<(&Class, Target), Refusal> {
        let class = self.classes.get(&segment(class)?)?;
        let target = target(class, name)?;
        Ok((class, target))
    }

    pub(super) fn session<'a, D: Dispatch>(
        &'a self,
        class: &'a Class,
        target: &'a Target,
        caller: &'a Arc<Caller>,
        trace: &'a Trace,
        dispatch: &'a D,
    ) -> Session<'a, D> {
        Session {
            class,
            target,
            caller,
            trace,
            limits: &self.limits,
            dispatch,
            connection: None,
            key: None,
        }
    }

    pub(super) fn auth(&self) -> &Guard {
        &self.auth
    }

    pub(super) fn door(&self) -> Option<&dyn Door> {
        self.door.as_deref()
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    pub(super) fn assets(&self) -> &Assets {
        &self.assets
    }

    pub(super) fn classes(&self) -> &Classes {
        &self.classes
    }

    pub(super) fn binary(&self) -> Option<Binary> {
        self.binary
    }

    /// In which form a request is answered.
    pub(super) fn answers(&self, request: &Request) -> Answers {
        Answers::of(request.headers(), self.binary)
    }

    /// The JSON text of a body, or why it has none; refused if it may not be looked at.
    pub(super) fn admit(
        &self,
        request: &Request,
        dispatch: &impl Dispatch,
    ) -> Result<Result<Bytes, Box<WireError>>, Refusal> {
        not_draining(dispatch)?;
        self.text_of(request)
    }

    /// The same of a server that takes calls.
    pub(super) fn text_of(
        &self,
        request: &Request,
    ) -> Result<Result<Bytes, Box<WireError>>, Refusal> {
        let form = form_of(request.headers(), self.binary)?;
        self.fits(request)?;
        Ok(match form {
            None => Ok(request.body.clone()),
            Some(form) => form.read(&request.body),
        })
    }

    /// The same of a body of any media type.
    pub(super) fn admit_whole(
        &self,
        request: &Request,
        dispatch: &impl Dispatch,
    ) -> Result<(), Refusal> {
        not_draining(dispatch)?;
        self.fits(request)
    }

    fn fits(&self, request: &Request) -> Result<(), Refusal> {
        if request.body.len() > self.limits.body {
            return Err(self.body_too_large(request.path()).into());
        }
        Ok(())
    }
}

pub(super) fn target(class: &Class, segment: &str) -> Result<Target, WireError> {
    let (id, name) = match object_name(segment)? {
        Named::Name(name) => {
            let (id, name) = class.ids.named(&name);
            (id, Some(name))
        }
        Named::Id(id) => (class.ids.key().check(id).map_err(|_| foreign(class))?, None),
    };
    Ok(Target {
        class: Arc::clone(&class.path),
        id,
        name,
    })
}

fn foreign(class: &Class) -> WireError {
    let message = format!(
        "the id was not made for class `{}` of this server",
        class.path
    );
    WireError::framework(Code::InvalidId, message)
}

pub(super) fn segment(segment: &str) -> Result<Cow<'_, str>, WireError> {
    let message = "the path is not percent-encoded UTF-8";
    decode(segment).ok_or_else(|| WireError::framework(Code::MalformedRequest, message))
}

/// The idempotency key of a request. Two of them are none, as on a platform that joins what stands twice.
pub(super) fn key_of(request: &Request) -> Result<Option<Arc<str>>, Refusal> {
    let mut given = request.headers().get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = given.next() else {
        return Ok(None);
    };
    // What is no text is not visible ASCII either.
    let key = key.to_str().ok().filter(|_| given.next().is_none());
    Ok(Some(idempotency_key(key.unwrap_or_default())?))
}

fn form(path: Path<'_>, method: &Method) -> Form {
    match path {
        Path::Object { .. } if method == Method::POST => Form::JsonRpc,
        _ => Form::Rest,
    }
}

pub(super) fn not_draining(dispatch: &impl Dispatch) -> Result<(), WireError> {
    draining(&dispatch.readiness())
}

/// Refuses whatever would begin while the server ends.
pub(super) fn draining(readiness: &Readiness) -> Result<(), WireError> {
    if *readiness == Readiness::Draining {
        let message = "the server is shutting down; try again on a new connection";
        return Err(WireError::framework(Code::Draining, message));
    }
    Ok(())
}

/// The body of a result: there is one even if nothing is returned.
pub(super) fn written(result: Bytes) -> Bytes {
    if result.is_empty() {
        Bytes::from_static(b"null")
    } else {
        result
    }
}

pub(super) fn no_path() -> Refusal {
    let message = "nothing is here; objects are at `/{class}/{name}`";
    WireError::framework(Code::NotFound, message).into()
}

pub(super) fn wrong_method(method: &Method, allow: impl Into<Cow<'static, str>>) -> Refusal {
    let allow = allow.into();
    let message = format!(
        "`{}` is not allowed here; use one of {allow}",
        shorten(method.as_str())
    );
    let error = WireError::framework(Code::MethodNotAllowed, message);
    Refusal {
        allow: Some(allow),
        ..error.into()
    }
}

fn not_a_query(action: &str) -> Refusal {
    let message = format!("`{action}` is not read-only, so only POST runs it");
    let error = WireError::framework(Code::MethodNotAllowed, message);
    Refusal {
        allow: Some(OF_COMMAND.into()),
        ..error.into()
    }
}
