"""The Compose file as users run it: every service becomes healthy, and the story of a charge is played in it."""

import json

import engine
import pytest
from api import Api
from compose import WITHOUT_IMAGE, Compose
from story import Story

HTTP = {"asset-api": 8080, "command-dispatcher": 8081}


@pytest.fixture(scope="module")
def compose(images, tmp_path_factory):
    compose = Compose(tmp_path_factory.mktemp("compose"))
    try:
        compose.up()
        yield compose
    finally:
        compose.close()


@pytest.fixture(scope="module")
def story(compose):
    """A station whose device is online; the token is printed by the command of docs/deploy.md."""
    token = compose("run", "--rm", "-T", "issuer").strip()
    assets, commands = (Api(compose.base(name, port), token) for name, port in HTTP.items())
    return Story(assets, commands, "SIM-000000")


def test_every_service_runs_and_is_healthy(compose, capsys):
    shown = [json.loads(line) for line in compose("ps", "--all", "--format", "json").splitlines()]
    ended = {service["Service"]: service["ExitCode"] for service in shown if service["State"] == "exited"}
    assert ended == {"topics": 0, "issuer": 0, "migrate": 0}
    healthy = {service["Service"] for service in shown if service["Health"] == "healthy"}
    assert healthy == set(compose.wanted) - ended.keys()
    # pytest shows the output of failed tests only.
    with capsys.disabled():
        print(f"\nimage-check: not started, because they have no image here: {', '.join(sorted(WITHOUT_IMAGE))}")


def test_the_services_have_no_root_no_capability_and_no_writable_file_system(compose):
    for name in (*HTTP, "event-ingestor", "gateway-simulator"):
        (container,) = json.loads(engine.podman("inspect", f"image-check-{name}-1"))
        status = dict(line.split(":\t", 1) for line in open(f"/proc/{container['State']['Pid']}/status").read().splitlines() if ":\t" in line)
        assert set(status["Uid"].split()) == {str(engine.USER)}
        assert (int(status["CapEff"], 16), int(status["CapBnd"], 16), status["NoNewPrivs"]) == (0, 0, "1")
        assert container["HostConfig"]["ReadonlyRootfs"]


def test_the_console_is_served(compose):
    page = Api(compose.base("asset-api", 8080)).get("/console/")
    assert page.status == 200


def test_the_story_of_a_charge(story):
    story.comes_online()
    story.is_priced()
    story.starts()
    story.stops()
    story.has_a_cost()


def test_the_platform_comes_back_with_its_data(compose, story):
    """All at once, as after a restart of the machine; the order is then not that of the dependencies."""
    compose("restart", "--timeout", "30")
    compose.up()
    # Until then the platform shows the state from before, and a gateway that does not listen misses commands.
    story.comes_online(since=compose.started_at("gateway-simulator"))
    story.starts()
    story.resets()


def test_a_start_is_refused_when_the_gateway_is_gone(compose, story):
    compose("stop", "gateway-simulator")
    story.is_refused_offline()
