"""Properties of every chart, with its defaults, with the production example, and with values that neither of them sets."""

import json
import shutil
import tomllib

import helm_python as helm
import kubernetes_validate
import pytest
import yaml
from custom_resources import SCHEMAS
from jsonschema import Draft202012Validator
from rendering import CHARTS, HELM, NAMESPACE, ROOT, production, render

# The oldest version that Chart.yaml allows, and the newest one.
KUBERNETES = ("1.29", "1.37")


def test_helm_has_nothing_against_it(chart, values):
    report = helm.lint(HELM / chart, values, strict=True, with_subcharts=False, kube_version="v1.34.0")
    # 1 is information, such as that an icon is recommended.
    assert [said for said in report["messages"] if said["severity"] > 1] == []
    assert report["errors"] == []


def test_its_library_is_there_and_it_can_be_packed(chart, tmp_path):
    assert [found["status"] for found in helm.dependency_list(HELM / chart)] == ["unpacked"]
    archive = helm.package(HELM / chart, destination=tmp_path)
    with helm.Chart.load(archive) as packed:
        assert "kind: Deployment" in packed.render({}, name=chart)[f"{chart}/templates/objects.yaml"]


def test_no_chart_has_links():
    """Flux drops them, and Rancher refuses them."""
    assert [path for path in HELM.rglob("*") if path.is_symlink()] == []


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_knows_every_object(release, version):
    for thing in release.objects:
        if thing["apiVersion"] in SCHEMAS:
            Draft202012Validator(SCHEMAS[thing["apiVersion"]][thing["kind"]]).validate(thing)
        else:
            kubernetes_validate.validate(thing, version, strict=True)


def test_no_two_objects_are_the_same(release):
    names = [(thing["kind"], thing["metadata"]["name"]) for thing in release.objects]
    assert len(names) == len(set(names))
    assert {thing["metadata"]["namespace"] for thing in release.objects} == {NAMESPACE}


def test_probes_are_on_the_admin_port(release):
    container = release.container
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports["admin"] == int(release.effective["admin"]["listen"].rpartition(":")[2])
    for probe, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        assert container[probe]["httpGet"] == {"path": path, "port": "admin"}, probe
    if "http" in release.effective:
        assert ports["http"] == int(release.effective["http"]["listen"].rpartition(":")[2])
    for section in ("http", "admin"):
        listen = release.effective.get(section, {}).get("listen", "0.0.0.0:1")
        assert not listen.startswith("127."), f"{section}.listen is on loopback"


def test_nothing_may_be_root_or_write_or_gain(release):
    assert release.pods
    for pod in release.pods:
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        # OpenShift chooses one.
        assert spec["securityContext"].get("runAsUser") == release.values["podSecurityContext"].get("runAsUser")
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec.get("initContainers", []) + spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "privileged": False,
                "readOnlyRootFilesystem": True,
            }
        assert not any(key in spec for key in ("hostNetwork", "hostPID", "hostIPC"))
        assert not any("hostPath" in volume for volume in spec["volumes"])


def test_memory_is_limited_and_cpu_is_not(release):
    for pod in release.pods:
        for container in pod["spec"]["containers"]:
            resources = container["resources"]
            assert "memory" in resources["limits"] and "cpu" not in resources["limits"]
            assert {"cpu", "memory"} <= set(resources["requests"])
    with pytest.raises(helm.HelmValuesError, match="cpu"):
        render(release.chart, {"resources": {"limits": {"cpu": "1"}}})


def test_draining_ends_before_the_pod_is_killed(release):
    shutdown = release.effective["shutdown"]
    spec = release.one("Deployment")["spec"]["template"]["spec"]
    assert spec["terminationGracePeriodSeconds"] * 1000 >= shutdown["delay_ms"] + shutdown["grace_ms"] + 5000
    longer = {"settings": {"shutdown": {"grace_ms": 90_000, "delay_ms": 1}}}
    assert render(release.chart, longer).one("Deployment")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 96
    with pytest.raises(helm.HelmRenderError, match="killed at work"):
        render(release.chart, {"terminationGracePeriodSeconds": 20})


