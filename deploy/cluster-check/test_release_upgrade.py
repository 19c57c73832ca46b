"""Upgrades from the charts of the previous release, which fail if Kubernetes refuses a change of the charts.

Each version of the umbrella gets the values of its own production example, because the schema of older
charts refuses newer values.
"""

from dataclasses import dataclass

import namespaces
import pytest
import releases
import rollouts
from compatibility import release
from releases import PLATFORM
from rendering import HELM
from rollouts import ORDER
from waiting import eventually


@dataclass(frozen=True)
class Installed:
    """A namespace with the charts of the previous release, and the objects that it contained before."""

    namespace: namespaces.Namespace
    before: set

    def left(self):
        """The objects that were not there before."""
        return self.namespace.objects() - self.before


@pytest.fixture(scope="module")
def previous(tmp_path_factory):
    """The folder of the previous release's charts."""
    commit = release.commit(release.PREVIOUS)
    if commit is None:
        missing = f"this clone does not have the commit in {release.PREVIOUS.relative_to(release.ROOT)}; if it is shallow: git fetch --unshallow"
        if release.may_be_missing():
            pytest.skip(f"{missing}; skipped, as MAY_LEAVE_OUT names upgrades")
        pytest.fail(missing)
    folder = tmp_path_factory.mktemp("previous-release")
    release.extract(commit, "deploy/helm", folder)
    return folder / "deploy/helm"


@pytest.fixture(scope="module")
def services(cluster, previous):
    """Each chart of the previous release as a release of its own."""
    namespace = namespaces.create(cluster, "deployer")
    before = namespace.objects()
    for chart in ORDER:
        releases.upgrade(namespace, chart, "1.0.0", charts=previous)
        assert namespace.status(chart) == (1, "deployed")
    return Installed(namespace, before)


@pytest.fixture(scope="module")
def platform(cluster, previous):
    """The umbrella of the previous release."""
    packed = releases.pack(cluster, previous)
    namespace = namespaces.create(cluster, "admin")
    before = namespace.objects()
    namespace.helm("upgrade", "--install", PLATFORM, packed, *releases.platform_options("1.0.0", previous))
    assert namespace.status(PLATFORM) == (1, "deployed")
    return Installed(namespace, before)


def upgrade_to_this_tree(namespace, chart, revision):
    """Upgrades a release to the chart of this tree, which becomes this revision."""
    with rollouts.recorded(namespace) as events:
        releases.upgrade(namespace, chart, "2.0.0")
    assert events == releases.migrated_then_replaced(chart)
    assert rollouts.image(namespace, chart).endswith(":2.0.0")
    assert namespace.status(chart) == (revision, "deployed")


@pytest.mark.parametrize("chart", ORDER)
def test_a_chart_migrates_first_and_is_upgraded(services, chart):
    upgrade_to_this_tree(services.namespace, chart, revision=2)


@pytest.mark.parametrize("chart", ORDER[::-1])
def test_a_chart_goes_back_without_a_migration(services, chart):
    with rollouts.recorded(services.namespace) as events:
        services.namespace.helm("rollback", chart, "1")
    assert events == [("replaces", chart)]
    assert rollouts.image(services.namespace, chart).endswith(":1.0.0")
    assert services.namespace.status(chart) == (3, "deployed")


@pytest.mark.parametrize("chart", ORDER)
def test_a_chart_is_upgraded_again_after_going_back(services, chart):
    upgrade_to_this_tree(services.namespace, chart, revision=4)


def test_uninstall_of_the_charts_leaves_nothing(services):
    for chart in ORDER:
        services.namespace.helm("uninstall", chart)
    eventually(lambda: (left := services.left(), left == set()), "nothing is left")


def assert_deployed(namespace, version, revision):
    """The umbrella is deployed as this revision, with this version of all images."""
    assert releases.platform_versions(namespace) == {version}
    assert namespace.status(PLATFORM) == (revision, "deployed")


# Templates and values of the new charts apply from the first step of `in-order` on, which may therefore
# replace pods of every service: only the place of the migration in the order is certain.
def test_in_order_upgrades_the_umbrella(platform, umbrella):
    with rollouts.recorded(platform.namespace) as events:
        platform.namespace.run(HELM / "in-order", "upgrade", PLATFORM, umbrella, *releases.platform_options("2.0.0"))
    assert releases.is_platform_upgrade(events), events
    assert_deployed(platform.namespace, "2.0.0", revision=4)


def test_in_order_takes_the_umbrella_back_without_a_migration(platform, umbrella):
    with rollouts.recorded(platform.namespace) as events:
        platform.namespace.run(HELM / "in-order", "rollback", PLATFORM, umbrella, "1", *releases.platform_options("2.0.0"))
    assert sorted(events) == sorted(releases.platform_replaced(ORDER))
    assert_deployed(platform.namespace, "1.0.0", revision=7)


def test_helm_alone_upgrades_the_umbrella_and_goes_back(platform, umbrella):
    with rollouts.recorded(platform.namespace) as events:
        platform.namespace.helm("upgrade", PLATFORM, umbrella, *releases.platform_options("2.0.0"))
    assert releases.is_platform_upgrade(events), events
    assert_deployed(platform.namespace, "2.0.0", revision=8)
    with rollouts.recorded(platform.namespace) as events:
        platform.namespace.helm("rollback", PLATFORM)
    assert sorted(events) == sorted(releases.platform_replaced(ORDER))
    assert_deployed(platform.namespace, "1.0.0", revision=9)


def test_uninstall_of_the_umbrella_leaves_the_topic(platform):
    platform.namespace.helm("uninstall", PLATFORM)
    eventually(lambda: (left := platform.left(), left == {("KafkaTopic", "commands-down")}), "only the topic is left")
