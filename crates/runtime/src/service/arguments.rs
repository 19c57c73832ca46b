//! The command line, parsed by hand.

use std::{ffi::OsString, fmt::Write as _, path::PathBuf};

/// The action that the command line requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Run,
    Command(&'static str),
    CheckConfig,
    CheckReady,
    Help,
    Version,
}

#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) action: Action,
    pub(super) config: Option<PathBuf>,
    /// The arguments after the name of a command that has its own.
    pub(super) of_command: Vec<String>,
}

/// A command that the service offers.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownCommand {
    pub(super) name: &'static str,
    /// Its own arguments as `--help` shows them; `None` for a command without.
    pub(super) usage: Option<&'static str>,
    pub(super) about: &'static str,
}

impl Arguments {
    pub(super) fn parse(
        arguments: impl Iterator<Item = OsString>,
        commands: &[KnownCommand],
    ) -> Result<Self, String> {
        let mut parsed = Self { action: Action::Run, config: None, of_command: Vec::new() };
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let text = argument.to_string_lossy();
            match text.as_ref() {
                "--config" => {
                    let file = arguments.next().ok_or("--config needs a file name")?;
                    parsed.config = Some(PathBuf::from(file));
                }
                "--check-config" => parsed.act(Action::CheckConfig)?,
                "--check-ready" => parsed.act(Action::CheckReady)?,
                "--help" | "-h" => {
                    return Ok(Self { action: Action::Help, ..parsed });
                }
                "--version" | "-V" => {
                    return Ok(Self { action: Action::Version, ..parsed });
                }
                other => {
                    let command = commands.iter().find(|command| command.name == other);
                    match (other.strip_prefix("--config="), command) {
                        (Some(file), _) => parsed.config = Some(PathBuf::from(file)),
                        (None, Some(command)) => {
                            parsed.act(Action::Command(command.name))?;
                            if command.usage.is_some() {
                                let rest = arguments.by_ref().map(|text| text.to_string_lossy().into_owned());
                                parsed.of_command = rest.collect();
                                if parsed.of_command.iter().any(|text| text == "--help") {
                                    return Ok(Self { action: Action::Help, ..parsed });
                                }
                            }
                        }
                        (None, None) => return Err(format!("unknown argument {other:?}")),
                    }
                }
            }
        }
        Ok(parsed)
    }

    fn act(&mut self, action: Action) -> Result<(), String> {
        if self.action != Action::Run {
            return Err("only one command or check can be given".to_owned());
        }
        self.action = action;
        Ok(())
    }
}

pub(super) fn help(name: &str, commands: &[KnownCommand]) -> String {
    let mut text = format!(
        "Usage: {name} [--config FILE] [COMMAND]\n\n\
         Without a command the service runs until SIGTERM or SIGINT.\n\n\
         Options:\n\
         \x20 --config FILE    settings file that overrides the built-in defaults (or set CHARGING_CONFIG)\n\
         \x20 --check-config   check the settings and exit\n\
         \x20 --check-ready    check that the service running with these settings is ready, and exit\n\
         \x20 --help           show this help\n\
         \x20 --version        show the version\n"
    );
    if !commands.is_empty() {
        text.push_str("\nCommands:\n");
        for KnownCommand { name, usage, about } in commands {
            // Writing to a String cannot fail.
            let _ = match usage {
                Some(usage) => writeln!(text, "  {name} {usage}\n  {:<16} {about}", ""),
                None => writeln!(text, "  {name:<16} {about}"),
            };
        }
    }
    text.push_str(
        "\nEnvironment variables CHARGING__SECTION__KEY override both; see the service's defaults.toml.\n",
    );
    text
}
