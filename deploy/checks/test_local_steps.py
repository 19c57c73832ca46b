"""The lines that `make demo`, `make run` and `make test` print for their steps."""

import os
import pty
import re
import subprocess

from rendering import ROOT

TASK = """
set -euo pipefail
source "$1/deploy/local/lib/steps.sh"
TASK=demo
serve() { echo served; }
build() { watched bash -c 'printf "Compiling a\\n    Building [=> ] 12/480: a\\r"; sleep 3; echo "error: b"; exit '"$1"; }
good() { build 0; }
bad() { build 3; }
trap end_watched EXIT
step 5 "starting servers" serve
step 480 "building" "$2"
step 0 "running until Ctrl-C" serve
run_steps
"""


def run(build):
    return subprocess.run(["bash", "-c", TASK, "task", ROOT, build], capture_output=True, text=True, timeout=180, check=False)


def on_terminal(build):
    """The status, and what a terminal received."""
    ours, theirs = pty.openpty()
    done = subprocess.Popen(["bash", "-c", TASK, "task", ROOT, build], stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    received = b""
    # When the last program has closed its side, reading fails.
    while True:
        try:
            received += os.read(ours, 4096)
        except OSError:
            break
    os.close(ours)
    return done.wait(timeout=180), received.decode()


def test_without_a_terminal_each_step_has_one_line():
    done = run("good")
    assert done.returncode == 0
    lines = done.stderr.splitlines()
    assert lines[0].startswith("demo: step 1 of 3, starting servers (about 8 minutes left), 0:")
    assert lines[1].startswith("demo: step 2 of 3, building (about 8 minutes left), 0:")
    assert lines[2].startswith("demo: step 3 of 3, running until Ctrl-C, 0:")
    assert lines[3].startswith("demo: 3 steps in 0:")
    assert len(lines) == 4
    # The build's output is for the log.
    assert "error: b" in done.stdout


def test_a_terminal_has_a_line_that_counts():
    status, received = on_terminal("good")
    assert status == 0
    assert re.search(r"step 2 of 3, building \(about 8 minutes left\), 0:\d\d, 12 of 480 crates", received)
    assert "error: b" not in received


def test_a_failed_build_shows_its_output():
    status, received = on_terminal("bad")
    assert status == 3
    assert "error: b" in received
    assert "step 3" not in received
    assert run("bad").returncode == 3
