//! From a request to the handler of its route, and to the response.

use std::rc::Rc;

use ::http::header::CONTENT_TYPE;
use ::http::request::Parts;
use ::http::{HeaderMap, Method, StatusCode, Uri};

use super::super::auth::authorize;
use super::super::binary::Answers;
use super::super::class::RESERVED;
use super::super::front::{draining, key_of, no_path, segment, wrong_method};
use super::super::gate::Pass;
use super::super::limited::{Asked, Counted};
use super::super::media::only_json;
use super::super::request::{Trace, X_REQUEST_ID};
use super::super::response::{Form, Refusal, empty, finish, options, refusal};
use super::super::{Front, Request, Response};
use super::check::RPC;
use super::context::{FrontContext, Place, Visit};
use super::handler::Run;
use super::pattern::Fit;
use super::reply::{Answer, Forward, Made};
use super::routes::{Route, Routes, Way};
use super::to::below;
use super::{Door, DoorWay, Entrance};
use crate::backend::LocalFuture;
use crate::error::Code;
use crate::order::sort_by;
use crate::rpc::WireError;

/// What a request means.
enum Found<'r> {
    /// An object, at this URL.
    To(Result<Uri, WireError>),
    /// A handler.
    Run(&'r Route, &'r Run, Place),
    /// Methods.
    Rpc,
    /// Nothing by this method.
    Wrong,
}

/// What a route's `/*` stands for, kept with the request for the object that it may go on to.
#[derive(Clone)]
struct Rest(String);

/// What a handler's request is left for in the end.
type Passed = Result<Result<Request, Response>, Refusal>;

impl Door for Routes {
    fn check(&self, front: &Front) -> Result<(), WireError> {
        self.fault(front)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(&self) -> super::Described {
        self.described()
    }

    fn way(&self, front: &Front, head: &Parts) -> DoorWay {
        match self.find(front, &head.method, &head.uri) {
            None => DoorWay::Past,
            Some(Found::To(Ok(uri))) => DoorWay::Object(uri),
            Some(_) => DoorWay::Own,
        }
    }

    fn enter<'a>(
        &'a self,
        mut request: Request,
        entrance: Entrance<'a>,
    ) -> LocalFuture<'a, Result<Request, Response>> {
        Box::pin(async move {
            let (method, uri) = (request.head.method.clone(), request.head.uri.clone());
            let found = match self.find(entrance.front, &method, &uri) {
                None => return Ok(request),
                Some(Found::To(Ok(uri))) => {
                    request.head.uri = uri;
                    return Ok(request);
                }
                Some(found) => found,
            };
            let trace = entrance.trace(request.headers());
            // What handlers answer is their own affair; errors beside it look as it does as a rule.
            let (form, answers) = match found {
                Found::Rpc if method == Method::POST => {
                    (Form::JsonRpc, entrance.front.answers(&request))
                }
                _ => (Form::Rest, Answers::JSON),
            };
            let (pass, passed) = match entrance.front.gate().check(&request, false) {
                Err(error) => (Pass::Same, Err(error.into())),
                Ok(pass) if method == Method::OPTIONS => {
                    let allowed = self.allowed(&uri);
                    let response = options(&allowed, &pass, request.headers());
                    (pass, Ok(Err(response)))
                }
                Ok(pass) => (pass, self.pass(found, request, &trace, &entrance).await),
            };
            let mut response = match passed {
                Ok(Ok(request)) => return Ok(request),
                Ok(Err(response)) => response,
                Err(refused) => refusal(&refused, form, answers, &trace.id),
            };
            finish(&mut response, &method, &pass, &trace.id);
            Err(response)
        })
    }
}

impl Routes {
    async fn pass(
        &self,
        found: Found<'_>,
        mut request: Request,
        trace: &Trace,
        entrance: &Entrance<'_>,
    ) -> Passed {
        let method = request.head.method.clone();
        match found {
            Found::To(Err(error)) => Err(error.into()),
            Found::Run(route, run, mut place) => {
                let visit = entrance.visit(&request, trace).await?;
                entrance.admit(&request, route.takes_any_body)?;
                authorize(&route.label, &route.auth, &visit.caller)?;
                place.key = key_of(&request)?.map(|key| key.to_string());
                if let Some(rest) = &place.rest {
                    request.head.extensions.insert(Rest(rest.clone()));
                }
                let cx = FrontContext::new(visit.clone(), place);
                let Answer(made) = run(cx, request).await;
                let made = match made {
                    Ok(Made::Forward(forward)) => return forward.of(&visit).map(Ok),
                    Ok(Made::Pieces(response)) => {
                        entrance.pour(*response, &method, &route.label, trace)
                    }
                    Ok(made) => made.response(),
                    Err(error) => Err(error),
                };
                match made {
                    Ok(response) => Ok(Err(response)),
                    Err(error) => {
                        entrance.note(&route.label, trace, &error);
                        Err(error.into())
                    }
                }
            }
            Found::Rpc if method == Method::POST => {
                let visit = entrance.visit(&request, trace).await?;
                draining(&entrance.readiness)?;
                let body = entrance.front.text_of(&request)?;
                let key = key_of(&request)?;
                let answer = self.answer(&visit, body, key, entrance).await;
                Ok(Err(match answer {
                    Some(answer) => {
                        let answers = entrance.front.answers(&request);
                        answers.answer(StatusCode::OK, answer)
                    }
                    None => empty(StatusCode::NO_CONTENT),
                }))
            }
            Found::Rpc | Found::Wrong | Found::To(Ok(_)) => {
                Err(wrong_method(&method, self.allowed(&request.head.uri)))
            }
        }
    }

