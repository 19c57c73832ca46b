"""compose.yaml agrees with the services' defaults and with the local stack."""

import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import yaml
from composing import COMPOSE, OBSERVING, OURS, resolved
from rendering import ROOT, check_config, defaults

SHORT = {"DATABASE_URL": "database.url", "REDIS_URL": "redis.url", "KAFKA_BROKERS": "kafka.brokers"}


@pytest.fixture(scope="module")
def services():
    return resolved("--profile", "observe")


def settings(service):
    """The settings in a service's environment, without OpenTelemetry's own variables."""
    ours = {name: value for name, value in service["environment"].items() if not name.startswith("OTEL_")}
    return {SHORT.get(name) or name.removeprefix("CHARGING__").lower().replace("__", "."): value for name, value in ours.items()}


def listed():
    """The lines of the list of topics: name, partitions, settings."""
    lines = (ROOT / "deploy/local/topics").read_text().splitlines()
    rows = [[*line.split(), ""][:3] for line in lines if line and not line.startswith("#")]
    return [(name, int(count), dict(pair.split("=") for pair in settings.split(",") if pair)) for name, count, settings in rows]


def topics():
    return {name: count for name, count, _ in listed()}


def test_the_whole_platform_is_there(services):
    assert {*OURS, "postgresql", "redis", "kafka", "topics", "migrate", "issuer", "jaeger"} == set(services) - OBSERVING


def test_each_setting_is_one_that_the_service_has(services):
    for name in OURS:
        known = {f"{section}.{key}" for section, keys in defaults(name).items() for key in keys}
        assert set(settings(services[name])) <= known


@pytest.mark.parametrize("name", [*OURS, "migrate"])
def test_the_service_takes_its_settings(services, program, name):
    judged = check_config(program("asset-api" if name == "migrate" else name), services[name]["environment"])
    assert judged.returncode == 0, judged.stderr


def test_every_server_that_a_service_needs_is_named_and_waited_for(services):
    """No address is on loopback, which other containers cannot reach."""
    for name in OURS:
        said = settings(services[name])
        for key, server, port in (("database.url", "postgresql", 5432), ("redis.url", "redis", 6379), ("kafka.brokers", "kafka", 9092)):
            section, leaf = key.split(".")
            if leaf in defaults(name).get(section, {}):
                assert re.search(rf"(^|[/@]){server}:{port}(/|$)", said[key]), f"{name}: {said[key]}"
                assert server in waited_for(services, name), f"{name} does not wait for {server}"


def waited_for(services, name):
    """The services for which a service waits, directly and indirectly."""
    direct = services[name].get("depends_on", {})
    assert all(how["condition"] in ("service_healthy", "service_completed_successfully") for how in direct.values())
    return set(direct).union(*(waited_for(services, other) for other in direct))


def test_who_ends_is_waited_for_by_who_does_not(services):
    """Otherwise `up --wait` considers its exit a failure."""
    ending = {name for name, service in services.items() if service.get("restart") == "no"}
    assert ending == {"topics", "issuer", "migrate"}
    waits = [how for name, service in services.items() if name not in ending for how in service.get("depends_on", {}).items()]
    assert {name for name, how in waits if how["condition"] == "service_completed_successfully"} == ending


def test_ports_are_published_on_loopback_and_listened_on(services):
    for name, service in services.items():
        for port in service.get("ports", []):
            assert port["host_ip"] == "127.0.0.1", name
    for name in OURS:
        said, published = settings(services[name]), {port["target"] for port in services[name]["ports"]}
        listens = {said[f"{section}.listen"] for section in ("http", "admin") if "listen" in defaults(name).get(section, {})}
        assert {f"0.0.0.0:{port}" for port in published} == listens
        # The documented ports.
        assert {int(defaults(name)[section]["listen"].rpartition(":")[2]) for section in ("http", "admin") if section in defaults(name)} == published


def test_who_answers_to_the_world_wants_tokens_of_the_issuer(services):
    source = (ROOT / "tools/dev-issuer/src/lib.rs").read_text()
    for name in ("asset-api", "command-dispatcher"):
        said = settings(services[name])
        assert said["auth.mode"] == "jwt"
        assert f'NAME: &str = "{said["auth.issuer"]}"' in source
        (mount,) = services[name]["volumes"]
        assert mount["source"] == services["issuer"]["volumes"][0]["source"] and mount["read_only"]
        assert said["auth.jwks_file"] == f"{mount['target']}/jwks.json"
        assert services["issuer"]["command"][0] == services["issuer"]["volumes"][0]["target"] == mount["target"]
        assert "issuer" in waited_for(services, name)
    known = set(re.findall(r'Scope::new\("([^"]+)"\)', "".join(path.read_text() for crate in ("asset-api", "command-dispatcher") for path in (ROOT / "crates" / crate / "src").rglob("*.rs"))))
    assert known and set(services["issuer"]["command"][2].split()) == known


def test_topics_are_those_that_the_services_use(services):
    made = topics()
    dispatcher, ingestor, simulator = (defaults(name) for name in ("command-dispatcher", "event-ingestor", "gateway-simulator"))
    assert made[dispatcher["dispatch"]["topic"]] == dispatcher["dispatch"]["partitions"]
    assert {ingestor["ingest"]["topic"], ingestor["feed"]["topic"], simulator["topics"]["events"], simulator["topics"]["commands"]} <= set(made)
    sources = {mount["target"]: Path(mount["source"]).resolve() for mount in services["topics"]["volumes"]}
    assert sources["/topics/list"] == (ROOT / "deploy/local/topics").resolve()
    assert sources["/topics/create"] == (COMPOSE / "create-topics").resolve()


