"""What users may add to the pods of every chart, and how they may change them."""

import helm_python as helm
import pytest
import yaml
from rendering import HELM, render
from variants import ADDED, NO_USER, beside


def with_everything(chart):
    """The Deployment and the Job of a chart to whose pods everything was added."""
    more = {"extraContainers": [beside("side")], "deploymentLabels": {"team": "a"}, "deploymentAnnotations": {"reload": "true"}}
    release = render(chart, ADDED | more | {"migration": ADDED})
    return release.one("Deployment"), release.one("Job")


def test_everything_that_is_added_is_in_both_pods(chart):
    plain = render(chart)
    for thing in with_everything(chart):
        template, before = thing["spec"]["template"], plain.one(thing["kind"])["spec"]["template"]
        own, own_before = (pod["spec"]["containers"][0] for pod in (template, before))
        assert template["metadata"]["labels"] == before["metadata"]["labels"] | ADDED["podLabels"]
        assert ADDED["podAnnotations"].items() <= template["metadata"]["annotations"].items()
        assert own["env"] == own_before["env"] + ADDED["extraEnv"]
        assert own["volumeMounts"] == own_before["volumeMounts"] + ADDED["extraVolumeMounts"]
        assert template["spec"]["initContainers"] == ADDED["extraInitContainers"]
        names = [volume["name"] for volume in template["spec"]["volumes"]]
        assert set(names) == {volume["name"] for volume in before["spec"]["volumes"]} | {"more"}
        assert len(names) == len(set(names))


def test_side_containers_and_marks_are_those_of_the_deployment_alone(chart):
    deployment, job = with_everything(chart)
    assert [container["name"] for container in deployment["spec"]["template"]["spec"]["containers"]] == [chart, "side"]
    assert [container["name"] for container in job["spec"]["template"]["spec"]["containers"]] == ["migrate"]
    assert deployment["metadata"]["labels"]["team"] == "a"
    assert deployment["metadata"]["annotations"] == {"reload": "true"}
    assert "team" not in deployment["spec"]["selector"]["matchLabels"]
    with pytest.raises(helm.HelmValuesError):
        render(chart, {"migration": {"extraContainers": [beside("side")]}})


def test_pods_are_replaced_as_the_strategy_says(chart):
    def strategy(values):
        return render(chart, {"strategy": values}).one("Deployment")["spec"]["strategy"]

    assert strategy({}) == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    assert strategy({"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 1}})["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": 1}
    # Kubernetes refuses Recreate with rollingUpdate.
    assert strategy({"type": "Recreate", "rollingUpdate": None}) == {"type": "Recreate"}
    with pytest.raises(helm.HelmValuesError):
        strategy({"type": "OnDelete"})


def test_openshift_chooses_the_user(chart):
    """Its admission refuses a fixed user or group of another project."""
    example = yaml.safe_load((HELM / "examples/openshift.yaml").read_text())
    assert example["podSecurityContext"] == NO_USER
    pods = render(chart, {"podSecurityContext": NO_USER}).pods
    assert len(pods) == 3
    for pod in pods:
        assert pod["spec"]["securityContext"] == {
            "runAsNonRoot": True,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        }


def test_security_contexts_are_those_of_all_pods(chart):
    release = render(chart, {"podSecurityContext": {"runAsUser": 1000680000}, "securityContext": {"seLinuxOptions": {"level": "s0:c1,c2"}}})
    for pod in release.pods:
        assert pod["spec"]["securityContext"]["runAsUser"] == 1000680000
        for container in pod["spec"]["containers"]:
            assert container["securityContext"]["seLinuxOptions"] == {"level": "s0:c1,c2"}
            assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_further_objects_are_rendered(chart):
    more = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}-more", "labels": {"of": "{{ .Chart.Name }}"}}}
    found = render(chart, {"extraObjects": [more]}).one("ConfigMap", f"{chart}-more")
    assert found["metadata"]["labels"] == {"of": chart}
