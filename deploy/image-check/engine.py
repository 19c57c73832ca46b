"""The container engine with its settings and storage, which `set-up` writes, and the images of this checkout."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

from rendering import ROOT, binary

# The folder that `set-up` prints.
CACHE = Path(os.environ["IMAGE_CHECK"])
# DISABLE_HC_SYSTEMD: there is no systemd whose timers would run the health checks; see compose.py.
ENVIRONMENT = {
    **os.environ,
    "CONTAINERS_CONF": str(CACHE / "containers.conf"),
    "CONTAINERS_STORAGE_CONF": str(CACHE / "storage.conf"),
    "DISABLE_HC_SYSTEMD": "true",
    "TMPDIR": str(CACHE / "tmp"),
}
DOCKERFILE = ROOT / "deploy/image/Dockerfile"
PROGRAMS = ("asset-api", "event-ingestor", "command-dispatcher", "gateway-simulator", "dev-issuer")
VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
# The smallest of the three services is compiled with cargo-auditable, as the Dockerfile compiles all:
# each compiles the crates of this workspace once more.
AUDITABLE = "event-ingestor"
# The user of all images and pods.
USER = 65532
# The time that the program in an image has, in seconds since 1970.
BUILT_AT = 1_700_000_000


def run(*command, check=True, **options):
    """Runs a program with the engine's settings; its error output becomes part of the failure."""
    done = subprocess.run([str(part) for part in command], env=ENVIRONMENT, capture_output=True, text=True, timeout=options.pop("timeout", 180), check=False, **options)
    if check:
        assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done


def podman(*arguments, **options):
    """The output of podman."""
    return run("podman", *arguments, **options).stdout.strip()


def image(program):
    """The name that the charts and Compose have for the program's image."""
    return f"docker.io/charging-platform/{program}:{VERSION}"


def auditable(program):
    """A program that was compiled as in the image, with the list of its crates in it."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    # With what is compiled already (so with the features of the whole workspace), but not in place of
    # the ordinary program.
    place = target / "image-check"
    environment = {
        **os.environ,
        "CARGO_TARGET_DIR": str(place),
        "CARGO_BUILD_BUILD_DIR": str(target),
        "PATH": f"{CACHE}/cargo-auditable-{default('CARGO_AUDITABLE')}/bin:{os.environ['PATH']}",
    }
    command = ["cargo", "auditable", "build", "--locked", "--workspace", "--bin", program]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return place / "debug" / program


def compiled():
    """The folder of the programs that the stand-in of cargo takes: those of this checkout's build, without debug information."""
    folder = CACHE / "compiled"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for program in PROGRAMS:
        built = auditable(program) if program == AUDITABLE else binary(program)
        assert built, f"{program} is not built; run: cargo build --workspace --bins"
        # As the profile of releases does.
        run("strip", "--strip-debug", "-o", folder / program, built)
    return folder


def build(program, programs):
    """Builds an image by the Dockerfile that users build it with."""
    revision = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    arguments = {"BINARY": program, "VERSION": VERSION, "REVISION": revision, "SOURCE_DATE_EPOCH": BUILT_AT}
    named = [part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")]
    # The host's network is for the packages of the console.
    run("buildah", "bud", "--layers", "--isolation", "chroot", "--network", "host", "--pull=never", *named,
        "--volume", f"{programs}:/compiled:ro", "--file", DOCKERFILE, "--ignorefile", f"{DOCKERFILE}.dockerignore",
        "--tag", image(program), ROOT, timeout=300)  # fmt: skip


def default(argument):
    """The default of an argument of the Dockerfile."""
    return re.search(rf"^ARG {argument}=(.+)$", DOCKERFILE.read_text(), re.MULTILINE)[1]
