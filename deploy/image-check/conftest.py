"""Fixtures: the images, and servers for the pods."""

import fcntl
import shutil

import engine
import pytest


@pytest.fixture(scope="session", autouse=True)
def alone():
    """The engine's storage is for one run at a time."""
    with (engine.CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # What a run left that was killed.
        delete_containers()
        yield
        delete_containers()


def delete_containers():
    """Deletes all containers, pods and volumes; the storage has none but ours."""
    engine.podman("pod", "rm", "--all", "--force", "--time", "0", check=False)
    engine.podman("rm", "--all", "--force", "--time", "0", check=False)
    engine.podman("volume", "prune", "--force", check=False)


@pytest.fixture(scope="session")
def images(alone):
    """The images of all programs, by their names."""
    programs = engine.compiled()
    for program in engine.PROGRAMS:
        engine.build(program, programs)
    shutil.rmtree(programs)
    yield {program: engine.image(program) for program in engine.PROGRAMS}
    delete_containers()
    engine.podman("rmi", "--force", *map(engine.image, engine.PROGRAMS), check=False)
    engine.podman("image", "prune", "--force", check=False)
