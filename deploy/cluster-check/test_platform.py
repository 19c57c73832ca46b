"""The umbrella with the values of the production example: its objects of other programs, and the order of its services."""

import namespaces
import pytest
import rollouts
from cluster import NODES
from releases import PLATFORM, PLATFORM_MIGRATED, is_platform_upgrade, platform_options, platform_replaced, platform_versions
from rendering import HELM
from rollouts import ORDER
from waiting import eventually


@pytest.fixture(scope="module")
def namespace(cluster):
    """A namespace for a user who may also create the objects of other programs."""
    return namespaces.create(cluster, "admin")


@pytest.fixture(scope="module")
def empty(namespace):
    """What the namespace contains before the release."""
    return namespace.objects()


def test_install_migrates_once_and_first(namespace, empty, umbrella):
    with rollouts.recorded(namespace) as events:
        namespace.helm("upgrade", "--install", PLATFORM, umbrella, *platform_options("1.0.0"))
    assert is_platform_upgrade(events), events
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
        namespace.run(HELM / "in-order", "upgrade", PLATFORM, umbrella, *platform_options("2.0.0"))
    assert events == PLATFORM_MIGRATED + platform_replaced(ORDER)
    assert platform_versions(namespace) == {"2.0.0"} and namespace.status(PLATFORM) == (4, "deployed")


def test_in_order_goes_back_with_ingestors_last_and_without_a_migration(namespace, umbrella):
    with rollouts.recorded(namespace) as events:
        namespace.run(HELM / "in-order", "rollback", PLATFORM, umbrella, "1", *platform_options("2.0.0"))
    assert events == platform_replaced(ORDER[::-1])
    assert platform_versions(namespace) == {"1.0.0"} and namespace.status(PLATFORM) == (7, "deployed")


def test_helm_alone_upgrades_and_goes_back(namespace, umbrella):
    with rollouts.recorded(namespace) as events:
        namespace.helm("upgrade", PLATFORM, umbrella, *platform_options("3.0.0"))
    assert is_platform_upgrade(events), events
    assert platform_versions(namespace) == {"3.0.0"}
    with rollouts.recorded(namespace) as events:
        namespace.helm("rollback", PLATFORM)
    assert sorted(events) == sorted(platform_replaced(ORDER))
    assert platform_versions(namespace) == {"1.0.0"}


def test_uninstall_leaves_the_topic(namespace, empty):
    namespace.helm("uninstall", PLATFORM)
    eventually(lambda: (left := namespace.objects() - empty, left == {("KafkaTopic", "commands-down")}), "only the topic is left")
