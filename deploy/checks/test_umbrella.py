"""The umbrella: all three charts in one release, from one file of values, migrated once."""

import helm_python as helm
import pytest
import yaml
from rendering import CHARTS, HELM, UMBRELLA, of_services, production, render


@pytest.fixture(scope="module")
def in_production(packed):
    return of_services(packed, production(UMBRELLA))


def without(values, *keys):
    return {key: value for key, value in values.items() if key not in keys}


def test_its_example_has_the_values_of_the_separate_examples():
    together = production(UMBRELLA)
    for chart in CHARTS:
        assert without(together[chart], "migration") == without(production(chart), "migration")
    assert together["event-ingestor"]["migration"] == production("event-ingestor")["migration"]


def test_its_objects_are_those_of_the_separate_charts(in_production):
    for chart, things in in_production.items():
        separate = render(chart, production(chart)).objects
        own = [thing["kind"] for thing in separate if "migration" != thing["metadata"]["labels"]["app.kubernetes.io/component"]]
        hooks = ["Job", "NetworkPolicy"] if chart == "event-ingestor" else []
        assert sorted(thing["kind"] for thing in things) == sorted(own + hooks)
        (settings,) = [thing["data"] for thing in things if thing["metadata"]["name"] == f"charging-{chart}" and thing["kind"] == "ConfigMap"]
        assert settings == next(thing["data"] for thing in separate if thing["metadata"]["name"] == chart and thing["kind"] == "ConfigMap")


def test_no_two_objects_are_the_same(in_production):
    names = [(thing["kind"], thing["metadata"]["name"]) for things in in_production.values() for thing in things]
    assert len(names) == len(set(names))


def test_no_service_selects_pods_of_another(in_production):
    pods = {chart: next(thing["spec"]["template"]["metadata"]["labels"] for thing in things if thing["kind"] == "Deployment") for chart, things in in_production.items()}
    for chart, things in in_production.items():
        for service in (thing for thing in things if thing["kind"] == "Service"):
            assert [of for of, labels in pods.items() if service["spec"]["selector"].items() <= labels.items()] == [chart]


def test_the_schema_is_migrated_once(packed):
    jobs = {chart: [thing for thing in things if thing["kind"] == "Job"] for chart, things in of_services(packed, {}).items()}
    assert {chart: len(found) for chart, found in jobs.items()} == {"event-ingestor": 1, "command-dispatcher": 0, "asset-api": 0}
    assert jobs["event-ingestor"][0]["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"


def test_argo_replaces_ingestors_first_and_assets_last(in_production):
    waves = {}
    for chart, things in in_production.items():
        for thing in things:
            if wave := thing["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-wave"):
                assert thing["kind"] == "Deployment"
                waves[chart] = int(wave)
    assert sorted(waves, key=waves.get) == ["event-ingestor", "command-dispatcher", "asset-api"]


def test_a_chart_can_be_left_out_and_its_values_are_judged(packed):
    left = of_services(packed, {"command-dispatcher": {"enabled": False}})
    assert not left["command-dispatcher"] and left["asset-api"]
    for wrong in ({"asset-apis": {}}, {"asset-api": {"settings": {"log": {"levle": "info"}}}}):
        with pytest.raises(helm.HelmValuesError):
            of_services(packed, wrong)


def test_openshift_chooses_the_user_here_too(packed):
    example = yaml.safe_load((HELM / "examples/openshift.yaml").read_text())
    for things in of_services(packed, {chart: example for chart in CHARTS}).values():
        for thing in things:
            if thing["kind"] in ("Deployment", "Job"):
                assert "runAsUser" not in thing["spec"]["template"]["spec"]["securityContext"]


def test_helm_has_nothing_against_it(packed):
    report = helm.lint(packed, production(UMBRELLA), strict=True, with_subcharts=False, kube_version="v1.34.0")
    assert [said for said in report["messages"] if said["severity"] > 1] == [] and report["errors"] == []


def test_flux_upgrades_in_order():
    documents = yaml.safe_load_all((HELM / "examples/flux/releases.yaml").read_text())
    releases = [thing for thing in documents if thing["kind"] == "HelmRelease"]
    order = ["event-ingestor", "command-dispatcher", "asset-api"]
    assert [thing["metadata"]["name"] for thing in releases] == order
    for before, thing in zip([None, *order], releases, strict=False):
        assert thing["spec"].get("dependsOn", []) == ([{"name": before}] if before else [])
        assert (HELM.parents[1] / thing["spec"]["chart"]["spec"]["chart"] / "Chart.yaml").exists()