def test_topics_are_made_as_the_list_says(tmp_path):
    tools = {}
    for name in ("topics", "configs"):
        tool = tmp_path / name
        tool.write_text(f'#!/bin/sh\nprintf "%s " "$@" >>{tool}.calls\necho >>{tool}.calls\n')
        tool.chmod(0o755)
        tools[f"{name.upper()}_TOOL"] = str(tool)

    def create(path):
        return subprocess.run([COMPOSE / "create-topics", "kafka:9092", path], env={**os.environ, **tools}, capture_output=True, timeout=180, check=False)

    assert create(ROOT / "deploy/local/topics").returncode == 0
    made = (tmp_path / "topics.calls").read_text().splitlines()
    assert len(made) == len(listed())
    for call, (name, partitions, _) in zip(made, listed(), strict=True):
        assert f"--create --if-not-exists --topic {name} --partitions {partitions} " in call
    configured = (tmp_path / "configs.calls").read_text().splitlines()
    assert configured == ["--bootstrap-server kafka:9092 --alter --entity-type topics --entity-name commands-down --add-config retention.ms=120000,segment.ms=60000 "]
    for wrong in ("commands-down many", "commands-down 128 retention.ms", "commands-down 128 retention.ms=1, segment.ms=2", "commands-down 128 a=1=2"):
        (tmp_path / "wrong").write_text(f"{wrong}\n")
        assert create(tmp_path / "wrong").returncode == 1, wrong


def test_commands_are_deleted_soon_after_they_expire(services):
    """A restarted gateway may execute commands that are still on the topic."""
    dispatch = defaults("command-dispatcher")["dispatch"]
    (kept,) = [settings for name, _, settings in listed() if name == dispatch["topic"]]
    assert dispatch["command_ttl_s"] * 1000 <= int(kept["retention.ms"]) == dispatch["command_retention_s"] * 1000
    # Kafka deletes whole segments, so a segment must not stay open for longer.
    assert int(kept["segment.ms"]) <= int(kept["retention.ms"])
    # And it checks for expired segments at intervals.
    local = dict(line.split("=", 1) for line in (ROOT / "deploy/local/kafka/server.properties.in").read_text().splitlines() if "=" in line and not line.startswith("#"))
    looks = {local["log.retention.check.interval.ms"], services["kafka"]["environment"]["KAFKA_LOG_RETENTION_CHECK_INTERVAL_MS"]}
    assert len(looks) == 1 and int(looks.pop()) <= int(kept["segment.ms"])
    assert defaults("gateway-simulator")["check"]["command_retention_s"] == dispatch["command_retention_s"]


def test_topics_for_an_operator_are_those_of_the_list():
    """The KafkaTopic objects of the examples."""
    objects = list(yaml.safe_load_all((ROOT / "deploy/helm/examples/strimzi/topics.yaml").read_text()))
    assert {(item["apiVersion"], item["kind"]) for item in objects} == {("kafka.strimzi.io/v1", "KafkaTopic")}
    for item, (name, partitions, settings) in zip(objects, listed(), strict=True):
        assert item["metadata"]["name"] == name
        assert (item["spec"]["partitions"], item["spec"]["replicas"]) == (partitions, 3)
        config = {key: str(value) for key, value in item["spec"]["config"].items()}
        assert config == {"min.insync.replicas": "2", **settings}


def test_our_containers_are_as_tight_as_in_a_cluster(services):
    for name in (*OURS, "migrate", "issuer"):
        service = services[name]
        assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"], name
        shutdown = defaults(name)["shutdown"] if name in OURS else {"delay_ms": 0, "grace_ms": 0}
        assert int(service["stop_grace_period"].removesuffix("s")) * 1000 > shutdown["delay_ms"] + shutdown["grace_ms"]
    imports = defaults("asset-api")["import"]
    (spool,) = services["asset-api"]["tmpfs"]
    size = int(re.fullmatch(r"/tmp:size=(\d+)m", spool)[1])
    assert size * 1024 * 1024 > imports["max_body_bytes"] * imports["max_concurrent"]


def test_health_is_asked_with_an_option_that_is_there(services):
    options = (ROOT / "crates/runtime/src/service/arguments.rs").read_text()
    entry = re.search(r'^ENTRYPOINT \["(.+)"\]$', (ROOT / "deploy/image/Dockerfile").read_text(), re.MULTILINE)[1]
    for name in OURS:
        _, path, option = services[name]["healthcheck"]["test"]
        assert path == entry and f'"{option}" =>' in options
    assert all("healthcheck" in services[name] for name in ("postgresql", "redis", "kafka"))


def test_images_are_exact_and_of_one_version(services):
    for name, service in services.items():
        assert re.fullmatch(r"[^:]+:v?\d+\.\d+(\.\d+)?[-\w.]*", service["image"]), name
        if "build" in service:
            assert service["build"]["args"]["BINARY"] == service["image"].rpartition("/")[2].partition(":")[0]
            assert (Path(service["build"]["context"]) / service["build"]["dockerfile"]).samefile(ROOT / "deploy/image/Dockerfile")
    versions = re.search(r'version = "(.+)"', (ROOT / "Cargo.toml").read_text())[1]
    assert {service["image"].partition(":")[2] for service in services.values() if service["image"].startswith("charging-platform/")} == {versions}
    # The broker that the tests run against.
    pom = ElementTree.parse(ROOT / "deploy/local/kafka/pom.xml").getroot()
    kafka = pom.find("{*}properties/{*}kafka.version").text
    assert {services["kafka"]["image"], services["topics"]["image"]} == {f"apache/kafka:{kafka}"}
