//! What a service answers, and what its callers must be allowed: a route cannot be made without an operation, which has a scope.

use crate::Problem;
use crate::auth::{Auth, Caller, Scope};
use crate::openapi::{Described, Operation};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::{Next, from_fn};
use actix_web::web::Bytes;
use actix_web::{Error, FromRequest, Handler, HttpMessage as _, Resource, Responder, Route, guard, web};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The routes of a service, as they are set up.
pub struct Routes<'a> {
    config: &'a mut web::ServiceConfig,
    /// The path that they stand below.
    below: String,
    described: &'a mut Vec<Described>,
}

impl<'a> Routes<'a> {
    /// Routes that become part of an application by `config`; what they are is noted in `described`.
    pub(crate) fn new(config: &'a mut web::ServiceConfig, described: &'a mut Vec<Described>) -> Self {
        Self { config, below: String::new(), described }
    }

    /// What handlers take as [`web::Data`].
    pub fn share<T: ?Sized + 'static>(&mut self, data: web::Data<T>) -> &mut Self {
        self.config.app_data(data);
        self
    }

    /// Pages for everyone, whoever they are: they must tell nothing that the repository does not.
    pub fn pages(&mut self, install: impl FnOnce(&mut web::ServiceConfig)) -> &mut Self {
        install(self.config);
        self
    }

    /// What stands below `path`, which is then matched once for all of it.
    pub fn under(&mut self, path: &str, set_up: impl FnOnce(&mut Routes<'_>)) -> &mut Self {
        let below = format!("{}{path}", self.below);
        let described = &mut *self.described;
        let scope = web::scope(path).configure(|config| set_up(&mut Routes { config, below, described }));
        self.config.service(scope);
        self
    }

    /// The methods of the resource at `path`, in which `{name}` stands for a part.
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

/// The methods of a resource. Each is an operation with a scope that it needs of its callers; other methods are answered 405.
pub struct Methods {
    resource: Resource,
    operations: Vec<(Method, Operation)>,
}

impl Methods {
    fn of(path: &str) -> Self {
        Self { resource: web::resource(path), operations: Vec::new() }
    }

    /// `GET`, and `HEAD`, which gives the same head without the body.
    #[must_use]
    pub fn get<H, A>(self, operation: Operation, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        let scope = operation.scope;
        let admitted = from_fn(move |request, next| admit_head(scope, request, next));
        let head = web::head().to(handler.clone()).wrap(admitted);
        let Self { resource, operations } = self.on(Method::GET, operation, handler);
        Self { resource: resource.route(head), operations }
    }

    /// `POST`.
    #[must_use]
    pub fn post<H, A>(self, operation: Operation, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.on(Method::POST, operation, handler)
    }

    /// `PUT`.
    #[must_use]
    pub fn put<H, A>(self, operation: Operation, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.on(Method::PUT, operation, handler)
    }

    /// `PATCH`.
    #[must_use]
    pub fn patch<H, A>(self, operation: Operation, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.on(Method::PATCH, operation, handler)
    }

    /// `DELETE`.
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
        let scope = operation.scope;
        let admitted = from_fn(move |request, next| admit(scope, request, next));
        let route = web::method(method.clone()).to(handler).wrap(admitted);
        self.operations.push((method, operation));
        Self { resource: self.resource.route(route), ..self }
    }
}

/// Lets those through who may, before anything of the body is read.
async fn admit(
    scope: Scope,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match identify(scope, &request).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.call(request).await.map(ServiceResponse::map_into_boxed_body)
        }
        Err(problem) => Ok(request.error_response(problem)),
    }
}

/// The same for `HEAD`. The body is dropped unread: that of the feed has no end.
async fn admit_head(
    scope: Scope,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = admit(scope, request, next).await?;
    Ok(response.map_body(|_head, body| BoxBody::new(NoBody { size: body.size() })))
}

/// A body that is not sent; its size is.
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

/// A route for `GET` and `HEAD`, outside of the described resources.
pub(crate) fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn identify(scope: Scope, request: &ServiceRequest) -> Result<Caller, Problem> {
    // Deny by default: an application that was put together without it admits nobody.
    let auth = request.app_data::<Auth>().cloned().ok_or_else(Problem::unauthenticated)?;
    let caller = auth.identify(request.headers()).await?;
    let (allowance, counted) = auth.count(&caller);
    if let Some(allowance) = allowance {
        request.extensions_mut().insert(allowance);
    }
    counted?;
    if !caller.has(scope) {
        return Err(Problem::forbidden().detail(format!("the token has no scope {scope}")));
    }
    Ok(caller)
}
