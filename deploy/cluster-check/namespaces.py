"""A namespace in which only restricted pods may run, and Helm's releases in it."""

import os
import secrets
import subprocess
from dataclasses import dataclass

import yaml
from api import Api
from cluster import Cluster
from waiting import eventually

RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/enforce-version": "latest"}


@dataclass(frozen=True)
class Namespace:
    """A namespace, and the user that installs into it."""

    name: str
    user: str
    cluster: Cluster
    api: Api

    def path(self, kind, name=None):
        """The path of a kind's list, or of an object."""
        resource = next(found for version in VERSIONS for found in [self.api.resources(version).get(kind)] if found)
        return resource.path(self.name, name)

    def get(self, kind, name):
        """An object."""
        return self.api.get(self.path(kind, name))

    def items(self, kind, **labels):
        """The objects of a kind with these labels, whose names have the usual prefix."""
        selector = ",".join(f"app.kubernetes.io/{key}={value}" for key, value in labels.items())
        return self.api.items(self.path(kind), labelSelector=selector)

    def pods(self, **labels):
        """The pods with these labels that are not being deleted."""
        return [pod for pod in self.items("Pod", **labels) if "deletionTimestamp" not in pod["metadata"]]

    def objects(self):
        """The kinds and names of everything in it."""
        return self.api.everything(self.name)

    def run(self, *command, check=True):
        """Runs Helm, or a program that does, as the namespace's user."""
        environment = {
            "PATH": f"{self.cluster.programs}:{os.environ['PATH']}",
            "HOME": str(self.cluster.folder),
            "KUBECONFIG": str(self.cluster.kubeconfig(self.user)),
            "HELM_NAMESPACE": self.name,
        }
        done = subprocess.run([str(part) for part in command], env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert not check or done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
        return done

    def helm(self, *arguments, values=None, timeout="90s", check=True):
        """Runs Helm with values; a change of a release waits until it has taken effect."""
        named = ()
        if values is not None:
            place = self.cluster.folder / f"values-{secrets.token_hex(4)}.yaml"
            place.write_text(yaml.safe_dump(values))
            named = ("--values", place)
        waits = ("--wait", "--timeout", timeout) if arguments[0] in ("upgrade", "rollback", "uninstall") else ()
        return self.run("helm", *arguments, *waits, *named, check=check)

    def status(self, release):
        """The revision and the status of a release."""
        last = yaml.safe_load(self.helm("history", release, "--output", "json").stdout)[-1]
        return last["revision"], last["status"]


# The versions of the API in which charts have objects.
VERSIONS = ("v1", "apps/v1", "batch/v1", "policy/v1", "autoscaling/v2", "networking.k8s.io/v1", "discovery.k8s.io/v1")


def create(cluster, user, name=None, **labels):
    """A new namespace, by default with a name of its own. The user `deployer` gets the rights that Kubernetes gives to the administrators of a namespace."""
    name = name or f"charging-{secrets.token_hex(3)}"
    api = cluster.admin
    api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": RESTRICTED | labels}})
    api.apply({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "deployer", "namespace": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "deployer"}],
    })  # fmt: skip
    given = {("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")}
    place = Namespace(name, user, cluster, api)
    eventually(lambda: (None, given <= place.objects()), "the namespace has its account")
    return place
