"""Compares two versions of the protobuf files with `buf breaking`."""

import subprocess
import sys
from pathlib import Path

from .finding import Finding

BUF = Path(sys.executable).with_name("buf")


def compare(old, new):
    """What generated code of the files in folder `old` would notice in those of folder `new`."""
    config = '{"version": "v2", "breaking": {"use": ["FILE"]}}'
    command = [BUF, "breaking", new, "--against", old, "--config", config, "--against-config", config]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 100):
        raise SystemExit(f"buf breaking failed: {done.stderr}")
    for line in done.stdout.splitlines():
        yield Finding("proto", "", line)
