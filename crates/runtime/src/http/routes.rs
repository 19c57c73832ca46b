//! The routes of a service. A route cannot be defined without an operation, and an operation names
//! the scope that callers need and how their operators bound it.

use super::observe::IdentifiedCaller;
use super::unfinished::Serving;
use crate::Problem;
use crate::auth::{Auth, Caller, Reach, Scope};
use crate::openapi::{Deprecation, Described, Operation};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::{Next, from_fn};
use actix_web::web::Bytes;
use actix_web::{Error, FromRequest, Handler, HttpMessage as _, Resource, Responder, Route, guard, web};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Builds the routes of a service.
pub struct Routes<'a> {
    config: &'a mut web::ServiceConfig,
    /// The prefix of the paths.
    below: String,
    described: &'a mut Vec<Described>,
}

impl<'a> Routes<'a> {
    /// Routes that are added to an application by `config` and described in `described`.
    pub(crate) fn new(config: &'a mut web::ServiceConfig, described: &'a mut Vec<Described>) -> Self {
        Self { config, below: String::new(), described }
    }

    /// Shares data that handlers take as [`web::Data`].
    pub fn share<T: ?Sized + 'static>(&mut self, data: web::Data<T>) -> &mut Self {
        self.config.app_data(data);
        self
    }

    /// Adds pages that need no authentication; they must not contain anything that the repository
    /// does not.
    pub fn pages(&mut self, install: impl FnOnce(&mut web::ServiceConfig)) -> &mut Self {
        install(self.config);
        self
    }

    /// Adds routes below `path`, which is then matched once for all of them.
    pub fn under(&mut self, path: &str, set_up: impl FnOnce(&mut Routes<'_>)) -> &mut Self {
        let below = format!("{}{path}", self.below);
        let described = &mut *self.described;
        let scope = web::scope(path).configure(|config| set_up(&mut Routes { config, below, described }));
        self.config.service(scope);
        self
    }

    /// Adds the resource at `path`, in which `{name}` is a parameter.
    pub fn resource(&mut self, path: &str, methods: impl FnOnce(Methods) -> Methods) -> &mut Self {
        let Methods { resource, operations } = methods(Methods::of(path));
        self.config.service(resource);
        self.described.extend(operations.into_iter().map(|(method, operation)| Described {
            path: format!("{}{path}", self.below),
            method,
            operation,
        }));
        self
    }
}

/// The methods of a resource. Each is an operation with the scope that callers need; other methods
/// are answered with 405.
pub struct Methods {
    resource: Resource,
    operations: Vec<(Method, Operation)>,
}

impl Methods {
    fn of(path: &str) -> Self {
        Self { resource: web::resource(path), operations: Vec::new() }
    }

    /// Adds `GET`, and `HEAD`, which returns the same head without the body.
    #[must_use]
    pub fn get<H, A>(self, operation: Operation, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        let admission = Admission::of(&operation);
        let admitted = from_fn(move |request, next| admit_head(admission, request, next));
        let head = web::head().to(handler.clone()).wrap(admitted);
        let Self { resource, operations } = self.on(Method::GET, operation, handler);
        Self { resource: resource.route(head), operations }
    }

    /// Adds `POST`.
    #[must_use]
    pub fn post<H, A>(self, operation: Operation, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.on(Method::POST, operation, handler)
    }

    /// Adds `PUT`.
    #[must_use]
    pub fn put<H, A>(self, operation: Operation, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.on(Method::PUT, operation, handler)
    }

    /// Adds `PATCH`.
    #[must_use]
    pub fn patch<H, A>(self, operation: Operation, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.on(Method::PATCH, operation, handler)
    }

    /// Adds `DELETE`.
    #[must_use]
    pub fn delete<H, A>(self, operation: Operation, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.on(Method::DELETE, operation, handler)
    }

    fn on<H, A>(mut self, method: Method, operation: Operation, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        let admission = Admission::of(&operation);
        let admitted = from_fn(move |request, next| admit(admission, request, next));
        let route = web::method(method.clone()).to(handler).wrap(admitted);
        self.operations.push((method, operation));
        Self { resource: self.resource.route(route), ..self }
    }
}

/// What a caller needs for a route, and what every response announces.
#[derive(Clone, Copy)]
struct Admission {
    scope: Scope,
    reach: Reach,
    deprecation: Option<Deprecation>,
}

impl Admission {
    const fn of(operation: &Operation) -> Self {
        Self { scope: operation.scope, reach: operation.reach, deprecation: operation.deprecation }
    }
}

/// Passes on the requests of callers that `admission` allows, before any of the body is read.
async fn admit(
    admission: Admission,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if let Some(deprecation) = admission.deprecation {
        request.extensions_mut().insert(deprecation);
    }
    match identify(admission, &request).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            Ok(next.call(request).await?.map_into_boxed_body())
        }
        Err(problem) => Ok(request.error_response(problem)),
    }
}

/// The same for `HEAD`. The body is dropped unread, because the feed's body never ends.
async fn admit_head(
    admission: Admission,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = admit(admission, request, next).await?;
    Ok(response.map_body(|_head, body| BoxBody::new(NoBody { size: body.size() })))
}

/// A body that announces its size and sends nothing.
struct NoBody {
    size: BodySize,
}

impl MessageBody for NoBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(None)
    }
}

/// A route for `GET` and `HEAD`, outside the described resources.
pub(crate) fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn identify(admission: Admission, request: &ServiceRequest) -> Result<Caller, Problem> {
    // Deny by default: an application without `Auth` admits no caller.
    let auth = request.app_data::<Auth>().cloned().ok_or_else(Problem::unauthenticated)?;
    let caller = auth.identify(request.headers()).await?;
    Serving::authenticate(request);
    IdentifiedCaller::record(request, caller.key());
    let (allowance, counted) = auth.count(&caller);
    if let Some(allowance) = allowance {
        request.extensions_mut().insert(allowance);
    }
    counted?;
    if !caller.has(admission.scope) {
        return Err(Problem::forbidden().detail(format!("the token lacks the scope {}", admission.scope)));
    }
    if !admission.reach.admits(caller.operators()) {
        let detail = "the token is bound to operators; this operation concerns the platform as a whole";
        return Err(Problem::forbidden().detail(detail));
    }
    Ok(caller)
}
