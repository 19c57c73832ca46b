"""The files of the last release, which the file last-release names by its commit."""

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
# The release whose upgrade to this tree is tested.
PREVIOUS = ROOT / "tests/upgrade/previous-release"


def git(*arguments, check=True):
    """A finished git command; its output is bytes."""
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=check)


def commit(file=HERE / "last-release"):
    """The commit that a file names, by default that of the last release; None if this clone does not have it."""
    lines = file.read_text().splitlines()
    (name,) = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return name if git("cat-file", "-e", f"{name}^{{commit}}", check=False).returncode == 0 else None


def may_be_missing():
    """Whether a check is left out in a clone that does not have the commit."""
    return "upgrades" in os.environ.get("MAY_LEAVE_OUT", "").split()


def read(name, path):
    """The text of a file in a commit; None if the commit does not have it."""
    found = git("show", f"{name}:{path}", check=False)
    return found.stdout.decode() if found.returncode == 0 else None


def extract(name, path, folder):
    """Writes a folder as it is in a commit."""
    archive = git("archive", name, path).stdout
    subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
