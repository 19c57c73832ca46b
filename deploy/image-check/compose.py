"""The real Compose, which talks to podman as if it were Docker."""

import json
import os
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path

import engine
import yaml
from rendering import ROOT
from waiting import eventually, free_port

FILE = ROOT / "deploy/compose/compose.yaml"
# What an image can be made of only from a registry of images. No other service waits for them.
WITHOUT_IMAGE = {"jaeger", "prometheus", "grafana"}


class Tag(yaml.YAMLObject):
    """A value that Compose replaces or removes instead of merging it."""

    yaml_dumper = yaml.SafeDumper

    def __init__(self, value):
        self.value = value


class Override(Tag):
    """Replaces the value."""

    yaml_tag = "!override"

    @classmethod
    def to_yaml(cls, dumper, data):
        return dumper.represent_sequence(cls.yaml_tag, data.value)


class Reset(Tag):
    """Removes the value."""

    yaml_tag = "!reset"

    @classmethod
    def to_yaml(cls, dumper, data):
        return dumper.represent_scalar(cls.yaml_tag, "null")


class Compose:
    """A project of the Compose file on ports of its own."""

    def __init__(self, folder):
        services = yaml.safe_load(FILE.read_text())["services"]
        self.ports, override = {}, {}
        for name, service in services.items():
            ours = {}
            if "ports" in service:
                inside = [entry.rpartition(":")[2] for entry in service["ports"]]
                self.ports[name] = {int(number): free_port() for number in inside}
                ours["ports"] = Override([f"127.0.0.1:{outside}:{number}" for number, outside in self.ports[name].items()])
            if "healthcheck" in service:
                # podman's Docker API is older than this option, and the test does not wait for an interval anyway.
                ours["healthcheck"] = {"start_interval": Reset(None)}
            override[name] = ours
        # Devices that charge only when they are commanded to, and report often.
        override["gateway-simulator"]["environment"] = {"CHARGING__LIFE__SESSIONS_PER_HOUR": "0", "CHARGING__LIFE__METER_INTERVAL_S": "1"}
        self.override = folder / "override.yaml"
        self.override.write_text(yaml.safe_dump({"services": override}))
        self.socket = folder / "docker.sock"
        self.wanted = sorted(set(services) - WITHOUT_IMAGE)
        self.log = (folder / "engine.log").open("w")
        self.engine = subprocess.Popen(["podman", "system", "service", "--time", "0", f"unix://{self.socket}"], env=engine.ENVIRONMENT, stdout=self.log, stderr=self.log)
        eventually(lambda: (self.socket, self.socket.exists()), "the engine's socket")
        self._done = threading.Event()
        self._health = threading.Thread(target=self._run_health_checks)
        self._health.start()

    def __call__(self, *arguments, timeout=240, check=True):
        """The output of Compose."""
        command = [Path(sys.executable).with_name("docker-compose"), "--project-name", "image-check", "--file", FILE, "--file", self.override, *arguments]
        environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "DOCKER_HOST": f"unix://{self.socket}"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout, check=False)
        assert done.returncode == 0 or not check, f"{arguments}\n{done.stdout}{done.stderr}\n{self.logs()}"
        return done.stdout

    def up(self, *services):
        """Starts the services, all by default, and waits until they are healthy."""
        self("up", "--detach", "--wait", "--no-build", "--pull", "never", *(services or self.wanted))

    def base(self, service, number):
        """The address of a published port."""
        return f"http://127.0.0.1:{self.ports[service][number]}"

    def started_at(self, service):
        """The time at which the service's container was started last."""
        (container,) = json.loads(engine.podman("inspect", f"image-check-{service}-1"))
        return datetime.fromisoformat(container["State"]["StartedAt"])

    def logs(self):
        """The last lines of every container."""
        names = engine.podman("ps", "--all", "--format", "{{.Names}}", "--filter", "label=com.docker.compose.project=image-check", check=False).split()
        return "\n".join(f"{name}: {(said := engine.run('podman', 'logs', '--tail', '8', name, check=False)).stdout}{said.stderr}" for name in names)

    def _run_health_checks(self):
        """podman leaves the health checks to timers of systemd, which runs neither in CI nor in containers; so they run here."""
        while not self._done.wait(1):
            shown = engine.run("podman", "ps", "--format", "json", check=False)
            for container in json.loads(shown.stdout or "[]"):
                if "starting" in container["Status"] or "healthy" in container["Status"]:
                    engine.run("podman", "healthcheck", "run", container["Names"][0], check=False)

    def close(self):
        """Deletes everything of the project."""
        try:
            self("down", "--volumes", "--timeout", "5", check=False)
        finally:
            self._done.set()
            self._health.join()
            self.engine.terminate()
            self.engine.wait(30)
            self.log.close()
