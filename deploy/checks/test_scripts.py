"""The shell scripts of the repository that are programs."""

import subprocess
import sys
from pathlib import Path

from rendering import ROOT


def test_shellcheck_has_nothing_against_them():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / name for name in listed.splitlines()]
    scripts = [path for path in files if path.is_file() and path.read_bytes()[:32].startswith(b"#!/usr/bin/env bash")]
    assert {path.name for path in scripts} >= {"run", "set-up", "stack", "audit", "create-topics"}
    subprocess.run([Path(sys.executable).with_name("shellcheck"), *scripts], cwd=ROOT, check=True)
