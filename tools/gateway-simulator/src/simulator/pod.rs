//! A gateway pod: its id, whether it runs, and its queue to Kafka.

use crate::commands::RecentCommands;
use crate::error::SimulatorError;
use crate::publisher::Pacer;
use crate::settings::SimulatorSettings;
use domain::ids::{CommandId, GatewayId};
use runtime::lock::MutexExt as _;
use std::num::NonZeroU16;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The number of command ids that a pod remembers.
const COMMANDS_REMEMBERED: usize = 10_000;

/// A gateway pod.
#[derive(Debug)]
pub(crate) struct Pod {
    pub(crate) id: GatewayId,
    /// The partition of the command topic that its hash selects.
    pub(crate) partition: i32,
    /// The queue that limits how often it sends; `None` for no limit.
    pub(crate) pacer: Option<Pacer>,
    recent_commands: Mutex<RecentCommands>,
    /// Cancelled when the pod is killed; a restart creates a new one.
    killed: Mutex<CancellationToken>,
}

impl Pod {
    /// All pods of the settings. `partitions` is the number of partitions of the command topic.
    pub(crate) fn all(settings: &SimulatorSettings, partitions: usize) -> Result<Vec<Self>, SimulatorError> {
        let gateway = &settings.gateway;
        if gateway.pods == 0 {
            return Err(SimulatorError::Settings("gateway.pods must be at least 1".to_owned()));
        }
        let partitions = u16::try_from(partitions).ok().and_then(NonZeroU16::new).ok_or_else(|| {
            SimulatorError::Settings(
                "the topic in topics.commands has no usable number of partitions".to_owned(),
            )
        })?;
        let is_paced = settings.behaviour.effective().is_deployed() && gateway.event_interval_ms > 0;
        let interval = Duration::from_millis(gateway.event_interval_ms);
        let pod = |number: usize| {
            let id = GatewayId::parse(&format!("{}{number}", gateway.pod_prefix))
                .map_err(|error| SimulatorError::Settings(format!("gateway.pod_prefix: {error}")))?;
            Ok(Self {
                partition: gateway.routing_hash.partition(id.as_str(), partitions),
                id,
                pacer: is_paced.then(|| Pacer::new(interval, gateway.event_queue)),
                recent_commands: Mutex::new(RecentCommands::new(COMMANDS_REMEMBERED)),
                killed: Mutex::default(),
            })
        };
        (0..gateway.pods).map(pod).collect()
    }

    pub(crate) fn is_up(&self) -> bool {
        !self.killed().is_cancelled()
    }

    /// Cancelled when the currently running pod is killed.
    pub(crate) fn until_killed(&self) -> CancellationToken {
        self.killed().clone()
    }

    /// Kills the pod; returns whether it was up.
    pub(crate) fn kill(&self) -> bool {
        let killed = self.killed();
        let was_up = !killed.is_cancelled();
        killed.cancel();
        was_up
    }

    /// Starts the pod again; returns whether it was down. The commands that it received are
    /// forgotten.
    pub(crate) fn restart(&self) -> bool {
        let mut killed = self.killed();
        let was_down = killed.is_cancelled();
        if was_down {
            *killed = CancellationToken::new();
            *self.recent_commands.locked() = RecentCommands::new(COMMANDS_REMEMBERED);
        }
        was_down
    }

    /// Remembers a command's id; returns whether it is new.
    pub(crate) fn is_new_command(&self, id: CommandId) -> bool {
        self.recent_commands.locked().insert(id)
    }

    fn killed(&self) -> MutexGuard<'_, CancellationToken> {
        self.killed.locked()
    }
}
