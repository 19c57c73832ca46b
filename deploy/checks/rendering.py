"""Rendered charts, and the services' validation of their settings."""

import functools
import json
import os
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import helm_python as helm
import yaml

ROOT = Path(__file__).resolve().parents[2]
HELM = ROOT / "deploy/helm"
CHARTS = ("asset-api", "event-ingestor", "command-dispatcher")
UMBRELLA = "charging-platform"
HTTP = ("asset-api", "command-dispatcher")
NAMESPACE = "charging"


def production(chart):
    """The values of the production example, as Helm reads them."""
    return helm.values_from_yaml((HELM / "examples/production" / f"{chart}.yaml").read_text())


def layered(base, over):
    """`over` merged into `base`, as Helm merges values."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = layered(merged[key], value) if both else value
    return merged


@functools.cache
def defaults(service):
    """The service's own settings, from its defaults.toml."""
    folder = next(ROOT / kind / service for kind in ("crates", "tools") if (ROOT / kind / service).exists())
    return tomllib.loads((folder / "defaults.toml").read_text())


@dataclass(frozen=True)
class Release:
    """A rendered chart."""

    chart: str
    values: dict
    objects: tuple

    def all(self, kind):
        """The objects of a kind."""
        return [thing for thing in self.objects if thing["kind"] == kind]

    def one(self, kind, name=None):
        """The only object of a kind, or of a kind and name."""
        found = [thing for thing in self.all(kind) if name in (None, thing["metadata"]["name"])]
        assert len(found) == 1, f"{len(found)} objects are a {kind} {name or ''}"
        return found[0]

    @property
    def pods(self):
        """The pods and their templates: the service's, the migration's and the test's."""
        return [thing["spec"]["template"] for kind in ("Deployment", "Job") for thing in self.all(kind)] + self.all("Pod")

    @property
    def container(self):
        """The container of the service."""
        container = self.one("Deployment")["spec"]["template"]["spec"]["containers"][0]
        return container

    @property
    def settings(self):
        """The settings file."""
        return tomllib.loads(self.one("ConfigMap", self.chart)["data"]["settings.toml"])

    @property
    def effective(self):
        """The effective settings."""
        return layered(defaults(self.chart), self.settings)


def render(chart, values=None, place=None):
    """Renders a chart, or a copy of it elsewhere; raises Helm's error."""
    return rendered(chart, json.dumps(values or {}), place or HELM / chart)


@functools.cache
def rendered(chart, values, place):
    """Renders the chart in a folder with values that are JSON."""
    values = json.loads(values)
    with helm.Chart.load(place) as loaded:
        loaded.validate_schema(values)
        files = loaded.render(values, name=chart, namespace=NAMESPACE)
        merged = loaded.merge_values(values)
    texts = [text for path, text in sorted(files.items()) if not path.endswith("NOTES.txt")]
    objects = [thing for text in texts for thing in yaml.safe_load_all(text) if thing]
    return Release(chart, merged, tuple(objects))


def of_services(packed, values):
    """The objects of each service in a release with the name `charging`."""
    with helm.Chart.load(packed) as loaded:
        loaded.validate_schema(values)
        files = loaded.render(values, name="charging", namespace=NAMESPACE)
    texts = {chart: files.get(f"{UMBRELLA}/charts/{chart}/templates/objects.yaml", "") for chart in CHARTS}
    return {chart: [thing for thing in yaml.safe_load_all(text) if thing] for chart, text in texts.items()}


def images(services):
    """The image of each service."""
    deployments = {chart: next(thing for thing in things if thing["kind"] == "Deployment") for chart, things in services.items()}
    return {chart: thing["spec"]["template"]["spec"]["containers"][0]["image"] for chart, thing in deployments.items()}


def binary(name):
    """The service's binary, if it was built: on a developer's machine it may be missing, in CI it must exist."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    for folder in (os.environ.get("SERVICE_BINARIES"), target / "debug", target / "release"):
        if folder and (program := Path(folder) / name).exists():
            return program
    return None


def check_config(program, environment):
    """Lets the service validate its settings, without the environment of this process."""
    return subprocess.run(
        [program, "--check-config"], env=environment, capture_output=True, text=True, timeout=180, check=False
    )
