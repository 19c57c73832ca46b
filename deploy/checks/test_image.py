"""The Dockerfile: checks that need no container engine."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from rendering import ROOT

IMAGE = ROOT / "deploy/image/Dockerfile"
WEB = "crates/console/web"
BINARIES = ("asset-api", "event-ingestor", "command-dispatcher", "gateway-simulator", "dev-issuer")


def test_hadolint_has_nothing_against_it():
    subprocess.run([Path(sys.executable).with_name("hadolint"), "--failure-threshold", "info", IMAGE], check=True)


def test_it_ends_without_root_and_without_a_shell():
    last = IMAGE.read_text().rpartition("\nFROM ")[2]
    assert last.startswith("${RUNTIME_IMAGE}")
    assert re.search(r"^USER 65532:65532$", last, re.MULTILINE)
    assert not re.search(r"^(RUN|ADD|ENV|EXPOSE)", last, re.MULTILINE)
    base = re.search(r"^ARG RUNTIME_IMAGE=(.+)$", IMAGE.read_text(), re.MULTILINE)[1]
    assert "distroless" in base and base.endswith(":nonroot")


def test_the_compiler_is_exact_and_new_enough():
    major, minor, _ = re.search(r"^ARG BUILD_IMAGE=rust:(\d+)\.(\d+)\.(\d+)-slim-bookworm$", IMAGE.read_text(), re.MULTILINE).groups()
    wanted = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["rust-version"]
    assert (int(major), int(minor)) >= tuple(map(int, wanted.split(".")))


def test_ci_has_the_compiler_of_the_image():
    """Otherwise rustup would download the newest one, because of rust-toolchain.toml."""
    job = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["run"]
    version = re.search(r"^ARG BUILD_IMAGE=rust:([\d.]+)-", IMAGE.read_text(), re.MULTILINE)[1]
    assert (job["container"]["image"], job["env"]["RUSTUP_TOOLCHAIN"]) == (f"rust:{version}-bookworm", version)


def test_the_build_is_locked_and_knows_no_path_of_the_builder():
    text = IMAGE.read_text()
    assert "cargo auditable build --locked --release" in text and "SOURCE_DATE_EPOCH" in text
    for path in ("/build/src", "/build/target", "/usr/local/cargo/registry/src"):
        assert f"--remap-path-prefix={path}=" in text


def let_in():
    lines = (IMAGE.parent / "Dockerfile.dockerignore").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """The files that .dockerignore allows, of those that git tracks."""
    first, *lines = let_in()
    assert first == "*" and all(re.fullmatch(r"![\w./]+", line) for line in lines if WEB not in line), "only whole names are allowed"
    allowed = [line[1:] for line in lines if WEB not in line]
    place = tmp_path_factory.mktemp("context")
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", *allowed], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, place / name)
    return place


def test_what_is_let_in_is_a_whole_workspace(context):
    shown = subprocess.run(
        ["cargo", "metadata", "--locked", "--offline", "--no-deps", "--format-version", "1"], cwd=context, capture_output=True, text=True, check=True
    )
    programs = {target["name"] for package in json.loads(shown.stdout)["packages"] for target in package["targets"] if "bin" in target["kind"]}
    assert set(BINARIES) <= programs
    assert not (context / "rust-toolchain.toml").exists(), "it would fetch another compiler than the image's"


def test_the_pages_are_made_in_the_image_by_an_exact_node():
    text = IMAGE.read_text()
    major = int(re.search(r"^ARG NODE_IMAGE=node:(\d+)\.\d+\.\d+-bookworm-slim$", text, re.MULTILINE)[1])
    wanted = json.loads((ROOT / WEB / "package.json").read_text())["engines"]["node"]
    assert major >= int(re.fullmatch(r">=(\d+)", wanted)[1])
    assert "npm ci --ignore-scripts" in text, "only locked packages, and no install scripts"
    assert f"COPY --from=pages /build/{WEB}/dist {WEB}/dist\n" in text


def test_what_a_developer_made_of_the_pages_is_not_let_in():
    """Everything there that the .gitignore files ignore."""
    ignored = [f"{WEB}{line}" for line in (ROOT / WEB / ".gitignore").read_text().split()]
    assert (ROOT / WEB / "dist/.gitignore").read_text().split()[-2:] == ["*", "!.gitignore"]
    assert [line for line in let_in() if WEB in line] == [*ignored, f"{WEB}/dist/*", f"!{WEB}/dist/.gitignore"]


def test_the_pages_are_made_of_what_is_let_in(context):
    """With the packages that a developer has installed, if any: without them, the copied files must at least exist.

    In CI they are missing only where the console is left out.
    """
    for source in re.findall(r"^COPY ((?:crates|docs)/.+) \S+$", IMAGE.read_text(), re.MULTILINE):
        assert all((context / name).exists() for name in source.split()), source
    packages = ROOT / WEB / "node_modules"
    if not packages.exists():
        required = bool(os.environ.get("CI")) and "console" not in os.environ.get("MAY_LEAVE_OUT", "").split()
        assert not required, "make console was not run, so nothing checks that the image can build the pages"
        pytest.skip("make console was not run")
    (context / WEB / "node_modules").symlink_to(packages)
    try:
        subprocess.run(["node", "build/bundle.mjs"], cwd=context / WEB, check=True, stdout=subprocess.DEVNULL)
        assert '<script type="module" src="/console/assets/' in (context / WEB / "dist/index.html").read_text()
    finally:
        (context / WEB / "node_modules").unlink()


def test_what_is_compiled_in_is_let_in(context):
    """Files that sources include, except those of tests, and files that build scripts read."""
    missing = []
    for source in [*context.glob("crates/*/src/**/*.rs"), *context.glob("tools/*/src/**/*.rs")]:
        program = source.read_text().partition("#[cfg(test)]")[0]
        for name in re.findall(r'include_(?:str|bytes)!\("([^"]+)"\)', program):
            if not (source.parent / name).exists():
                missing.append(f"{source.relative_to(context)}: {name}")
        for name in re.findall(r'embed_migrations!\("([^"]+)"\)', program):
            crate = context / source.relative_to(context).parents[-3]
            if not any((crate / name).iterdir()):
                missing.append(f"{source.relative_to(context)}: {name}")
    for script in [*context.glob("crates/*/build.rs"), *context.glob("tools/*/build.rs")]:
        for name in re.findall(r'"(\.\./\.\./[^"{]+)"', script.read_text()):
            if not (script.parent / name).exists():
                missing.append(f"{script.relative_to(context)}: {name}")
    assert not missing
