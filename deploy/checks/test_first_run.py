"""What a new machine needs: `doctor` finds it, and the development container has it."""

import json
import os
import re
import shutil
import subprocess
import tomllib

import pytest
from rendering import ROOT

LOCAL = ROOT / "deploy/local"
RUST = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["rust-version"]
# A system without compilers and servers.
BARE = "awk bash cat cut df dirname env find grep head readlink sed sha256sum sleep sort stat tail timeout tr".split()
# The console's, which `make demo` does not need.
NODE = {"nodejs", "npm"}


@pytest.fixture
def machine(tmp_path):
    """Runs `doctor` on a bare system with further programs, each of which prints a line."""

    def doctor(system="Linux", **programs):
        place = tmp_path / "bin"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for tool in BARE:
            (place / tool).symlink_to(shutil.which(tool))
        for name, line in (programs | {"uname": system}).items():
            (place / name).write_text(f"#!{shutil.which('sh')}\necho '{line}'\n")
            (place / name).chmod(0o755)
        env = {"PATH": str(place), "STACK_DIR": str(tmp_path / "stack")}
        done = subprocess.run([LOCAL / "doctor"], env=env, capture_output=True, text=True, timeout=180, check=False)
        assert done.stderr == ""
        assert not (tmp_path / "stack").exists(), "it changes nothing"
        return done

    return doctor


def test_a_bare_system_misses_rust_and_installs_packages(machine):
    done = machine()
    assert done.returncode == 1
    assert f"MISSING  Rust {RUST} or later" in done.stdout
    for row in ("compilers: gcc libc6-dev g++", "Redis: redis-server", "for Kafka: default-jre-headless", "fetch it: maven"):
        assert row in done.stdout
    assert "optional Node 18" in done.stdout


@pytest.mark.parametrize(("version", "row"), [("1.70.0", f"MISSING  Rust {RUST} or later; this is 1.70.0"), ("1.195.2", "ok       Rust 1.195.2")])
def test_the_version_of_rust_is_compared_by_numbers(machine, version, row):
    assert row in machine(cargo=f"cargo {version} (abc 2026-01-01)").stdout


def test_rustup_installs_what_is_missing(machine):
    assert "install  Rust stable: rustup" in machine(rustup="").stdout


def test_a_mac_is_shown_the_way_with_docker(machine):
    without = machine("Darwin", sysctl="17179869184")
    assert without.returncode == 1
    assert "MISSING  Docker with Compose" in without.stdout
    assert "16 GB of memory" in without.stdout or os.path.exists("/proc/meminfo")
    assert "ok       Docker with Compose: docker compose -f deploy/compose/compose.yaml up" in machine("Darwin", docker="v5").stdout


def packages():
    """What `stack up` installs where nothing is there."""
    nothing = """
    set -euo pipefail; LOCAL=$1 PG_LOCALE=C.UTF-8 PG_MESSAGES=C.UTF-8; source "$LOCAL/lib/install.sh"
    command() { false; }; postgres_is_given() { false; }; postgres_binaries() { :; }; broker_is_given() { false; }
    broker_kind() { echo kafka; }; jars_are_complete() { false; }; missing_packages
    """
    return set(subprocess.run(["bash", "-c", nothing, "stack", LOCAL], capture_output=True, text=True, check=True).stdout.split())


def test_the_development_container_has_what_the_stack_installs():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    program, script, *named = container["onCreateCommand"].split()
    assert program == "bash" and (ROOT / script).exists()
    assert set(named) == packages() | NODE
    assert container["postCreateCommand"] == "make doctor"
    assert container["image"] == re.search(r"(?:container|image): (rust:\S+)", (ROOT / ".github/workflows/ci.yml").read_text())[1]


def test_the_quick_start_names_what_the_stack_installs():
    text = (ROOT / "docs/quick-start.md").read_text()
    installs = text[text.index("`make` installs only"):].split("\n\n")[0]
    assert set(re.findall(r"`([a-z0-9+-]+)`", installs)) - {"make"} == packages()