    fn find(&self, front: &Front, method: &Method, uri: &Uri) -> Option<Found<'_>> {
        let whole = uri.path();
        let path = whole.strip_prefix('/')?;
        let first = segment(path.split('/').next().unwrap_or_default()).ok()?;
        // What has a name goes before a route that begins with a placeholder.
        if front.assets().has(whole) || RESERVED.contains(&&*first) || front.classes().has(&first) {
            return None;
        }
        if whole == RPC && !self.methods.is_empty() {
            return Some(Found::Rpc);
        }
        let asked = if *method == Method::HEAD {
            "GET"
        } else {
            method.as_str()
        };
        let mut best: Option<(&Route, Fit<'_>)> = None;
        let mut fits_otherwise = false;
        for route in &self.all {
            let Some(fit) = route.pattern.fit(path) else {
                continue;
            };
            // `OPTIONS` of a handler is answered by the house.
            let is_options = *method == Method::OPTIONS && matches!(route.way, Way::Run(_));
            if is_options || route.method.is_some_and(|method| method != asked) {
                fits_otherwise = true;
                continue;
            }
            let is_closer = best.as_ref().is_none_or(|(best, _)| {
                let order = route.pattern.cmp(&best.pattern);
                order.then(route.method.cmp(&best.method)).is_gt()
            });
            if is_closer {
                best = Some((route, fit));
            }
        }
        let Some((route, fit)) = best else {
            return fits_otherwise.then_some(Found::Wrong);
        };
        Some(match &route.way {
            Way::To(to) => Found::To(to.lead(uri, &fit)),
            Way::Run(run) => Found::Run(route, run, Place::of(uri, &fit)),
        })
    }

    /// The methods of a path.
    fn allowed(&self, uri: &Uri) -> String {
        let path = uri.path().strip_prefix('/').unwrap_or_default();
        let mut methods = vec!["OPTIONS"];
        if uri.path() == RPC && !self.methods.is_empty() {
            methods.push("POST");
        }
        let fitting = self
            .all
            .iter()
            .filter(|route| route.pattern.fit(path).is_some());
        for route in fitting {
            match route.method {
                Some("GET") => methods.extend(["GET", "HEAD"]),
                Some(method) => methods.push(method),
                None => methods.extend(["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"]),
            }
        }
        sort_by(&mut methods, Ord::cmp);
        methods.dedup();
        methods.join(", ")
    }
}

impl Entrance<'_> {
    fn trace(&self, headers: &HeaderMap) -> Trace {
        let mut random = [0; 24];
        self.environment.random(&mut random);
        Trace::drawn(headers, random)
    }

    /// Who asks.
    async fn visit(&self, request: &Request, trace: &Trace) -> Result<Rc<Visit>, Refusal> {
        let caller = self.front.auth().identify(request, self.at).await?;
        if let Some(limits) = &self.front.auth().limits {
            let asked = Asked {
                front: self.front,
                request,
                caller: &caller,
                trace: trace.clone(),
                now: self.environment.now(),
                ask: &|envelope| self.environment.call(envelope),
            };
            limits.admit(asked).await?;
        }
        Ok(Rc::new(Visit {
            environment: self.environment.clone(),
            caller,
            trace: trace.clone(),
            limits: *self.front.limits(),
        }))
    }

    /// Whether a body may be looked at. Where nothing is changed, as a rule, and where there is none, it needs no media
    /// type.
    fn admit(&self, request: &Request, takes_any_body: bool) -> Result<(), Refusal> {
        draining(&self.readiness)?;
        let method = request.method();
        let bare = request.body.is_empty() && !request.headers().contains_key(CONTENT_TYPE);
        let reads = matches!(*method, Method::GET | Method::HEAD);
        if !(takes_any_body || reads || bare && method == Method::DELETE) {
            only_json(request.headers())?;
        }
        if request.body.len() > self.front.limits().body {
            return Err(self.front.body_too_large(request.path()).into());
        }
        Ok(())
    }

    /// What the client is not told goes into the log.
    pub(super) fn note(&self, what: &str, trace: &Trace, error: &WireError) {
        if error.is(Code::Internal) {
            let (id, text) = (&trace.id, &error.message);
            self.at.report(&format!("request {id}: `{what}`: {text}"));
        }
    }
}

impl Place {
    fn of(uri: &Uri, fit: &Fit<'_>) -> Self {
        let value = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        Self {
            values: fit.values.iter().map(value).collect(),
            rest: fit.rest.map(str::to_owned),
            query: uri.query().unwrap_or("").to_owned(),
            key: None,
        }
    }
}

impl Forward {
    /// The request that goes on to the object.
    fn of(self, visit: &Visit) -> Result<Request, Refusal> {
        let Self {
            mut request,
            target,
            at,
        } = self;
        let target = target?;
        let at = match &at {
            Some(at) => Some(at.strip_prefix('/').ok_or_else(no_path)?),
            None => request
                .head
                .extensions
                .get::<Rest>()
                .map(|Rest(rest)| &**rest),
        };
        let uri = below(&request.head.uri, &target, at)?;
        request.head.uri = uri;
        // Whom a ticket of the object's is for is still to be found out.
        if visit.caller.is_authenticated() {
            request.head.extensions.insert(visit.caller.clone());
            request.head.extensions.insert(Counted);
        }
        if let Ok(id) = visit.trace.id.parse() {
            request.head.headers.insert(X_REQUEST_ID, id);
        }
        Ok(request)
    }
}