def test_replicas_stand_apart_and_leave_one_by_one(release):
    deployment = release.one("Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    spread = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert {rule["topologyKey"] for rule in spread} == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
    budget = release.one("PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    for selector in [rule["labelSelector"] for rule in spread] + [budget["selector"], deployment["spec"]["selector"]]:
        assert selector["matchLabels"].items() <= labels.items()
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_no_traffic_reaches_the_migration(release):
    pods = release.one("Job")["spec"]["template"]["metadata"]["labels"]
    services = release.all("Service")
    assert len(services) == (2 if "http" in release.effective else 1)
    for service in services:
        assert not service["spec"]["selector"].items() <= pods.items()
    serving = release.one("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert all(service["spec"]["selector"].items() <= serving.items() for service in services)


def test_the_schema_is_migrated_before_anything_else(release):
    job, policy = release.one("Job"), release.one("NetworkPolicy", f"{release.chart}-migrate")
    weights = []
    for hook in (policy, job):
        said = hook["metadata"]["annotations"]
        assert said["helm.sh/hook"] == "pre-install,pre-upgrade"
        assert "before-hook-creation" in said["helm.sh/hook-delete-policy"]
        weights.append(int(said["helm.sh/hook-weight"]))
    assert weights == sorted(weights) and weights[0] < weights[1]
    spec = job["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert container["args"] == ["migrate"]
    # `asset-api` is the one that has the command.
    assert "/asset-api" in container["image"]
    assert spec["restartPolicy"] == "Never" and job["spec"]["activeDeadlineSeconds"] > 0
    # Nothing that the chart itself creates later.
    made = {thing["metadata"]["name"] for kind in ("ConfigMap", "ServiceAccount") for thing in release.all(kind)}
    assert spec["serviceAccountName"] not in made
    assert not any(volume.get("configMap", {}).get("name") in made for volume in spec["volumes"])
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= job["spec"]["template"]["metadata"]["labels"].items()


def test_changed_settings_start_new_pods(release):
    def checksum(values):
        return render(release.chart, values).one("Deployment")["spec"]["template"]["metadata"]["annotations"]["checksum/settings"]

    assert checksum({}) == checksum({"podDisruptionBudget": {"maxUnavailable": 2}})
    assert checksum({}) != checksum({"settings": {"log": {"level": "debug"}}})


def test_http_services_are_scaled_by_their_use(release):
    deployment = release.one("Deployment")
    mode = release.values["scaling"]["mode"]
    assert ("replicas" in deployment["spec"]) == (mode == "fixed")
    assert len(release.all("HorizontalPodAutoscaler")) == (1 if mode == "hpa" else 0)
    if mode == "hpa":
        scaler = release.one("HorizontalPodAutoscaler")["spec"]
        assert scaler["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
        assert 2 <= scaler["minReplicas"] < scaler["maxReplicas"]


def test_ingestors_are_never_more_than_partitions():
    most = production("event-ingestor")["scaling"]["partitions"]
    for scaling in ({"mode": "fixed", "replicas": most + 1}, {"mode": "keda", "max": most + 1}):
        with pytest.raises(helm.HelmRenderError, match="partitions"):
            render("event-ingestor", {"scaling": scaling})
    render("event-ingestor", {"scaling": {"mode": "fixed", "replicas": most}})


def test_keda_asks_where_the_offsets_are():
    scaled = render("event-ingestor", production("event-ingestor"))
    (trigger,) = scaled.one("ScaledObject")["spec"]["triggers"]
    assert trigger["type"] == "postgresql"
    assert "topic = 'ocpp-events-up'" in trigger["metadata"]["query"]
    assert trigger["authenticationRef"]["name"] == scaled.one("TriggerAuthentication")["metadata"]["name"]
    with pytest.raises(helm.HelmValuesError):
        render("event-ingestor", {"scaling": {"keda": {"trigger": "kafka"}}})


def test_metrics_are_read_from_the_admin_port_alone(chart):
    release = render(chart, {"serviceMonitor": {"enabled": True}})
    monitor = release.one("ServiceMonitor")["spec"]
    selected = [
        service for service in release.all("Service")
        if monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    ]
    assert [service["metadata"]["name"] for service in selected] == [f"{chart}-admin"]
    assert selected[0]["metadata"]["labels"][monitor["jobLabel"]] == chart
    (endpoint,) = monitor["endpoints"]
    assert endpoint["port"] in {port["name"] for port in selected[0]["spec"]["ports"]}


def test_production_requires_a_synchronous_standby(chart):
    """What was confirmed survives a failover only with one."""
    assert production(chart)["settings"]["database"]["require_synchronous_standby"] is True


def test_the_command_topic_is_as_the_service_expects_it():
    """For Strimzi's operator; the service's settings apply to its topic."""
    assert not render("command-dispatcher").all("KafkaTopic")
    strimzi = {"enabled": True, "namespace": "kafka", "cluster": "charging"}
    (topic,) = render("command-dispatcher", {"commandTopic": {"strimzi": strimzi}}).all("KafkaTopic")
    Draft202012Validator(SCHEMAS[topic["apiVersion"]][topic["kind"]]).validate(topic)
    assert (topic["metadata"]["name"], topic["metadata"]["namespace"]) == ("commands-down", "kafka")
    assert topic["metadata"]["labels"]["strimzi.io/cluster"] == "charging"
    example = list(yaml.safe_load_all((ROOT / "deploy/helm/examples/strimzi/topics.yaml").read_text()))
    assert [topic["spec"]] == [item["spec"] for item in example if item["metadata"]["name"] == "commands-down"]
    other = {"dispatch": {"topic": "orders", "partitions": 64, "command_retention_s": 90}}
    (topic,) = render("command-dispatcher", {"commandTopic": {"strimzi": strimzi}, "settings": other}).all("KafkaTopic")
    assert (topic["metadata"]["name"], topic["spec"]["partitions"]) == ("orders", 64)
    assert (topic["spec"]["config"]["retention.ms"], topic["spec"]["config"]["segment.ms"]) == (90_000, 45_000)
    with pytest.raises(helm.HelmRenderError, match="cluster"):
        render("command-dispatcher", {"commandTopic": {"strimzi": {"enabled": True}}})


def test_all_rules_and_dashboards_come_with_one_chart():
    """Everything of deploy/observability is in exactly one chart."""
    groups, boards = [], []
    for chart in CHARTS:
        release = render(chart, {"prometheusRule": {"enabled": True}, "dashboards": {"enabled": True}})
        for rule in release.all("PrometheusRule"):
            Draft202012Validator(SCHEMAS[rule["apiVersion"]][rule["kind"]]).validate(rule)
            groups += rule["spec"]["groups"]
        boards += [(name, json.loads(text)) for board in release.all("ConfigMap") for name, text in board["data"].items() if name.endswith(".json")]
    files = [yaml.safe_load(path.read_text()) for path in ROOT.glob("deploy/observability/alerts/*.rules.yaml")]
    wanted = [group for rules in files for group in rules["groups"]]
    assert sorted(groups, key=lambda group: group["name"]) == sorted(wanted, key=lambda group: group["name"])
    assert dict(boards) == {path.name: json.loads(path.read_text()) for path in ROOT.glob("deploy/observability/dashboards/*.json")}
    assert len(boards) == len(dict(boards))


RULES = """# The file that Prometheus reads.
groups:
  - name: of-others
    rules:
      - record: one
        expr: 1
  - name: example
    rules:
      - alert: Example
        expr: up == 0
        for: 5m
        annotations:
          summary: "{{ $labels.pod }} is away"
"""
DASHBOARD = '{"title": "Example", "legend": "{{pod}}"}'


def test_any_rules_and_any_dashboard_are_carried(chart, tmp_path):
    """With separate files, independent of deploy/observability."""
    copy = tmp_path / chart
    shutil.copytree(HELM / chart, copy)
    (copy / "alerts/x.rules.yaml").write_text(RULES)
    # For example the tests of the rules.
    (copy / "alerts/other.yaml").write_text(RULES)
    (copy / f"dashboards/{chart}_x.json").write_text(DASHBOARD)
    switches = {"prometheusRule": {"enabled": True, "groups": ["example"]}, "dashboards": {"enabled": True, "files": ["*_x.json"]}}
    release = render(chart, switches, copy)
    rule = release.one("PrometheusRule")
    Draft202012Validator(SCHEMAS[rule["apiVersion"]][rule["kind"]]).validate(rule)
    assert rule["spec"]["groups"] == yaml.safe_load(RULES)["groups"][1:]
    board = release.one("ConfigMap", f"{chart}-dashboard-{chart}-x")
    assert board["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert board["data"] == {f"{chart}_x.json": DASHBOARD}
    off = render(chart, {}, copy)
    assert not off.all("PrometheusRule") and len(off.all("ConfigMap")) == 1


def test_charts_and_platform_have_one_version(chart):
    wanted = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    with helm.Chart.load(HELM / chart) as loaded:
        assert loaded.metadata["appVersion"] == wanted


def test_images_are_exact(release):
    for pod in release.pods:
        for container in pod["spec"]["containers"]:
            image = container["image"]
            assert "@sha256:" in image or image.rpartition(":")[2] not in ("", "latest"), image


def test_what_the_service_would_refuse_is_not_rendered(chart):
    refused = [({"settings": {"admin": {"listen": "127.0.0.1:9080"}}}, "loopback"), ({"secrets": {"database": None}}, "secrets.database.url")]
    if "auth" in render(chart).effective:
        refused += [
            ({"settings": {"auth": {"mode": "none"}}}, "auth.mode must be jwt"),
            ({"settings": {"auth": {"jwks_url": "https://a.example.com", "jwks_file": "/a"}}}, "both set"),
        ]
    if "kafka" in render(chart).effective:
        refused.append(({"settings": {"kafka": {"sasl_mechanism": "PLAIN"}}}, "sasl_password is missing"))
    for values, why in refused:
        with pytest.raises(helm.HelmError, match=why):
            render(chart, values)
