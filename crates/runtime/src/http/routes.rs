//! What a service answers, and what its callers must be allowed: a route cannot be made without its scope.

use crate::Problem;
use crate::auth::{Auth, Caller, Scope};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, FromRequest, Handler, HttpMessage as _, Resource, Responder, web};

/// The routes of a service, as they are set up.
pub struct Routes<'a> {
    config: &'a mut web::ServiceConfig,
}

impl<'a> Routes<'a> {
    pub(super) fn new(config: &'a mut web::ServiceConfig) -> Self {
        Self { config }
    }

    /// What handlers take as [`web::Data`].
    pub fn share<T: ?Sized + 'static>(&mut self, data: web::Data<T>) -> &mut Self {
        self.config.app_data(data);
        self
    }

    /// What stands below `path`, which is then matched once for all of it.
    pub fn under(&mut self, path: &str, set_up: impl FnOnce(&mut Routes<'_>)) -> &mut Self {
        let scope = web::scope(path).configure(|config| set_up(&mut Routes { config }));
        self.config.service(scope);
        self
    }

    /// The methods of the resource at `path`, in which `{name}` stands for a part.
    pub fn resource(&mut self, path: &str, methods: impl FnOnce(Methods) -> Methods) -> &mut Self {
        let Methods(resource) = methods(Methods(web::resource(path)));
        self.config.service(resource);
        self
    }
}

/// The methods of a resource. Each needs a scope of its callers, and others are answered 405.
pub struct Methods(Resource);

impl Methods {
    /// `GET`, for callers with `scope`.
    #[must_use]
    pub fn get<H, A>(self, scope: Scope, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.on(Method::GET, scope, handler)
    }

    /// `POST`, for callers with `scope`.
    #[must_use]
    pub fn post<H, A>(self, scope: Scope, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.on(Method::POST, scope, handler)
    }

    /// `PUT`, for callers with `scope`.
    #[must_use]
    pub fn put<H, A>(self, scope: Scope, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.on(Method::PUT, scope, handler)
    }

    /// `PATCH`, for callers with `scope`.
    #[must_use]
    pub fn patch<H, A>(self, scope: Scope, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.on(Method::PATCH, scope, handler)
    }

    /// `DELETE`, for callers with `scope`.
    #[must_use]
    pub fn delete<H, A>(self, scope: Scope, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.on(Method::DELETE, scope, handler)
    }

    fn on<H, A>(self, method: Method, scope: Scope, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        let admitted = from_fn(move |request, next| admit(scope, request, next));
        Self(self.0.route(web::method(method).to(handler).wrap(admitted)))
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
