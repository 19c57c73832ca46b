"""A cluster that chooses users and groups by itself and refuses pods that name them, as OpenShift does."""

import namespaces
import pytest
import yaml
from api import Refused
from rendering import CHARTS, HELM, render
from waiting import eventually

LABEL = "cluster-check/fixed-users"
NAMED = ("runAsUser", "runAsGroup", "fsGroup", "supplementalGroups")
VALUES = yaml.safe_load((HELM / "examples/openshift.yaml").read_text())


def nothing_named(context, fields):
    """The expression that a security context names none of the fields."""
    return f"(!has({context}) || ({' && '.join(f'!has({context}.{field})' for field in fields)}))"


def policy():
    """The policy, and its binding to the namespaces with the label."""
    container = nothing_named("container.securityContext", NAMED[:2])
    rules = [nothing_named("object.spec.securityContext", NAMED)]
    rules += [f"!has(object.spec.{kind}) || object.spec.{kind}.all(container, {container})" for kind in ("containers", "initContainers")]
    name = {"name": "no-fixed-users"}
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    validations = [{"expression": rule, "message": "the pod names a user or a group"} for rule in rules]
    return [
        {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": name,
         "spec": {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": [pods]}, "validations": validations}},
        {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": name,
         "spec": {"policyName": name["name"], "validationActions": ["Deny"],
                  "matchResources": {"namespaceSelector": {"matchLabels": {LABEL: "refused"}}}}},
    ]  # fmt: skip


@pytest.fixture(scope="module")
def namespace(cluster):
    """A namespace with the policy in force."""
    for thing in policy():
        cluster.admin.apply(thing)
    place = namespaces.create(cluster, "deployer", **{LABEL: "refused"})
    fixed = pod_of(place, render("asset-api").pods[0])
    eventually(lambda: (None, refused(place, fixed)), "the policy is in force")
    return place


def pod_of(namespace, template):
    """The pod of a template."""
    spec = template["spec"] | {"serviceAccountName": "default"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "rehearsal", "namespace": namespace.name}, "spec": spec}


def refused(namespace, pod):
    """Whether the policy refuses a pod."""
    try:
        namespace.api.apply(pod, dry=True)
    except Refused as reason:
        assert "the pod names a user or a group" in str(reason)
        return True
    return False


@pytest.mark.parametrize("chart", CHARTS)
def test_the_values_are_needed_by_every_pod(namespace, chart):
    assert [refused(namespace, pod_of(namespace, template)) for template in render(chart).pods] == [True] * 3
    assert [refused(namespace, pod_of(namespace, template)) for template in render(chart, VALUES).pods] == [False] * 3


@pytest.mark.parametrize("field", NAMED[:2])
def test_a_container_that_names_a_user_is_refused(namespace, field):
    (template, *_) = render("asset-api", VALUES | {"securityContext": {field: 65532}}).pods
    assert refused(namespace, pod_of(namespace, template))


def test_the_three_charts_run(namespace):
    for chart in CHARTS:
        namespace.helm("upgrade", "--install", chart, HELM / chart, values=VALUES)
        assert namespace.status(chart) == (1, "deployed")


def test_the_umbrella_runs(namespace, umbrella):
    namespace.helm("upgrade", "--install", "charging", umbrella, values=dict.fromkeys(CHARTS, VALUES))
    assert namespace.status("charging") == (1, "deployed")
    for pod in namespace.items("Pod", instance="charging"):
        assert not set(pod["spec"]["securityContext"]) & set(NAMED)
