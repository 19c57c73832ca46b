"""compose.yaml as Compose reads it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from rendering import ROOT

COMPOSE = ROOT / "deploy/compose"
OURS = ("asset-api", "event-ingestor", "command-dispatcher", "gateway-simulator")
# The services of the profile `observe`.
OBSERVING = {"prometheus", "grafana"}


def resolved(*options):
    """The services as `docker compose config` resolves them, which refuses unknown keys."""
    tool = Path(sys.executable).with_name("docker-compose")
    # Only the PATH: no other variable of a developer may matter.
    shown = subprocess.run(
        [tool, "--file", COMPOSE / "compose.yaml", *options, "config", "--format", "json"],
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    assert shown.stderr == ""
    return json.loads(shown.stdout)["services"]
