"""Every file names the version of the workspace, and the changelog has it."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from rendering import CHARTS, HELM, ROOT

VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def test_charts_have_the_version_of_the_programs():
    files = sorted(HELM.glob("*/Chart.yaml"))
    assert {path.parent.name for path in files} >= {*CHARTS, "charging-service"}
    for path in files:
        chart = yaml.safe_load(path.read_text())
        assert {chart["version"], chart.get("appVersion", VERSION)} == {VERSION}, path
        assert all(part["version"] == VERSION for part in chart.get("dependencies", [])), path


def test_images_documents_and_pages_have_it():
    for path in ("deploy/compose/compose.yaml", "deploy/image/Dockerfile", "docs/deploy.md"):
        tags = set(re.findall(r"charging-platform/[\w$-]+:(\d+\.\d+\.\d+)|^ARG VERSION=(\S+)", (ROOT / path).read_text(), re.MULTILINE))
        assert {version for pair in tags for version in pair if version} == {VERSION}, path
    for service in ("asset-api", "command-dispatcher"):
        assert json.loads((ROOT / f"docs/openapi/{service}.json").read_text())["info"]["version"] == VERSION
    assert json.loads((ROOT / "crates/console/web/package.json").read_text())["version"] == VERSION


def test_the_changelog_has_a_section_of_the_version():
    sections = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert sections[0] == ("Unreleased", "")
    assert sections[1][0] == VERSION and sections[1][1]


def script(name, *arguments, **environment):
    return subprocess.run([ROOT / "deploy/release" / name, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, check=False)


def test_a_tag_must_be_the_version():
    assert script("version", GITHUB_REF_TYPE="tag", GITHUB_REF_NAME=f"v{VERSION}").stdout.strip() == VERSION
    other = script("version", GITHUB_REF_TYPE="tag", GITHUB_REF_NAME="v99.0.0")
    assert other.returncode != 0 and "v99.0.0" in other.stderr


def test_the_notes_of_a_release_are_its_section():
    notes = script("notes", VERSION).stdout
    assert "### Added" in notes and "## " not in notes.replace("### ", "")
    assert script("notes", "99.0.0").returncode != 0


def test_released_charts_name_the_images_by_digest(tmp_path):
    images = {name: f"registry.example.com/charging/{name}@sha256:{number:064}" for number, name in enumerate(CHARTS)}
    (tmp_path / "images.txt").write_text("\n".join(images.values()))
    done = script("charts", tmp_path / "images.txt", tmp_path / "charts")
    assert done.returncode == 0, done.stderr
    for chart in CHARTS:
        values = yaml.safe_load((tmp_path / "charts" / chart / "values.yaml").read_text())
        for image, name in ((values["image"], chart), (values["migration"]["image"], "asset-api")):
            assert f"{image['repository']}@{image['digest']}" == images[name]


def test_charts_are_packaged_by_the_helm_that_they_are_tried_with():
    steps = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())["jobs"]["publish"]["steps"]
    (version,) = [step["with"]["version"] for step in steps if step.get("uses", "").startswith("azure/setup-helm@")]
    assert f"helm.sh/helm/v4 {version} " in (ROOT / "deploy/cluster-check/tools/go.mod").read_text()


WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def test_zizmor_has_nothing_against_the_workflows():
    zizmor = Path(sys.executable).with_name("zizmor")
    done = subprocess.run([zizmor, "--offline", "--no-progress", "--min-severity", "medium", *WORKFLOWS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_pin_actions_by_commit_and_run_scripts_that_exist(path):
    jobs = yaml.safe_load(path.read_text())["jobs"].values()
    steps = [step for job in jobs for step in job.get("steps", [])]
    for step in steps:
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"]), step["uses"]
        for program in re.findall(r"(?:^|[\s(])((?:deploy|\.ci)/[\w/-]+)", step.get("run", "")):
            assert (ROOT / program).exists(), program
    for step in (step for step in steps if "run" in step):
        check = [Path(sys.executable).with_name("shellcheck"), "--shell=bash", "-"]
        # As `shell: bash` runs it.
        text = "set -eo pipefail\n" + re.sub(r"\$\{\{.*?\}\}", "value", step["run"])
        done = subprocess.run(check, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
