"""The contents of the images."""

import json
import re
import stat
import subprocess
import tomllib
import zlib
from pathlib import Path

import engine
import pytest

# The files of an image that do not come from its base.
OURS = {"usr/local/bin/service", "var/lib/charging"}
# Of a program without debug information; a program of the profile for development is twice as large as a release's.
SIZE_LIMIT_MIB = 128


@pytest.fixture(scope="module", params=engine.PROGRAMS)
def program(request):
    return request.param


@pytest.fixture(scope="module")
def tree(images, program):
    """The file system of the image."""
    place = engine.podman("image", "mount", images[program])
    yield Path(place)
    engine.podman("image", "unmount", images[program])


def files(place):
    """Everything in a file system, without following links."""
    return {str(path.relative_to(place)): path.lstat() for path in place.rglob("*")}


def test_it_adds_one_program_and_one_folder_to_its_base(tree):
    base = engine.default("RUNTIME_IMAGE")
    place = Path(engine.podman("image", "mount", base))
    try:
        added = files(tree).keys() - files(place).keys()
    finally:
        engine.podman("image", "unmount", base)
    # Folders on the way to ours, which distroless has.
    assert OURS <= added and added - OURS <= {"usr/local", "usr/local/bin", "var", "var/lib"}


def test_it_has_no_shell_and_no_package_manager(tree):
    programs = {Path(name).name for name, status in files(tree).items() if stat.S_ISREG(status.st_mode) and status.st_mode & 0o111}
    assert not programs & {"sh", "bash", "dash", "ash", "busybox", "apt", "apt-get", "dpkg", "perl", "python3"}


def test_no_file_in_it_is_setuid_or_writable_for_all(tree):
    for name, status in files(tree).items():
        if stat.S_ISREG(status.st_mode):
            assert not status.st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH), name


def test_the_program_cannot_be_changed_by_its_user(tree):
    status = (tree / "usr/local/bin/service").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (0, 0, 0o555)
    state = (tree / "var/lib/charging").stat()
    assert (state.st_uid, state.st_gid) == (engine.USER, engine.USER)
    assert status.st_mtime == engine.BUILT_AT


def test_the_program_is_small(tree):
    assert (tree / "usr/local/bin/service").stat().st_size < SIZE_LIMIT_MIB * 1024 * 1024


def test_the_program_links_only_what_the_base_has(tree):
    said = subprocess.run(["readelf", "--dynamic", tree / "usr/local/bin/service"], capture_output=True, text=True, check=True).stdout
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", said))
    assert needed <= {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2"}


def test_the_list_of_crates_can_be_read_from_the_program(images, tmp_path):
    """By its format: the section .dep-v0 is compressed JSON. It has every crate of `cargo tree` and none that is not locked."""
    place = Path(engine.podman("image", "mount", images[engine.AUDITABLE]))
    try:
        section = tmp_path / "dep-v0"
        engine.run("objcopy", "--dump-section", f".dep-v0={section}", place / "usr/local/bin/service", tmp_path / "copy")
    finally:
        engine.podman("image", "unmount", images[engine.AUDITABLE])
    listed = {(crate["name"], crate["version"]) for crate in json.loads(zlib.decompress(section.read_bytes()))["packages"]}
    said = subprocess.run(["cargo", "tree", "--locked", "--package", engine.AUDITABLE, "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"],
                          cwd=engine.ROOT, capture_output=True, text=True, check=True).stdout  # fmt: skip
    linked = {(name, version.removeprefix("v")) for name, version in (line.split()[:2] for line in said.splitlines() if line)}
    locked = {(crate["name"], crate["version"]) for crate in tomllib.loads((engine.ROOT / "Cargo.lock").read_text())["package"]}
    assert linked <= listed <= locked


def test_its_configuration_names_user_program_and_source(images, program):
    (said,) = json.loads(engine.podman("image", "inspect", images[program]))
    config = said["Config"]
    assert (config["User"], config["Entrypoint"], config.get("Cmd")) == ("65532:65532", ["/usr/local/bin/service"], None)
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
    assert (labels["title"], labels["version"], labels["licenses"]) == (program, engine.VERSION, "Apache-2.0")
    assert re.fullmatch("[0-9a-f]{40}", labels["revision"])
