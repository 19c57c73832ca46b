"""The scripts of this folder."""

import subprocess
import sys
from pathlib import Path

from rendering import ROOT


def test_shellcheck_has_nothing_against_them():
    found = [path for path in (ROOT / "deploy").rglob("*") if path.is_file() and not path.is_symlink() and path.read_bytes()[:32].startswith(b"#!/usr/bin/env bash")]
    # The stack's own parts are checked where they are; these are new.
    ours = [path for path in found if "deploy/local" not in str(path)]
    assert {path.name for path in ours} >= {"set-up", "audit", "create-topics"}
    subprocess.run([Path(sys.executable).with_name("shellcheck"), *ours], check=True)
