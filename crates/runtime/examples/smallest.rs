//! The smallest service: settings, one route, one command. The lifecycle tests run it as a process.

use std::{
    io::Write as _,
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use actix_web::web;
use runtime::auth::{AuthSettings, Caller, Reach, Scope};
use runtime::http::{Deadline, Routes};
use runtime::openapi::{About, Operation};
use runtime::{Context, Service, settings::HttpSettings};
use serde::Deserialize;

const READ: Scope = Scope::new("assets:read");
const ABOUT: About =
    About { title: "smallest", description: "The smallest service.", version: env!("CARGO_PKG_VERSION") };
const OPERATE: Scope = Scope::new("operations");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    http: HttpSettings,
    auth: AuthSettings,
}

fn main() -> ExitCode {
    Service::new("smallest", include_str!("smallest.toml"))
        .command("fail", "fails, to demonstrate an error", fail)
        .command_with("say", "WORD [--loud]", "prints a word", parse_word, print_word)
        .run(serve)
}

async fn serve(settings: Settings, context: Context) -> anyhow::Result<()> {
    let server = runtime::http::serve(&settings.http, &settings.auth, &context, ABOUT, routes)?;
    server.stopped().await
}

fn routes(routes: &mut Routes<'_>) {
    routes
        .resource("/slow/{ms}", |on| {
            on.get(Operation::new("wait", "Tests", READ, Reach::Everyone, "Take long"), slow)
        })
        .resource("/waiting", |on| {
            on.get(Operation::new("countWaiting", "Tests", READ, Reach::Everyone, "Count waits"), waiting)
        })
        .resource("/whoami", |on| {
            on.get(Operation::new("whoAmI", "Tests", READ, Reach::Everyone, "Return the caller"), whoami)
                .post(Operation::new("whoAmIReally", "Tests", OPERATE, Reach::Everyone, "The same"), whoami)
        });
}

/// Number of requests to `/slow` in progress.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// Returns [`WAITING`].
async fn waiting() -> String {
    WAITING.load(Ordering::Relaxed).to_string()
}

/// Returns the subject of the caller.
async fn whoami(caller: Caller) -> String {
    caller.subject().to_owned()
}

/// Answers after the number of milliseconds in the path.
async fn slow(ms: web::Path<u64>, request: actix_web::HttpRequest) -> String {
    let wait = Duration::from_millis(*ms);
    Deadline::extend(&request, wait + Duration::from_secs(1));
    WAITING.fetch_add(1, Ordering::Relaxed);
    tokio::time::sleep(wait).await;
    WAITING.fetch_sub(1, Ordering::Relaxed);
    format!("waited {ms} ms")
}

async fn fail(_settings: Settings, _context: Context) -> anyhow::Result<()> {
    tokio::task::yield_now().await;
    Err(anyhow::anyhow!("the disk is full").context("cannot write the report"))
}

fn parse_word(arguments: &[String]) -> Result<String, String> {
    match arguments {
        [word] => Ok(word.clone()),
        [word, loud] if loud == "--loud" => Ok(word.to_uppercase()),
        _ => Err("exactly one word is required".to_owned()),
    }
}

async fn print_word(_settings: Settings, _context: Context, word: String) -> anyhow::Result<()> {
    tokio::task::yield_now().await;
    writeln!(std::io::stdout(), "{word}")?;
    Ok(())
}
