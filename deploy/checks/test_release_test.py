"""`helm test`: the pod reaches the service, and its script fails if the service does not answer as it should."""

import subprocess
import sys
from pathlib import Path

import pytest
from rendering import HTTP, render

TOKEN = {"test": {"token": {"name": "tokens", "key": "reader"}}}
# Stands in for curl: answers with the status that a file has for the last argument.
CURL = """#!/bin/sh
for last; do :; done
echo "$@" >> "$CALLS"
while read -r address status; do [ "$address" != "$last" ] || printf %s "$status"; done < "$ANSWERS"
"""


def pod(release):
    """The container of the test."""
    (container,) = release.one("Pod")["spec"]["containers"]
    return container


def run(container, folder, answers):
    """Runs the script with these answers; what curl was called with."""
    (folder / "curl").write_text(CURL)
    (folder / "sleep").write_text("#!/bin/sh\n")
    for name in ("curl", "sleep"):
        (folder / name).chmod(0o755)
    (folder / "answers").write_text("".join(f"http://{address} {status}\n" for address, status in answers.items()))
    (folder / "token").write_text("abc")
    script = container["args"][0].replace("/etc/charging/test/token", str(folder / "token"))
    environment = {entry["name"]: entry["value"] for entry in container["env"]}
    environment |= {"PATH": f"{folder}:/usr/bin:/bin", "ANSWERS": str(folder / "answers"), "CALLS": str(folder / "calls")}
    done = subprocess.run([*container["command"], script], env=environment, capture_output=True, text=True, timeout=180, check=False)
    return done.returncode, (folder / "calls").read_text()


def test_it_is_a_test_that_can_reach_the_service(release):
    serving = release.one("Deployment")["spec"]["template"]["metadata"]["labels"]
    testing = release.one("Pod")["metadata"]["labels"]
    policy, admission = (release.one("NetworkPolicy", f"{release.chart}-{name}") for name in ("test", "test-admission"))
    for hook in (release.one("Pod"), policy, admission):
        assert hook["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert not any(service["spec"]["selector"].items() <= testing.items() for service in release.all("Service"))
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= testing.items()
    assert admission["spec"]["podSelector"]["matchLabels"].items() <= serving.items()
    (rule,) = admission["spec"]["ingress"]
    assert rule["from"][0]["podSelector"]["matchLabels"].items() <= testing.items()
    ports = {port["name"]: port["containerPort"] for port in release.container["ports"]}
    assert {port["port"] for port in rule["ports"]} == set(ports)
    environment = {entry["name"]: entry["value"] for entry in pod(release)["env"]}
    assert environment["READY"] == f"{release.chart}-admin:{ports['admin']}/readyz"
    (wanted,) = [s for s in release.all("Service") if (s["metadata"]["name"] == release.chart) == ("http" in ports)][:1]
    assert environment["READ"].startswith(f"{wanted['metadata']['name']}:{wanted['spec']['ports'][0]['port']}/")


def test_its_script_is_sound(release):
    shellcheck = Path(sys.executable).with_name("shellcheck")
    subprocess.run([shellcheck, "--shell=sh", "-"], input=pod(release)["args"][0], text=True, check=True)


def test_it_passes_only_if_both_answers_are_right(chart, tmp_path):
    container = pod(render(chart))
    environment = {entry["name"]: entry["value"] for entry in container["env"]}
    ready, read, refused = environment["READY"], environment["READ"], environment["READ_STATUS"]
    assert refused == ("401" if chart in HTTP else "200")
    assert run(container, tmp_path, {ready: 200, read: refused})[0] == 0
    assert run(container, tmp_path, {ready: 503, read: refused})[0] == 1
    assert run(container, tmp_path, {ready: 200, read: 500})[0] == 1


@pytest.mark.parametrize("chart", HTTP)
def test_with_a_token_the_read_must_be_allowed(chart, tmp_path):
    release = render(chart, TOKEN)
    container = pod(release)
    environment = {entry["name"]: entry["value"] for entry in container["env"]}
    (volume,) = release.one("Pod")["spec"]["volumes"]
    assert volume["projected"]["sources"][0]["secret"] == {"name": "tokens", "items": [{"key": "reader", "path": "token"}]}
    answers = {environment["READY"]: 200, environment["READ"]: release.values["test"]["status"]}
    code, calls = run(container, tmp_path, answers)
    assert code == 0 and "--oauth2-bearer abc" in calls
    assert run(container, tmp_path, answers | {environment["READ"]: 401})[0] == 1
