//! The admin port: probes and metrics.

use actix_web::{App, HttpResponse, HttpServer, dev::ServerHandle, web};
use anyhow::Context as _;

use crate::{Context, health::Health, http::read, settings::AdminSettings, telemetry};

/// Serves `/livez`, `/readyz` and `/metrics` until the handle is stopped. It outlives the service's
/// own server, so that the orchestrator can watch it drain.
///
/// # Errors
///
/// If the address cannot be bound.
pub(crate) fn serve(settings: &AdminSettings, context: &Context) -> anyhow::Result<ServerHandle> {
    let health = web::Data::new(context.health.clone());
    let server = HttpServer::new(move || App::new().app_data(health.clone()).configure(routes))
        .workers(1)
        .max_connections(64)
        .shutdown_timeout(1)
        .disable_signals()
        .bind(settings.listen)
        .with_context(|| format!("cannot bind {} (setting admin.listen)", settings.listen))?;
    for address in server.addrs() {
        tracing::info!(%address, "admin port open");
    }
    let server = server.run();
    let handle = server.handle();
    tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the admin server failed; probes and metrics are no longer served");
        }
    });
    Ok(handle)
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/livez", read().to(|| async { HttpResponse::Ok().body("ok") }))
        .route("/readyz", read().to(readyz))
        .route("/metrics", read().to(metrics));
}

async fn readyz(health: web::Data<Health>) -> HttpResponse {
    let report = health.report().await;
    if report.ready {
        HttpResponse::Ok().json(report)
    } else {
        HttpResponse::ServiceUnavailable().json(report)
    }
}

async fn metrics() -> HttpResponse {
    match telemetry::render_metrics() {
        Ok(text) => HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text),
        Err(error) => {
            tracing::error!(%error, "cannot render the metrics; this scrape is answered with 500");
            HttpResponse::InternalServerError().finish()
        }
    }
}

#[cfg(test)]
mod tests;
