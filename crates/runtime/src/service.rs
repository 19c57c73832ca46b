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
    arguments::{Action, Arguments, KnownCommand},
    lifecycle::Kind,
};
use crate::{
    Context,
    settings::{self, CommonSettings},
};

/// Exit code for invalid arguments or settings (`EX_USAGE`).
const BAD_USAGE: u8 = 64;

type Body<S> = Box<dyn FnOnce(S, Context) -> LocalBoxFuture<'static, anyhow::Result<()>>>;

/// A service to run, with its settings type `S`.
pub struct Service<S> {
    name: &'static str,
    defaults: &'static str,
    commands: Vec<Command<S>>,
}

struct Command<S> {
    known: KnownCommand,
    prepare: Prepare<S>,
}

/// Parses a command's own arguments and returns its body, or an error message.
type Prepare<S> = Box<dyn FnOnce(&[String]) -> Result<Body<S>, String>>;

impl<S: DeserializeOwned + 'static> Service<S> {
    /// Creates a service from its name and the text of its embedded `defaults.toml`.
    #[must_use]
    pub fn new(name: &'static str, defaults: &'static str) -> Self {
        Self { name, defaults, commands: Vec::new() }
    }

    /// Adds a one-shot subcommand, as in `asset-api migrate`. It runs without an admin port and
    /// stops at a signal. Its exit code is 0 or 1, or that of the [`ExitWith`] that it fails with.
    #[must_use]
    pub fn command<F, Fut>(mut self, name: &'static str, about: &'static str, body: F) -> Self
    where
        F: FnOnce(S, Context) -> Fut + 'static,
        Fut: Future<Output = anyhow::Result<()>> + 'static,
    {
        let known = KnownCommand { name, usage: None, about };
        self.commands.push(Command { known, prepare: Box::new(|_none| Ok(boxed(body))) });
        self
    }

    /// Adds a one-shot subcommand with its own arguments, which follow its name and are parsed by
    /// `parse`. `usage` describes them in `--help`. If `parse` fails, the process exits with code
    /// 64.
    #[must_use]
    pub fn command_with<A, F, Fut>(
        mut self,
        name: &'static str,
        usage: &'static str,
        about: &'static str,
        parse: fn(&[String]) -> Result<A, String>,
        body: F,
    ) -> Self
    where
        A: 'static,
        F: FnOnce(S, Context, A) -> Fut + 'static,
        Fut: Future<Output = anyhow::Result<()>> + 'static,
    {
        let prepare = move |given: &[String]| {
            let arguments = parse(given).map_err(|wrong| format!("{name}: {wrong} (try --help)"))?;
            Ok(boxed(move |settings, context| body(settings, context, arguments)))
        };
        let known = KnownCommand { name, usage: Some(usage), about };
        self.commands.push(Command { known, prepare: Box::new(prepare) });
        self
    }

    /// Executes the command line: usually runs `main` until a signal arrives and then lets it
    /// drain.
    ///
    /// `main` must return soon after [`Shutdown::requested`](crate::Shutdown::requested). The exit
    /// code is 0 for a clean end, 64 for invalid arguments or settings (reported on standard error
    /// before any port opens), and 1 if the service failed or did not stop in time.
    pub fn run<F, Fut>(self, main: F) -> ExitCode
    where
        F: FnOnce(S, Context) -> Fut + 'static,
        Fut: Future<Output = anyhow::Result<()>> + 'static,
    {
        let known: Vec<_> = self.commands.iter().map(|command| command.known).collect();
        let arguments = match Arguments::parse(std::env::args_os().skip(1), &known) {
            Ok(arguments) => arguments,
            Err(message) => return refuse(self.name, &format!("{message} (try --help)")),
        };
        let name = self.name;
        match arguments.action {
            Action::Help => print(&arguments::help(name, &known)),
            Action::Version => print(&format!("{name} {}\n", env!("CARGO_PKG_VERSION"))),
            action => match self.load(&arguments) {
                Err(error) => refuse(name, &format!("{error:#}")),
                Ok(_) if action == Action::CheckConfig => print("the settings are valid\n"),
                Ok((common, _)) if action == Action::CheckReady => match ready::ask(common.admin.listen) {
                    Ok(()) => print("ready\n"),
                    Err(error) => fail(name, &format!("{error:#}"), ExitCode::FAILURE),
                },
                Ok((common, own)) => self.start(&arguments, &common, own, boxed(main)),
            },
        }
    }

    fn load(&self, arguments: &Arguments) -> anyhow::Result<(CommonSettings, S)> {
        let loaded = settings::load(self.defaults, arguments.config.as_deref(), std::env::vars_os())?;
        crate::telemetry::check(&loaded.0.log)?;
        Ok(loaded)
    }

    fn start(self, arguments: &Arguments, common: &CommonSettings, own: S, main: Body<S>) -> ExitCode {
        let (kind, body) = match arguments.action {
            Action::Command(wanted) => {
                let Some(command) = self.commands.into_iter().find(|command| command.known.name == wanted)
                else {
                    return refuse(self.name, &format!("unknown command {wanted:?}"));
                };
                match (command.prepare)(&arguments.of_command) {
                    Ok(body) => (Kind::OneShot, body),
                    Err(message) => return refuse(self.name, &message),
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

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_closed) => ExitCode::FAILURE,
    }
}

fn refuse(name: &str, message: &str) -> ExitCode {
    fail(name, message, ExitCode::from(BAD_USAGE))
}

fn fail(name: &str, message: &str, code: ExitCode) -> ExitCode {
    // If standard error cannot be written to, there is nothing left to do.
    drop(writeln!(std::io::stderr(), "{name}: {message}"));
    code
}
