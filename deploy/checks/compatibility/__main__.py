"""Compares the contracts with those of the last release: python -m compatibility.

They are the APIs, the protobuf files, the settings, the values of the charts, and the metrics.
"""

import json
import sys
import tempfile
import tomllib

from . import changelog, metrics, openapi, proto, release, settings, values

SERVICES = ("asset-api", "event-ingestor", "command-dispatcher")
CHARTS = (*SERVICES, "charging-platform")
DOCUMENTS = ("docs/openapi/asset-api.json", "docs/openapi/command-dispatcher.json")


def say(text):
    print(f"compatibility: {text}", file=sys.stderr)


def findings(commit):
    """All breaking changes since a commit."""
    for path in DOCUMENTS:
        if (old := release.read(commit, path)) is None:
            say(f"{path} is not compared: the last release has none")
            continue
        yield from openapi.compare(json.loads(old), json.loads((release.ROOT / path).read_text()))
    for service in SERVICES:
        path = f"crates/{service}/defaults.toml"
        yield from settings.compare(tomllib.loads(release.read(commit, path)), tomllib.loads((release.ROOT / path).read_text()))
    for chart in CHARTS:
        path = f"deploy/helm/{chart}/values.schema.json"
        yield from values.compare(chart, json.loads(release.read(commit, path)), json.loads((release.ROOT / path).read_text()))
    yield from metrics.compare(release.read(commit, "docs/metrics.md"), (release.ROOT / "docs/metrics.md").read_text())
    with tempfile.TemporaryDirectory() as folder:
        release.extract(commit, "proto", folder)
        yield from proto.compare(f"{folder}/proto", release.ROOT / "proto")


def main():
    commit = release.commit()
    if commit is None:
        say("this clone does not have the commit in deploy/checks/compatibility/last-release; if it is shallow: git fetch --unshallow")
        if release.may_be_missing():
            say("skipped, as MAY_LEAVE_OUT allows")
            return
        raise SystemExit(1)
    version = tomllib.loads(release.read(commit, "Cargo.toml"))["workspace"]["package"]["version"]
    listed = changelog.entries((release.ROOT / "CHANGELOG.md").read_text(), version)
    found = list(dict.fromkeys(findings(commit)))
    unnamed = changelog.unnamed(found, listed)
    for finding in unnamed:
        say(finding)
    if unnamed:
        say(f"{len(unnamed)} changes since {version} are not in CHANGELOG.md; docs/releases.md says how to name them")
        raise SystemExit(1)
    say(f"compatible with {version} ({commit[:8]}), except for {len(found)} changes that CHANGELOG.md names")


if __name__ == "__main__":
    main()
