"""The API server's judgement of every object that the charts can render, and of objects that it must refuse."""

import copy

import namespaces
import pytest
import yaml
from api import Refused
from rendering import CHARTS, HELM, NAMESPACE, render
from variants import VARIANTS


@pytest.fixture(scope="module")
def api(cluster):
    """The API, with the namespace that the charts are rendered for."""
    return namespaces.create(cluster, "admin", NAMESPACE).api


def pod_of(template):
    """The pod of a template. Its own account does not exist in a rehearsal."""
    labels = template["metadata"].get("labels", {})
    spec = template["spec"] | {"serviceAccountName": "default"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "rehearsal", "namespace": NAMESPACE, "labels": labels}, "spec": spec}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("chart", CHARTS)
def test_every_object_and_pod_is_admitted(api, chart, variant):
    release = render(chart, VARIANTS[variant](chart))
    for thing in release.objects:
        api.apply(thing, dry=True)
    for template in release.pods:
        api.apply(pod_of(template), dry=True)


EXAMPLES = [HELM / "examples" / name for name in ("strimzi/topics.yaml", "cloudnative-pg/cluster.yaml", "external-secrets/charts.yaml", "external-secrets/roles.yaml")]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_examples_for_other_operators_are_admitted(api, path):
    for thing in yaml.safe_load_all(path.read_text()):
        api.apply({**thing, "metadata": {**thing["metadata"], "namespace": NAMESPACE}}, dry=True)


def refusal(api, thing):
    """The reason for which the API server refuses an object; it must."""
    with pytest.raises(Refused) as refused:
        api.apply(thing, dry=True)
    return f"{refused.value.code}: {refused.value}"


def test_an_unknown_field_is_refused(api):
    deployment = copy.deepcopy(render("asset-api").one("Deployment"))
    deployment["spec"]["template"]["spec"]["containers"][0]["livenessprobe"] = {}
    assert "livenessprobe: field not declared in schema" in refusal(api, deployment)


def test_an_unknown_field_of_another_programs_object_is_refused(api):
    topic = copy.deepcopy(render("command-dispatcher", {"commandTopic": {"strimzi": {"enabled": True, "cluster": "kafka"}}}).one("KafkaTopic"))
    api.apply(topic, dry=True)
    topic["spec"]["partition"] = 1
    assert "partition: field not declared in schema" in refusal(api, topic)


LOOSE = {
    "runAsNonRoot": {"podSecurityContext": {"runAsNonRoot": None}},
    "seccompProfile": {"podSecurityContext": {"seccompProfile": None}},
    "allowPrivilegeEscalation": {"securityContext": {"allowPrivilegeEscalation": None}},
    "capabilities": {"securityContext": {"capabilities": None}},
}


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("field", LOOSE)
def test_pod_security_refuses_every_pod_without_a_field(api, chart, field):
    """So every one of these values is needed, in the service's pod, the migration's and the test's."""
    pods = render(chart, LOOSE[field]).pods
    assert len(pods) == 3
    for template in pods:
        said = refusal(api, pod_of(template))
        assert 'violates PodSecurity "restricted' in said and field in said
