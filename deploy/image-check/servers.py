"""A database and topics of this run's own, on the servers of the local stack."""

import os
import secrets
import shutil
import subprocess

from rendering import ROOT


def given():
    """DATABASE_URL, REDIS_URL and KAFKA_BROKERS, which `make` sets."""
    return {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL", "KAFKA_BROKERS")}


class Servers:
    """What the services of this run are connected to."""

    def __init__(self, folder):
        urls = given()
        self.run = f"image-check-{secrets.token_hex(4)}"
        self.redis, self.brokers = urls["REDIS_URL"], urls["KAFKA_BROKERS"]
        self._admin = urls["DATABASE_URL"]
        self.database = f"{self._admin.rpartition('/')[0]}/{self.run}"
        self._sql(f'create database "{self.run}"')
        self.topics = {name: f"{self.run}-{name}" for name in ("events", "commands", "changes")}
        self._create_topics(folder / "local")

    def _sql(self, statement):
        psql = shutil.which("psql") or str(sorted(p for p in os.scandir("/usr/lib/postgresql") if p.is_dir())[-1].path) + "/bin/psql"
        subprocess.run([psql, "--no-psqlrc", "--quiet", "--dbname", self._admin, "--command", statement], check=True)

    def _create_topics(self, copy):
        """By a copy of the local stack, which considers the brokers somebody else's; its list is the usual one with other names."""
        shutil.copytree(ROOT / "deploy/local", copy)
        text = (copy / "topics").read_text()
        for name, ours in (("ocpp-events-up", "events"), ("commands-down", "commands"), ("station-events", "changes")):
            assert name in text
            text = "\n".join(line.replace(name, self.topics[ours], 1) if line.startswith(name) else line for line in text.splitlines())
        (copy / "topics").write_text(text + "\n")
        environment = {**os.environ, "STACK_DIR": str(copy / ".stack"), "STACK_KAFKA_PORT": "1"}
        done = subprocess.run([copy / "stack", "topics"], env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr

    def drop(self):
        """Deletes the database; topics stay until their retention or `stack reset`."""
        self._sql(f'drop database "{self.run}" with (force)')
