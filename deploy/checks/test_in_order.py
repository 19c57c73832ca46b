"""deploy/helm/in-order: the umbrella's services are replaced one after the other, in both directions."""

import os
import subprocess

import helm_python as helm
import pytest
from rendering import HELM, NAMESPACE, images, of_services

ORDER = ["event-ingestor", "command-dispatcher", "asset-api"]
DIGEST = "sha256:" + "0" * 64
# Stands in for Helm: prints the manifest of the release, and writes down everything else.
STAND_IN = """#!/bin/sh
if [ "$1 $2" = "get manifest" ]; then cat "$MANIFEST"; else echo "$@" >> "$CALLS"; fi
case "$*" in *"$FAILS"*) exit 1;; esac
"""


@pytest.fixture
def run(packed, tmp_path):
    """Runs the script on a release with these values; its status and its calls of Helm."""

    def go(values, *arguments, fails="nothing"):
        with helm.Chart.load(packed) as loaded:
            files = loaded.render(values, name="charging", namespace=NAMESPACE)
        (tmp_path / "manifest").write_text("\n---\n".join(text for path, text in files.items() if path.endswith(".yaml")))
        (tmp_path / "helm").write_text(STAND_IN)
        (tmp_path / "helm").chmod(0o755)
        calls = tmp_path / "calls"
        calls.unlink(missing_ok=True)
        environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "MANIFEST": str(tmp_path / "manifest"), "CALLS": str(calls), "FAILS": fails}
        done = subprocess.run([HELM / "in-order", *arguments], env=environment, capture_output=True, text=True, timeout=180, check=False)
        return done.returncode, calls.read_text().splitlines() if calls.exists() else []

    return go


def set_by(call):
    """The values that a call sets."""
    values = {}
    words = call.split()
    for pair in ",".join(words[at + 1] for at, word in enumerate(words) if word == "--set-string").split(","):
        if pair:
            path, _, text = pair.partition("=")
            service, image, key = path.split(".")
            values.setdefault(service, {}).setdefault(image, {})[key] = text
    return values


OLD = [
    {chart: {"image": {"tag": "0.0.9"}} for chart in ORDER},
    {chart: {"image": {"repository": f"registry.example.com:5000/{chart}", "digest": DIGEST}} for chart in ORDER},
]


@pytest.mark.parametrize("old", OLD, ids=["tag", "digest"])
@pytest.mark.parametrize("direction", ["upgrade", "rollback"])
def test_each_step_replaces_one_service(run, packed, old, direction):
    arguments = ["upgrade", "charging", "chart", "-f", "a.yaml"] if direction == "upgrade" else ["rollback", "charging", "chart", "4", "-f", "a.yaml"]
    code, calls = run(old, *arguments)
    assert code == 0 and len(calls) == 3
    # The values of the new release, which has other images.
    new = {chart: {"image": {"digest": "sha256:" + "1" * 64}} for chart in ORDER}
    seen = [images(of_services(packed, old if direction == "upgrade" else new))]
    for call in calls:
        if call.startswith("rollback"):
            assert call == "rollback charging 4 --wait --timeout 20m"
            seen.append(images(of_services(packed, old)))
        else:
            assert call.startswith("upgrade charging chart --wait --timeout 20m -f a.yaml")
            assert ("--set event-ingestor.migration.enabled=false" in call) == (direction == "rollback")
            seen.append(images(of_services(packed, new | {chart: {"image": new[chart]["image"] | held["image"]} for chart, held in set_by(call).items()})))
    replaced = [[chart for chart in ORDER if before[chart] != after[chart]] for before, after in zip(seen, seen[1:], strict=False)]
    assert replaced == [[chart] for chart in (ORDER if direction == "upgrade" else ORDER[::-1])]
    assert seen[-1] == images(of_services(packed, new if direction == "upgrade" else old))


def test_a_failed_step_ends_it(run):
    code, calls = run(OLD[0], "upgrade", "charging", "chart", fails="--wait")
    assert code == 1 and len(calls) == 1


def test_it_says_what_it_cannot_do(run):
    code, calls = run({"command-dispatcher": {"enabled": False}}, "upgrade", "charging", "chart")
    assert (code, calls) == (1, [])
    for wrong in (["upgrade", "charging"], ["rollback", "charging", "chart"], ["replace", "charging", "chart"]):
        assert run(OLD[0], *wrong) == (2, [])
