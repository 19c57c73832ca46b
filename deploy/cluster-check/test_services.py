"""Each chart as a release of its own, installed by a user who has no rights but in the namespace."""

import pytest
import rollouts
from api import Refused
from releases import migrated_then_replaced, upgrade
from rendering import HTTP
from rollouts import ORDER
from waiting import eventually


@pytest.fixture(scope="module")
def empty(namespace):
    """What the namespace contains before the first release."""
    return namespace.objects()


@pytest.mark.parametrize("chart", ORDER)
def test_a_rehearsal_changes_nothing(namespace, empty, chart):
    upgrade(namespace, chart, "1.0.0", "--dry-run=server")
    assert namespace.objects() == empty


@pytest.mark.parametrize("chart", ORDER)
def test_install_migrates_first(namespace, empty, chart):
    with rollouts.recorded(namespace) as events:
        upgrade(namespace, chart, "1.0.0")
    assert events == migrated_then_replaced(chart)
    assert namespace.status(chart) == (1, "deployed")


@pytest.mark.parametrize("chart", ORDER)
def test_services_find_the_pods(namespace, chart):
    ports = {f"{chart}-admin": "admin"} | ({chart: "http"} if chart in HTTP else {})
    pods = namespace.get("Deployment", chart)["spec"]["template"]["spec"]["containers"][0]["ports"]
    numbers = {port["name"]: port["containerPort"] for port in pods}
    for service, port in ports.items():
        wanted = (2, [numbers[port]])
        eventually(lambda service=service, wanted=wanted: (found := reached(namespace, service), found == wanted), f"{service} has two endpoints")


def reached(namespace, service):
    """How many ready pods a Service reaches, and at which ports."""
    slices = namespace.api.items(namespace.path("EndpointSlice"), labelSelector=f"kubernetes.io/service-name={service}")
    ready = [endpoint for found in slices for endpoint in found["endpoints"] or [] if endpoint["conditions"]["ready"]]
    return len(ready), sorted({port["port"] for found in slices for port in found["ports"] or []})


@pytest.mark.parametrize("chart", ORDER)
def test_one_pod_is_evicted_at_a_time(namespace, cluster, chart):
    disruptions_allowed(namespace, chart, 1)
    cluster.cordon(True)
    try:
        first, second = (pod["metadata"]["name"] for pod in namespace.pods(name=chart, component="service"))
        evict(namespace, first)
        # The next node waits until a new pod is ready, and while all nodes are closed none can run.
        with pytest.raises(Refused) as refused:
            evict(namespace, second)
        assert refused.value.code == 429 and "disruption budget" in str(refused.value)
    finally:
        cluster.cordon(False)
    disruptions_allowed(namespace, chart, 1)
    evict(namespace, second)


def disruptions_allowed(namespace, chart, number):
    """Waits until both pods are ready, and this number of them may be evicted."""

    def look():
        status = namespace.get("PodDisruptionBudget", chart).get("status", {})
        return status, (status.get("currentHealthy"), status.get("disruptionsAllowed")) == (2, number)

    eventually(look, f"the budget of {chart}")


def evict(namespace, pod):
    """Evicts a pod, as `kubectl drain` does."""
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": namespace.name}}
    namespace.api.call("POST", f"{namespace.path('Pod', pod)}/eviction", body)


@pytest.mark.parametrize("chart", ORDER)
def test_the_release_has_a_test_that_leaves_nothing(namespace, chart):
    before = namespace.objects()
    done = namespace.helm("test", chart, "--timeout", "4m")
    assert "Phase:          Succeeded" in done.stdout
    left = {thing for thing in namespace.objects() - before if "-test" in thing[1]}
    assert left == set()


@pytest.mark.parametrize(("version", "order"), [("2.0.0", ORDER), ("3.0.0", ORDER[::-1])], ids=["ingestor-first", "ingestor-last"])
def test_upgrade_in_both_orders(namespace, version, order):
    for chart in order:
        with rollouts.recorded(namespace) as events:
            upgrade(namespace, chart, version)
        assert events == migrated_then_replaced(chart)
        assert rollouts.image(namespace, chart).endswith(f":{version}")


def test_rollback_goes_back_without_a_migration(namespace):
    for chart in ORDER[::-1]:
        with rollouts.recorded(namespace) as events:
            namespace.helm("rollback", chart, "1")
        assert events == [("replaces", chart)]
        assert rollouts.image(namespace, chart).endswith(":1.0.0")
        assert namespace.status(chart) == (4, "deployed")


def test_uninstall_leaves_nothing(namespace, empty):
    for chart in ORDER:
        namespace.helm("uninstall", chart)
    eventually(lambda: (left := namespace.objects() - empty, left == set()), "nothing is left")
