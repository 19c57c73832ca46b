"""Releases of the charts and of the umbrella: how tests install them, and the events of their upgrades.

`charts` is the folder of the charts, by default that of this tree.
"""

import namespaces
import rollouts
from rendering import HELM, UMBRELLA
from rollouts import ORDER

# The name of the umbrella's release.
PLATFORM = "charging"


def upgrade(namespace, chart, version, *options, charts=HELM):
    """Installs or upgrades a release to a version of the image."""
    return namespace.helm("upgrade", "--install", chart, charts / chart, *options, values={"image": {"tag": version}})


def pack(cluster, charts):
    """Packs the charts in a folder into the umbrella next to them, whose folder is returned."""
    namespaces.create(cluster, "admin").helm("dependency", "build", charts / UMBRELLA)
    return charts / UMBRELLA


def platform_options(version, charts=HELM):
    """The options of Helm for the umbrella: the production example, and a version of all images."""
    values = {f"{chart}.image.tag": version for chart in ORDER}
    values |= {"command-dispatcher.commandTopic.strimzi.enabled": "true", "command-dispatcher.commandTopic.strimzi.cluster": "kafka"}
    example = charts / "examples/production" / f"{UMBRELLA}.yaml"
    return "--values", example, "--set", ",".join(f"{key}={value}" for key, value in values.items())


def platform_versions(namespace):
    """The versions of the three images of the umbrella."""
    return {rollouts.image(namespace, f"{PLATFORM}-{chart}").rpartition(":")[2] for chart in ORDER}


def migrated(name):
    """The events of a migration."""
    return [("starts", f"{name}-migrate"), ("completes", f"{name}-migrate")]


def migrated_then_replaced(chart):
    """The events of an upgrade: the migration has ended before anything is replaced."""
    return [*migrated(chart), ("replaces", chart)]


def platform_replaced(order):
    """The events of the umbrella's services that are replaced."""
    return [("replaces", f"{PLATFORM}-{chart}") for chart in order]


PLATFORM_MIGRATED = migrated(f"{PLATFORM}-event-ingestor")


def is_platform_upgrade(events):
    """Whether the umbrella was migrated once and first, and all services were replaced, in any order."""
    return events[:2] == PLATFORM_MIGRATED and sorted(events[2:]) == sorted(platform_replaced(ORDER))
