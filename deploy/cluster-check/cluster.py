"""A Kubernetes cluster on loopback: the real servers of the control plane, and kwok in place of the nodes."""

import json
import os
import secrets
import subprocess
from pathlib import Path

from api import Api
from waiting import eventually, free_port

HERE = Path(__file__).parent
# The nodes by their names, each in a zone of its own.
NODES = {"node-a": "zone-a", "node-b": "zone-b", "node-c": "zone-c"}


class Cluster:
    """The servers; all of their files are in one folder."""

    def __init__(self, folder):
        self.folder, self.programs = folder, Path(os.environ["CLUSTER_PROGRAMS"])
        self.port = free_port()
        self.address = f"https://127.0.0.1:{self.port}"
        self.tokens = {"admin": secrets.token_hex(16), "deployer": secrets.token_hex(16)}
        self._running = []

    def start(self):
        """Starts the servers, and creates the nodes."""
        store, keys = f"http://127.0.0.1:{free_port()}", self.folder / "service-accounts.key"
        subprocess.run(["openssl", "genrsa", "-out", keys, "2048"], check=True, capture_output=True)
        groups = {"admin": '"system:masters"', "deployer": '"deployers"'}
        (self.folder / "tokens.csv").write_text("".join(f"{token},{user},{user},{groups[user]}\n" for user, token in self.tokens.items()))
        self._run("etcd", data_dir=self.folder / "etcd", unsafe_no_fsync="true", listen_client_urls=store, advertise_client_urls=store,
                  listen_peer_urls=f"http://127.0.0.1:{free_port()}")  # fmt: skip
        self._run("kube-apiserver", etcd_servers=store, cert_dir=self.folder / "certificates", bind_address="127.0.0.1", advertise_address="127.0.0.1",
                  secure_port=self.port, endpoint_reconciler_type="none", service_cluster_ip_range="10.96.0.0/16", authorization_mode="RBAC",
                  token_auth_file=self.folder / "tokens.csv", service_account_issuer=self.address, service_account_key_file=keys,
                  service_account_signing_key_file=keys)  # fmt: skip
        self.authority = self.folder / "certificates/apiserver.crt"
        eventually(lambda: (self.logs("kube-apiserver"), self._answers()), "the API server is ready")
        self.admin = self.user("admin")
        kubeconfig = self.kubeconfig("admin")
        controllers = {"kubeconfig": kubeconfig, "leader_elect": "false", "bind_address": "127.0.0.1"}
        # Without metrics an autoscaler still keeps to its limits; soon, not every 15 s.
        self._run("kube-controller-manager", **controllers, secure_port=free_port(), service_account_private_key_file=keys, root_ca_file=self.authority,
                  horizontal_pod_autoscaler_sync_period="1s")  # fmt: skip
        self._run("kube-scheduler", **controllers, secure_port=free_port())
        self._run("kwok", kubeconfig=kubeconfig, config=HERE / "stages.yaml", manage_all_nodes="true", node_lease_duration_seconds=40,
                  node_ip="192.0.2.1", cidr="10.128.0.1/16", server_address=f"127.0.0.1:{free_port()}")  # fmt: skip
        for node, zone in NODES.items():
            labels = {"kubernetes.io/hostname": node, "topology.kubernetes.io/zone": zone}
            self.admin.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": node, "labels": labels}})
        eventually(lambda: (self.logs("kwok"), all(ready(node) for node in self.admin.items("/api/v1/nodes"))), "the nodes are ready")

    def _run(self, program, **options):
        named = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        environment = {"HOME": str(self.folder), "PATH": os.environ["PATH"]}
        with (self.folder / f"{program}.log").open("w") as log:
            self._running.append(subprocess.Popen([self.programs / program, *named], cwd=self.folder, env=environment, stdout=log, stderr=log))

    def _answers(self):
        died = [process.args[0] for process in self._running if process.poll() is not None]
        assert not died, f"{died} ended: {self.logs(Path(died[0]).name)}"
        try:
            return self.authority.exists() and self.user("admin").call("GET", "/readyz") == "ok"
        except Exception:
            return False

    def user(self, name):
        """The API as a user sees it: `admin` may do everything, `deployer` what roles allow."""
        return Api(self.address, self.authority, self.tokens[name])

    def kubeconfig(self, user):
        """A kubeconfig of a user."""
        place = self.folder / f"{user}.kubeconfig"
        content = {
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "clusters": [{"name": "it", "cluster": {"server": self.address, "certificate-authority": str(self.authority)}}],
            "users": [{"name": "it", "user": {"token": self.tokens[user]}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        }  # fmt: skip
        place.write_text(json.dumps(content))
        return place

    def logs(self, program):
        """The last lines of a server's log."""
        return "\n".join((self.folder / f"{program}.log").read_text().splitlines()[-15:])

    def cordon(self, closed):
        """Whether pods are kept from the nodes, as while they are drained."""
        for node in NODES:
            self.admin.patch(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": closed}})

    def stop(self):
        """Stops the servers, the last one first."""
        for process in reversed(self._running):
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def ready(node):
    """Whether a node is ready and takes pods."""
    conditions = {found["type"]: found["status"] for found in node.get("status", {}).get("conditions", [])}
    return conditions.get("Ready") == "True" and not node["spec"].get("taints")
