"""The pods of the charts, played by podman.

podman does not know projected volumes and calls the probes with a program that our images do not have. So the volumes
become folders with the same files, and the test calls the probes, as a kubelet would.
"""

import copy
import os
import time
import tomllib

import engine
import rendering
import yaml
from api import Api
from waiting import eventually


class Pod:
    """A chart's pod, or that of its migration."""

    def __init__(self, chart, values, objects, folder):
        """Renders the chart. `objects` are the ConfigMaps and Secrets that its values name: kind → name → key → text."""
        self.release = rendering.render(chart, values)
        settings = self.release.one("ConfigMap", chart)
        self.objects = {**objects, "configMap": {**objects["configMap"], chart: settings["data"]}}
        self.name, self.folder, self.pod = chart, folder / chart, f"{chart}-pod"
        self.spec = self.release.one("Deployment")["spec"]["template"]["spec"]
        self.container = f"{chart}-pod-{chart}"

    @property
    def port(self):
        """The ports by their names."""
        return {port["name"]: port["containerPort"] for port in self.spec["containers"][0]["ports"]}

    @property
    def settings(self):
        """The effective settings."""
        return rendering.layered(rendering.defaults(self.name), tomllib.loads(self.objects["configMap"][self.name]["settings.toml"]))

    def played(self, spec, name, restart):
        """The pod as podman takes it."""
        spec = copy.deepcopy(spec)
        spec |= {"hostNetwork": True, "restartPolicy": restart}
        for volume in spec["volumes"]:
            if "emptyDir" not in volume:
                place = self.written(f"{name}.{volume['name']}", volume)
                volume |= {"hostPath": {"path": str(place), "type": "Directory"}}
                volume.pop("projected", None), volume.pop("configMap", None)
        for container in spec["containers"]:
            # With the host's network the ports are open as they are.
            for key in ("ports", "startupProbe", "livenessProbe", "readinessProbe"):
                container.pop(key, None)
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}
        place = self.folder / f"{name}.yaml"
        place.write_text(yaml.safe_dump(pod))
        return place

    def written(self, name, volume):
        """A folder with the files of a volume; its group may read them, as with fsGroup."""
        place = self.folder / name
        place.mkdir(parents=True, exist_ok=True)
        sources = volume["projected"]["sources"] if "projected" in volume else [{"configMap": volume["configMap"]}]
        for source in sources:
            ((kind, wanted),) = source.items()
            texts = self.objects[kind][wanted["name"]]
            items = wanted.get("items") or [{"key": key, "path": key} for key in texts]
            for item in items:
                (place / item["path"]).write_text(texts[item["key"]])
                (place / item["path"]).chmod(0o440)
                os.chown(place / item["path"], 0, self.spec["securityContext"]["fsGroup"])
        return place

    def migrate(self):
        """Runs the migration to its end."""
        spec = self.release.one("Job")["spec"]["template"]["spec"]
        pod = f"{self.name}-migrate"
        engine.podman("kube", "play", self.played(spec, pod, "Never"))
        code = engine.podman("wait", f"{pod}-migrate")
        assert code == "0", engine.run("podman", "logs", f"{pod}-migrate").stderr
        delete_ended(pod)

    def start(self):
        """Starts the service, and waits as its probes do until it is ready."""
        engine.podman("kube", "play", self.played(self.spec, self.pod, "Never"))
        self.becomes_ready()

    def end(self, signal):
        """Sends a signal to the service, and waits until it has ended; returns its exit code."""
        engine.podman("kill", "--signal", signal, self.container)
        return int(engine.podman("wait", self.container))

    def replace(self):
        """Deletes the pod, which has ended, and starts its successor, as a Deployment does.

        The same pod is not started again: podman stops a pod once its last container has ended, on a busy machine only
        after that container has been started again.
        """
        delete_ended(self.pod)
        self.start()

    def probe(self, kind):
        """Whether a probe succeeds."""
        (container,) = self.spec["containers"]
        get = container[kind]["httpGet"]
        answer = Api(f"http://127.0.0.1:{self.port[get['port']]}").get(get["path"])
        return bool(answer and answer.status == 200)

    def becomes_ready(self):
        """Within the time of the start-up probe it lives; then it becomes ready."""
        startup = self.spec["containers"][0]["startupProbe"]
        until = time.monotonic() + startup["periodSeconds"] * startup["failureThreshold"]
        while not self.probe("startupProbe"):
            assert time.monotonic() < until and self.state()["Running"], self.logs()
            time.sleep(0.1)
        eventually(lambda: (self.logs(), self.probe("readinessProbe")), f"{self.name} is ready")

    def state(self):
        """The state of the container."""
        return yaml.safe_load(engine.podman("inspect", "--format", "{{json .State}}", self.container))

    def status(self):
        """What the kernel says of the process: capabilities, users and so on."""
        text = open(f"/proc/{self.state()['Pid']}/status").read()
        return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)

    def logs(self):
        """The last lines of its log."""
        said = engine.run("podman", "logs", "--tail", "20", self.container)
        return said.stdout + said.stderr


def delete_ended(pod):
    """Deletes a pod whose containers have ended, once podman has stopped the one that holds it, too."""
    eventually(lambda: (state := engine.podman("pod", "inspect", "--format", "{{.State}}", pod), state == "Exited"), f"{pod} is stopped")
    engine.podman("pod", "rm", "--force", pod)
