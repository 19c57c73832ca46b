"""The pods of the charts, from the images, against the servers of the local stack: they run without root and
capabilities on a read-only file system, become ready, carry out a charge, drain, and come back."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor

import engine
import pytest
from api import Api
from pods import Pod
from servers import Servers
from story import Story
from waiting import eventually, free_port

SERVICES = ("event-ingestor", "command-dispatcher", "asset-api")
SCOPES = "assets:read assets:write drivers:read tariffs:read tariffs:write issues:read issues:write commands:send commands:read audit:read operations"
ISSUER = "http://127.0.0.1:8090"


@pytest.fixture(scope="module")
def servers(alone, tmp_path_factory):
    servers = Servers(tmp_path_factory.mktemp("servers"))
    yield servers
    servers.drop()


@pytest.fixture(scope="module")
def issuer(images, tmp_path_factory):
    """A token, and the keys by which services check it, from the issuer's own image."""
    folder = tmp_path_factory.mktemp("issuer")
    folder.chmod(0o777)
    token = engine.podman("run", "--rm", "--network", "none", "--read-only", "--cap-drop", "all", "--volume", f"{folder}:/var/lib/charging",
                          images["dev-issuer"], "/var/lib/charging", "image-check", SCOPES)  # fmt: skip
    return token, (folder / "jwks.json").read_text()


@pytest.fixture(scope="module")
def pods(images, servers, issuer, tmp_path_factory):
    """The pods of the three charts; none is started."""
    folder = tmp_path_factory.mktemp("pods")
    folder.chmod(0o755)
    secrets = {"secret": {"image-check": {"database-url": servers.database, "redis-url": servers.redis}}, "configMap": {"issuer": {"jwks.json": issuer[1]}}}
    return {chart: Pod(chart, values(chart, servers), secrets, folder) for chart in SERVICES}


def values(chart, servers):
    """The values of an installation whose servers have no certificates."""
    database = {"sslmode": "disable", "allow_plaintext": True}
    settings = {"database": database, "admin": {"listen": f"0.0.0.0:{free_port()}"}}
    secrets = {"database": {"url": {"name": "image-check", "key": "database-url"}}}
    files = {}
    if chart != "event-ingestor":
        settings |= {"http": {"listen": f"0.0.0.0:{free_port()}"}, "auth": {"issuer": ISSUER}}
        files = {"auth": {"jwks_file": {"configMap": {"name": "issuer", "key": "jwks.json"}}}}
    if chart != "asset-api":
        settings["kafka"] = {"brokers": [servers.brokers]}
    settings |= {
        "asset-api": {"freshness": {"ingest_topic": servers.topics["events"]}},
        "event-ingestor": {"ingest": {"topic": servers.topics["events"]}, "feed": {"topic": servers.topics["changes"]}},
        "command-dispatcher": {"dispatch": {"topic": servers.topics["commands"]}, "presence": {"ingest_topic": servers.topics["events"]}},
    }[chart]
    if chart == "command-dispatcher":
        secrets["redis"] = {"url": {"name": "image-check", "key": "redis-url"}}
    return {"settings": settings, "secrets": secrets, "files": files}


@pytest.fixture(scope="module")
def gateway(images, servers):
    """Two simulated gateway pods with three devices that charge only when they are commanded to."""
    settings = {
        "REDIS_URL": servers.redis, "KAFKA_BROKERS": servers.brokers,
        "CHARGING__TOPICS__EVENTS": servers.topics["events"], "CHARGING__TOPICS__COMMANDS": servers.topics["commands"],
        "CHARGING__ADMIN__LISTEN": f"127.0.0.1:{free_port()}", "CHARGING__FLEET__ID_PREFIX": f"{servers.run}-",
        "CHARGING__FLEET__CHARGE_POINTS": "3", "CHARGING__LIFE__METER_INTERVAL_S": "1", "CHARGING__LIFE__SESSIONS_PER_HOUR": "0",
        "CHARGING__LIFE__FAULTS_PER_DAY": "0", "CHARGING__BEHAVIOUR__FINISHING_MS": "500",
    }  # fmt: skip
    named = [part for name, value in settings.items() for part in ("--env", f"{name}={value}")]
    engine.podman("run", "--detach", "--name", "gateway", "--network", "host", "--read-only", "--cap-drop", "all", *named, images["gateway-simulator"])
    yield f"{servers.run}-000000"
    engine.podman("rm", "--force", "--time", "30", "gateway")


@pytest.fixture(scope="module")
def running(pods):
    """The pods, installed in the order of docs/deploy.md, each after its migration."""
    for pod in pods.values():
        pod.migrate()
        pod.start()
    return pods


@pytest.fixture(scope="module")
def story(running, issuer, gateway):
    """A station whose device is online."""
    assets, commands = (Api(f"http://127.0.0.1:{running[name].port['http']}", issuer[0]) for name in ("asset-api", "command-dispatcher"))
    story = Story(assets, commands, gateway)
    story.comes_online()
    return story


def test_a_pod_has_no_root_no_capability_and_no_new_privileges(running):
    for pod in running.values():
        status = pod.status()
        assert set(status["Uid"].split()) == set(status["Gid"].split()) == {str(engine.USER)}
        assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
        assert (status["NoNewPrivs"].strip(), status["Seccomp"].strip()) == ("1", "2")


def test_the_root_of_a_pod_is_read_only(running):
    for pod in running.values():
        mounts = [line.split() for line in open(f"/proc/{pod.state()['Pid']}/mountinfo")]
        (root,) = [mount[5] for mount in mounts if mount[4] == "/"]
        assert "ro" in root.split(",")


def test_a_charge_starts_and_its_energy_grows(story):
    story.starts()


@pytest.mark.parametrize("name", SERVICES)
def test_a_pod_drains_ends_and_comes_back(running, story, name):
    """After SIGTERM it is not ready and serves until shutdown.delay_ms is over; then it ends by itself, before it would be killed."""
    pod = running[name]
    delay, grace = pod.settings["shutdown"]["delay_ms"] / 1000, pod.spec["terminationGracePeriodSeconds"]
    with ThreadPoolExecutor() as threads:
        begun = time.monotonic()
        ended = threads.submit(pod.end, "TERM")
        if delay > 0:
            eventually(lambda: (name, not pod.probe("readinessProbe")), "is not ready while it drains")
            api = {"asset-api": story.assets, "command-dispatcher": story.commands}[name]
            # Any answer: the port is still open. A slow machine may ask only after the end of the delay.
            served = pod.probe("livenessProbe") and api.get("/api/v1/none")
            assert served or time.monotonic() - begun >= delay
        code = ended.result()
    took = time.monotonic() - begun
    assert code == 0, pod.logs()
    assert delay <= took < grace
    pod.replace()
    story.charges_on()


def test_the_charge_stops_after_all_restarts(story):
    story.stops()


def test_a_pod_that_was_killed_comes_back(running, story):
    for pod in running.values():
        assert pod.end("KILL") == 128 + signal.SIGKILL
        pod.replace()
    story.starts()
    story.stops()


def test_a_device_that_left_is_offline(story):
    engine.podman("stop", "--time", "30", "gateway")
    story.is_refused_offline()
