"""The umbrella with the values of the production example: its objects of other programs, and the order of its services."""

import namespaces
import pytest
import rollouts
from cluster import NODES
from rendering import HELM, UMBRELLA
from rollouts import ORDER
from waiting import eventually

MIGRATION = [("starts", "charging-event-ingestor-migrate"), ("completes", "charging-event-ingestor-migrate")]


@pytest.fixture(scope="module")
def namespace(cluster):
    """A namespace for a user who may also create the objects of other programs."""
    return namespaces.create(cluster, "admin")


@pytest.fixture(scope="module")
def empty(namespace):
    """What the namespace contains before the release."""
    return namespace.objects()


def options(version):
    """The options of Helm for a version of all images."""
    values = {f"{chart}.image.tag": version for chart in ORDER}
    values |= {"command-dispatcher.commandTopic.strimzi.enabled": "true", "command-dispatcher.commandTopic.strimzi.cluster": "kafka"}
    return "--values", HELM / "examples/production" / f"{UMBRELLA}.yaml", "--set", ",".join(f"{key}={value}" for key, value in values.items())


def replaced(order):
    """The events of services that are replaced."""
    return [("replaces", f"charging-{chart}") for chart in order]


def versions(namespace):
    """The versions of the three images."""
    return {rollouts.image(namespace, f"charging-{chart}").rpartition(":")[2] for chart in ORDER}


def test_install_migrates_once_and_first(namespace, empty, umbrella):
    with rollouts.recorded(namespace) as events:
        namespace.helm("upgrade", "--install", "charging", umbrella, *options("1.0.0"))
    assert events[:2] == MIGRATION and sorted(events[2:]) == sorted(replaced(ORDER))
    kinds = {kind for kind, _ in namespace.objects() - empty}
    assert kinds >= {"ScaledObject", "TriggerAuthentication", "ServiceMonitor", "PrometheusRule", "HTTPRoute", "KafkaTopic", "PodDisruptionBudget"}


def test_replicas_are_spread_over_zones(namespace):
    """As the production example requires of the scheduler."""
    for chart in ("asset-api", "command-dispatcher"):

        def look(chart=chart):
            nodes = [pod["spec"].get("nodeName") for pod in namespace.pods(name=chart, component="service")]
            return nodes, sorted(map(str, nodes)) == sorted(NODES)

        eventually(look, f"one replica of {chart} on each node")


def test_in_order_upgrades_ingestors_first(namespace, umbrella):
    with rollouts.recorded(namespace) as events:
        namespace.run(HELM / "in-order", "upgrade", "charging", umbrella, *options("2.0.0"))
    assert events == MIGRATION + replaced(ORDER)
    assert versions(namespace) == {"2.0.0"} and namespace.status("charging") == (4, "deployed")


def test_in_order_goes_back_with_ingestors_last_and_without_a_migration(namespace, umbrella):
    with rollouts.recorded(namespace) as events:
        namespace.run(HELM / "in-order", "rollback", "charging", umbrella, "1", *options("2.0.0"))
    assert events == replaced(ORDER[::-1])
    assert versions(namespace) == {"1.0.0"} and namespace.status("charging") == (7, "deployed")


def test_helm_alone_upgrades_and_goes_back(namespace, umbrella):
    with rollouts.recorded(namespace) as events:
        namespace.helm("upgrade", "charging", umbrella, *options("3.0.0"))
    assert events[:2] == MIGRATION and sorted(events[2:]) == sorted(replaced(ORDER))
    assert versions(namespace) == {"3.0.0"}
    with rollouts.recorded(namespace) as events:
        namespace.helm("rollback", "charging")
    assert sorted(events) == sorted(replaced(ORDER))
    assert versions(namespace) == {"1.0.0"}


def test_uninstall_leaves_the_topic(namespace, empty):
    namespace.helm("uninstall", "charging")
    eventually(lambda: (left := namespace.objects() - empty, left == {("KafkaTopic", "commands-down")}), "only the topic is left")
