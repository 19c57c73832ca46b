//! The life of a process: arguments, settings, telemetry, the service itself, drain, exit code.

mod arguments;
mod exit;
mod lifecycle;
mod ready;

pub use exit::ExitWith;

use std::{io::Write, process::ExitCode};

use futures_util::future::{FutureExt as _, LocalBoxFuture};
use serde::de::DeserializeOwned;

use self::{
    arguments::{Action, Arguments},
    lifecycle::Kind,
};
use crate::{
    Context,
    settings::{self, CommonSettings},
};

/// Exit code for arguments or settings that cannot be used (`EX_USAGE`).
const BAD_USAGE: u8 = 64;

type Body<S> = Box<dyn FnOnce(S, Context) -> LocalBoxFuture<'static, anyhow::Result<()>>>;

/// A service about to be run, with its settings type `S`.
pub struct Service<S> {
    name: &'static str,
    defaults: &'static str,
    commands: Vec<Command<S>>,
}

struct Command<S> {
    name: &'static str,
    about: &'static str,
    body: Body<S>,
}

impl<S: DeserializeOwned + 'static> Service<S> {
    /// A service by name, with the text of its embedded `defaults.toml`.
    #[must_use]
    pub fn new(name: &'static str, defaults: &'static str) -> Self {
        Self { name, defaults, commands: Vec::new() }
    }

    /// Adds a one-shot subcommand, as in `asset-api migrate`. It runs without an admin port and stops at a signal. Its exit
    /// code is 0 or 1, or that of the [`ExitWith`] which it fails with.
    #[must_use]
    pub fn command<F, Fut>(mut self, name: &'static str, about: &'static str, body: F) -> Self
    where
        F: FnOnce(S, Context) -> Fut + 'static,
        Fut: Future<Output = anyhow::Result<()>> + 'static,
    {
        self.commands.push(Command { name, about, body: boxed(body) });
        self
    }

    /// Does what the command line asks: usually to run `main` until a signal arrives and then to let it drain.
    ///
    /// `main` is expected to return soon after [`Shutdown::requested`](crate::Shutdown::requested). The exit code is
    /// 0 for a clean end, 64 for unusable arguments or settings (said on standard error before any port opens), and 1
    /// when the service failed or did not stop in time.
    pub fn run<F, Fut>(self, main: F) -> ExitCode
    where
        F: FnOnce(S, Context) -> Fut + 'static,
        Fut: Future<Output = anyhow::Result<()>> + 'static,
    {
        let names: Vec<_> = self.commands.iter().map(|command| (command.name, command.about)).collect();
        let arguments = match Arguments::parse(std::env::args_os().skip(1), &names) {
            Ok(arguments) => arguments,
            Err(message) => return refuse(self.name, &format!("{message} (try --help)")),
        };
        let name = self.name;
        match arguments.action {
            Action::Help => say(&arguments::help(name, &names)),
            Action::Version => say(&format!("{name} {}\n", env!("CARGO_PKG_VERSION"))),
            action => match self.load(&arguments) {
                Err(error) => refuse(name, &format!("{error:#}")),
                Ok(_) if action == Action::CheckConfig => say("the settings are valid\n"),
                Ok((common, _)) if action == Action::CheckReady => match ready::ask(common.admin.listen) {
                    Ok(()) => say("ready\n"),
                    Err(error) => fail(name, &format!("{error:#}"), ExitCode::FAILURE),
                },
                Ok((common, own)) => self.start(action, &common, own, boxed(main)),
            },
        }
    }

    fn load(&self, arguments: &Arguments) -> anyhow::Result<(CommonSettings, S)> {
        let loaded = settings::load(self.defaults, arguments.config.as_deref(), std::env::vars_os())?;
        crate::telemetry::check(&loaded.0.log)?;
        Ok(loaded)
    }

    fn start(self, action: Action, common: &CommonSettings, own: S, main: Body<S>) -> ExitCode {
        let (kind, body) = match action {
            Action::Command(wanted) => {
                match self.commands.into_iter().find(|command| command.name == wanted) {
                    Some(command) => (Kind::OneShot, command.body),
                    None => return refuse(self.name, &format!("there is no command {wanted:?}")),
                }
            }
            _ => (Kind::Daemon, main),
        };
        lifecycle::run(self.name, kind, common, |context| body(own, context))
    }
}

fn boxed<S, F, Fut>(body: F) -> Body<S>
where
    F: FnOnce(S, Context) -> Fut + 'static,
    Fut: Future<Output = anyhow::Result<()>> + 'static,
{
    Box::new(move |settings, context| body(settings, context).boxed_local())
}

fn say(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_closed) => ExitCode::FAILURE,
    }
}

fn refuse(name: &str, message: &str) -> ExitCode {
    fail(name, message, ExitCode::from(BAD_USAGE))
}

fn fail(name: &str, message: &str, code: ExitCode) -> ExitCode {
    // Nothing is left to do about a standard error that cannot be written to.
    drop(writeln!(std::io::stderr(), "{name}: {message}"));
    code
}
