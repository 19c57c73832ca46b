"""Upgrades that fail: the old pods stay, and the release can be repaired."""

import pytest
import rollouts
from releases import migrated_then_replaced
from rendering import HELM
from waiting import eventually

CHART = HELM / "asset-api"
FAILS = {"migration": {"backoffLimit": 0, "podLabels": {"cluster-check/outcome": "failed"}}}


def values(version, **more):
    """Values with a version of the image."""
    return {"image": {"tag": version}, "scaling": {"mode": "fixed"}, **more}


@pytest.fixture(scope="module", autouse=True)
def empty(namespace):
    """What the namespace contains before the release, which is installed."""
    before = namespace.objects()
    namespace.helm("upgrade", "--install", "asset-api", CHART, values=values("1.0.0"))
    return before


def test_a_failed_migration_replaces_nothing_and_can_be_read(namespace):
    with rollouts.recorded(namespace) as events:
        failed = namespace.helm("upgrade", "asset-api", CHART, values=values("2.0.0", **FAILS), check=False)
    assert failed.returncode and "pre-upgrade hooks failed" in failed.stderr
    assert events == [("starts", "asset-api-migrate")]
    assert namespace.status("asset-api")[1] == "failed" and rollouts.image(namespace, "asset-api").endswith(":1.0.0")
    (pod,) = namespace.pods(component="migration")
    assert pod["status"]["phase"] == "Failed"
    assert namespace.get("Job", "asset-api-migrate")


def test_the_next_upgrade_repairs_it(namespace):
    with rollouts.recorded(namespace) as events:
        namespace.helm("upgrade", "asset-api", CHART, values=values("2.0.0"))
    assert events == migrated_then_replaced("asset-api")
    assert namespace.items("Job") == []


def test_rollback_on_failure_restores_the_release(namespace):
    failed = namespace.helm("upgrade", "asset-api", CHART, "--rollback-on-failure", values=values("3.0.0", **FAILS), check=False)
    assert failed.returncode and "rolled back" in failed.stderr
    revision, status = namespace.status("asset-api")
    assert status == "deployed" and rollouts.image(namespace, "asset-api").endswith(":2.0.0")
    assert f"Rollback to {revision - 2}" in namespace.helm("history", "asset-api").stdout


def test_pods_that_never_become_ready_replace_none(namespace):
    before = {pod["metadata"]["name"] for pod in namespace.pods(component="service")}
    assert len(before) == 2
    unready = values("3.0.0", podLabels={"cluster-check/outcome": "unready"}, migration={"enabled": False})
    failed = namespace.helm("upgrade", "asset-api", CHART, values=unready, timeout="10s", check=False)
    assert failed.returncode and rollouts.image(namespace, "asset-api").endswith(":3.0.0")
    assert before <= {pod["metadata"]["name"] for pod in namespace.pods(component="service")}
    budget = namespace.get("PodDisruptionBudget", "asset-api")["status"]
    assert budget["currentHealthy"] >= 2
    namespace.helm("rollback", "asset-api")
    assert before == {pod["metadata"]["name"] for pod in namespace.pods(component="service")}


def test_a_field_that_the_api_server_does_not_know_fails_the_release(namespace):
    wrong = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "wrong"}, "dat": {}}
    failed = namespace.helm("upgrade", "asset-api", CHART, values=values("2.0.0", extraObjects=[wrong]), check=False)
    assert failed.returncode and "dat: field not declared in schema" in failed.stderr
    assert ("ConfigMap", "wrong") not in namespace.objects()


def test_uninstall_leaves_a_failed_migration(namespace, empty):
    namespace.helm("upgrade", "asset-api", CHART, values=values("2.0.0", **FAILS), check=False)
    namespace.helm("uninstall", "asset-api")

    def look():
        left = {kind if kind == "Pod" else (kind, name) for kind, name in namespace.objects() - empty}
        return left, left == {"Pod", ("Job", "asset-api-migrate")}

    eventually(look, "only the failed Job and its pod are left")
