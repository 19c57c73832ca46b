"""The profile `observe` of compose.yaml shows the metrics, alerts, dashboards and traces of every service."""

import json
import re
from pathlib import Path

import pytest
import yaml
from composing import COMPOSE, OBSERVING, OURS, resolved
from rendering import ROOT, defaults

OBSERVABILITY = ROOT / "deploy/observability"


@pytest.fixture(scope="module")
def services():
    return resolved("--profile", "observe")


def read(name):
    return yaml.safe_load((COMPOSE / name).read_text())


def mounts(service):
    """The paths in the repository by where they are mounted."""
    bound = [mount for mount in service["volumes"] if mount["type"] == "bind"]
    assert all(mount["read_only"] and Path(mount["source"]).exists() for mount in bound)
    return {mount["target"]: Path(mount["source"]) for mount in bound}


def address(services, name):
    """How other services reach the one published port of a service."""
    (port,) = services[name]["ports"]
    return f"http://{name}:{port['target']}"


def test_only_the_profile_starts_them(services):
    assert set(services) - set(resolved()) == OBSERVING
    assert {name for name, service in services.items() if "profiles" in service} == OBSERVING


def test_they_are_as_tight_as_our_containers(services):
    for name in (*OBSERVING, "jaeger"):
        service = services[name]
        assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"], name


def test_prometheus_reads_every_service_under_its_name(services):
    config = read("prometheus.yaml")
    targets = {scrape["job_name"]: [target for group in scrape["static_configs"] for target in group["targets"]] for scrape in config["scrape_configs"]}
    assert targets == {name: [f"{name}:{defaults(name)['admin']['listen'].rpartition(':')[2]}"] for name in OURS}
    for name, (target,) in targets.items():
        assert services[name]["environment"]["CHARGING__ADMIN__LISTEN"] == f"0.0.0.0:{target.rpartition(':')[2]}"


def test_prometheus_reads_its_configuration_and_every_rule(services):
    service, config = services["prometheus"], read("prometheus.yaml")
    place = next(option.partition("=")[2] for option in service["command"] if option.startswith("--config.file="))
    mounted = mounts(service)
    assert mounted[place] == COMPOSE / "prometheus.yaml"
    folder, _, pattern = config["rule_files"][0].rpartition("/")
    rules = mounted[f"{place.rpartition('/')[0]}/{folder}"]
    assert rules == OBSERVABILITY / "alerts"
    assert set(rules.glob(pattern)) == set(OBSERVABILITY.rglob("*.rules.yaml")) != set()
    # The version that checks the rules.
    promtool = re.search(r"Prometheus calls it (\S+),", (OBSERVABILITY / "promtool").read_text())[1]
    assert service["image"] == f"prom/prometheus:v{promtool}"


def test_grafana_provisions_every_dashboard(services):
    mounted = mounts(services["grafana"])
    assert mounted["/etc/grafana/provisioning/dashboards/charging.yaml"] == COMPOSE / "grafana/dashboards.yaml"
    (provider,) = read("grafana/dashboards.yaml")["providers"]
    assert mounted[provider["options"]["path"]] == OBSERVABILITY / "dashboards"
    boards = {path.name: json.loads(path.read_text()) for path in (OBSERVABILITY / "dashboards").iterdir()}
    assert len({board["uid"] for board in boards.values()}) == len(boards) > 0
    home = Path(services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert str(home.parent) == provider["options"]["path"] and home.name in boards


def test_grafana_reads_metrics_and_traces(services):
    mounted = mounts(services["grafana"])
    assert mounted["/etc/grafana/provisioning/datasources/charging.yaml"] == COMPOSE / "grafana/datasources.yaml"
    sources = {source["type"]: source for source in read("grafana/datasources.yaml")["datasources"]}
    assert {kind: source["url"] for kind, source in sources.items()} == {name: address(services, name) for name in ("prometheus", "jaeger")}
    # What the dashboards' variable chooses.
    assert sources["prometheus"]["isDefault"]
    assert sources["prometheus"]["jsonData"]["timeInterval"] == read("prometheus.yaml")["global"]["scrape_interval"]


def test_jaeger_receives_and_shows_traces(services):
    config = read("jaeger.yaml")
    assert list(mounts(services["jaeger"]).values()) == [COMPOSE / "jaeger.yaml"]
    assert services["jaeger"]["command"] == [f"--config={target}" for target in mounts(services["jaeger"])]
    takes = config["receivers"]["otlp"]["protocols"]["http"]["endpoint"].rpartition(":")[2]
    assert {services[name]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"] for name in OURS} == {f"http://jaeger:{takes}"}
    assert address(services, "jaeger").rpartition(":")[2] == config["extensions"]["jaeger_query"]["http"]["endpoint"].rpartition(":")[2]
    parts = {kind: set(config[kind]) for kind in ("receivers", "processors", "exporters")}
    used = {kind: {part for line in config["service"]["pipelines"].values() for part in line[kind]} for kind in parts}
    assert used == parts and set(config["service"]["extensions"]) == set(config["extensions"])
    (stored,) = config["extensions"]["jaeger_storage"]["backends"]
    assert {config["extensions"]["jaeger_query"]["storage"]["traces"], config["exporters"]["jaeger_storage_exporter"]["trace_storage"]} == {stored}
