"""The dependencies of the programs: licensed, without advisories, listed."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from rendering import CHARTS, ROOT

TOOLS = Path(sys.executable).parent
SUPPLY = ROOT / "deploy/supply-chain"


def test_licenses_bans_and_sources_are_as_deny_toml_says():
    done = subprocess.run([TOOLS / "cargo-deny", "--locked", "check", "bans", "licenses", "sources"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module", params=CHARTS)
def bom(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sbom")
    subprocess.run([sys.executable, SUPPLY / "sbom", request.param, folder], check=True)
    return request.param, json.loads((folder / f"{request.param}.cdx.json").read_text()), folder


def test_the_bill_lists_what_is_compiled_in(bom):
    service, document, _ = bom
    names = {part["name"] for part in document["components"]}
    assert {"domain", "runtime", "storage", "tokio", "diesel", "aws-lc-sys"} <= names
    assert not names & {"testkit", "proptest", "insta", "jsonschema", "rdkafka", "serde_derive", service}
    assert ("fred" in names) and document["metadata"]["component"]["name"] == service
    lock = {(package["name"], package["version"]): package.get("checksum") for package in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]}
    for part in document["components"]:
        assert part["licenses"], part["name"]
        checksum = lock[part["name"], part["version"]]
        assert [found["content"] for found in part.get("hashes", [])] == ([checksum] if checksum else []), part["name"]
        assert ("purl" in part) == (checksum is not None)


def test_all_of_the_bill_hangs_together(bom):
    _, document, _ = bom
    uses = {entry["ref"]: entry.get("dependsOn", []) for entry in document["dependencies"]}
    reached, waiting = set(), [document["metadata"]["component"]["bom-ref"]]
    while waiting:
        ref = waiting.pop()
        if ref not in reached:
            reached.add(ref)
            waiting += uses[ref]
    assert {part["bom-ref"] for part in document["components"]} == reached - {document["metadata"]["component"]["bom-ref"]}


def test_the_bill_is_the_same_when_it_is_made_again(bom, tmp_path):
    service, document, _ = bom
    subprocess.run([sys.executable, SUPPLY / "sbom", service, tmp_path], check=True)
    assert json.loads((tmp_path / f"{service}.cdx.json").read_text()) == document


def audit(database):
    return subprocess.run([SUPPLY / "audit"], env={**os.environ, "ADVISORY_DB": str(database)}, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def advisories(tmp_path):
    """A database with one advisory: crate → the folder of the database."""

    def of(crate):
        folder = tmp_path / crate / "crates" / crate
        folder.mkdir(parents=True)
        head = f'[advisory]\nid = "RUSTSEC-2026-9999"\npackage = "{crate}"\ndate = "2026-01-01"\n[versions]\npatched = []\n'
        (folder / "RUSTSEC-2026-9999.md").write_text(f"```toml\n{head}```\n\n# A test\n\nNothing is wrong.\n")
        git = ["git", "-C", str(tmp_path / crate), "-c", "user.name=test", "-c", "user.email=test@example.com"]
        for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "One"]):
            subprocess.run([*git, *command], check=True)
        return tmp_path / crate

    return of


def test_an_advisory_against_what_is_used_is_found(advisories):
    assert (found := audit(advisories("tokio"))).returncode != 0
    assert "RUSTSEC-2026-9999" in found.stdout + found.stderr
    assert (found := audit(advisories("left-pad"))).returncode == 0, found.stderr


def test_without_the_database_it_is_said_that_nothing_can_be_audited(tmp_path):
    away = audit(tmp_path / "nowhere")
    assert away.returncode == 1 and "nothing can be audited" in away.stderr
