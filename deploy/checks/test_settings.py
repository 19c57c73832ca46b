"""Every setting of defaults.toml can be set, as a value, a secret or a file; nothing else can."""

import re
import subprocess
import sys

import helm_python as helm
import pytest
from rendering import CHARTS, HELM, check_config, defaults, production, render

# The form of secrets' values in tests.
SECRETS = {
    "database.url": "postgres://someone:secret@postgresql/charging",
    "redis.url": "redis://someone:secret@redis:6379",
    "kafka.sasl_username": "someone",
    "kafka.sasl_password": "secret",
}
# The chart sets these to the mounted Secrets, and no value can.
SECRET_FILES = {f"{setting}_file" for setting in SECRETS}


def test_generated_files_are_current():
    subprocess.run([sys.executable, HELM / "generate", "--check"], check=True)


def mounted(release):
    """The mounted Secrets and ConfigMaps: path → (kind, name, key)."""
    found = {}
    spec = release.one("Deployment")["spec"]["template"]["spec"]
    mounts = {mount["name"]: mount for mount in release.container["volumeMounts"]}
    for volume in spec["volumes"]:
        for source in volume.get("projected", {}).get("sources", []):
            ((kind, reference),) = source.items()
            for item in reference["items"]:
                path = f"{mounts[volume['name']]['mountPath']}/{item['path']}"
                found[path] = (kind, reference["name"], item["key"])
    assert {mount for mount in mounts} == {volume["name"] for volume in spec["volumes"]}
    assert all(mount.get("readOnly") or mount["mountPath"] == "/tmp" for mount in mounts.values())
    return found


def test_secrets_are_files_and_nowhere_else(release):
    assert not release.all("Secret")
    paths = mounted(release)
    wanted = {f"{section}.{key}": reference for section, keys in release.values["secrets"].items() for key, reference in keys.items()}
    for setting, reference in wanted.items():
        variable = f"CHARGING__{setting.upper().replace('.', '__')}_FILE"
        (path,) = [entry["value"] for entry in release.container["env"] if entry["name"] == variable]
        assert paths[path] == ("secret", reference["name"], reference["key"])
    for pod in release.pods:
        for container in pod["spec"]["containers"]:
            for entry in container["env"]:
                assert "secretKeyRef" not in entry.get("valueFrom", {}), entry
                assert not re.search(r"(PASSWORD|DATABASE__URL|REDIS__URL|DATABASE_URL|REDIS_URL)$", entry["name"]), entry
                assert "://" not in entry.get("value", ""), entry


def test_no_secret_can_be_written_into_values(chart):
    for setting, value in SECRETS.items():
        section, key = setting.split(".")
        if section in defaults(chart) and setting != "kafka.sasl_username":
            with pytest.raises(helm.HelmValuesError):
                render(chart, {"settings": {section: {key: value}}})
            with pytest.raises(helm.HelmValuesError):
                render(chart, {"secrets": {section: {key: value}}})
    with pytest.raises(helm.HelmValuesError):
        render(chart, {"extraEnv": [{"name": "CHARGING__DATABASE__URL", "value": "postgres://a"}]})


def other(path, value):
    """Another valid value of the same type."""
    known = {
        "http.listen": "0.0.0.0:18080", "admin.listen": "0.0.0.0:19080", "auth.mode": "jwt", "auth.algorithms": ["PS512"], "log.format": "text",
        "kafka.compression": "none" if value == "snappy" else "snappy", "kafka.sasl_mechanism": "PLAIN",
        "database.sslmode": "require", "database.channel_binding": "require", "dispatch.routing_hash": "murmur2",
    }  # fmt: skip
    if path in known:
        return known[path]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return [*value, "a\"b\\c"]
    return "名 \"<&>'\\ $"


def test_every_setting_can_be_reached(chart):
    settings, secrets = {}, {}
    for section, keys in defaults(chart).items():
        for key, value in keys.items():
            path = f"{section}.{key}"
            if path in SECRETS and path != "kafka.sasl_username":
                secrets.setdefault(section, {})[key] = {"name": "somewhere", "key": path}
            elif path in SECRET_FILES:
                with pytest.raises(helm.HelmValuesError):
                    render(chart, {"settings": {section: {key: "/a"}}})
            elif path != "auth.jwks_file":  # the other one of two
                settings.setdefault(section, {})[key] = other(path, value)
    release = render(chart, {"settings": settings, "secrets": secrets})
    assert release.settings == settings
    kept = {path for path, (_, name, _) in mounted(release).items() if name == "somewhere"}
    assert len(kept) == sum(len(keys) for keys in secrets.values()) > 0


def test_files_that_settings_name_are_mounted():
    for chart in CHARTS:
        values = production(chart)
        release = render(chart, values)
        for section, keys in values.get("files", {}).items():
            for key, source in keys.items():
                ((kind, reference),) = source.items()
                (path,) = [e["value"] for e in release.container["env"] if e["name"] == f"CHARGING__{section}__{key}".upper()]
                assert mounted(release)[path] == (kind, reference["name"], reference["key"])


@pytest.mark.parametrize("wrong", [{"log": {"levle": "info"}}, {"lgo": {"level": "info"}}, {"runtime": {"worker_threads": "2"}}, {"log": {"format": "xml"}}])
def test_what_no_service_knows_is_refused(chart, wrong):
    with pytest.raises(helm.HelmValuesError):
        render(chart, {"settings": wrong})


def test_the_service_takes_what_is_rendered(release, program, tmp_path):
    """The service's own binary validates the settings that its pod would have."""
    environment = {}
    (tmp_path / "settings.toml").write_text(release.one("ConfigMap", release.chart)["data"]["settings.toml"])
    for entry in release.container["env"]:
        name, value = entry["name"], entry.get("value", "")
        if name == "CHARGING_CONFIG":
            value = str(tmp_path / "settings.toml")
        elif value.startswith("/etc/charging/secrets/"):
            setting = value.rpartition("/")[2]
            secret = tmp_path / setting
            secret.write_text(SECRETS[setting] + "\n")
            value = str(secret)
        environment[name] = value
    judged = check_config(program(release.chart), environment)
    assert judged.returncode == 0, judged.stderr


def test_the_migration_takes_what_it_is_given(release, program, tmp_path):
    (container,) = release.one("Job")["spec"]["template"]["spec"]["containers"]
    (tmp_path / "database.url").write_text(SECRETS["database.url"])
    environment = {entry["name"]: entry["value"] for entry in container["env"]}
    assert environment.pop("CHARGING__DATABASE__URL_FILE") == "/etc/charging/secrets/database.url"
    # Its TLS is that of the service.
    expected = {"SSLMODE": release.effective["database"]["sslmode"], "CHANNEL_BINDING": release.effective["database"]["channel_binding"]}
    expected |= {key.upper(): f"/etc/charging/files/database.{key}" for key in release.values.get("files", {}).get("database", {})}
    added = {entry["name"]: entry["value"] for entry in release.values["migration"]["extraEnv"]}
    assert environment == {f"CHARGING__DATABASE__{key}": value for key, value in expected.items()} | added
    judged = check_config(program("asset-api"), environment | {"CHARGING__DATABASE__URL_FILE": str(tmp_path / "database.url")})
    assert judged.returncode == 0, judged.stderr


def test_the_migration_mounts_its_files(chart):
    """The files of the service's TLS, or its own."""

    def mounted_by_job(values):
        (container,) = (spec := render(chart, values).one("Job")["spec"]["template"]["spec"])["containers"]
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in spec["volumes"]}
        (files,) = [volume for volume in spec["volumes"] if volume["name"] == "files"] or [{"projected": {"sources": []}}]
        return {source[kind]["items"][0]["path"]: (kind, source[kind]["name"]) for source in files["projected"]["sources"] for kind in source}

    reference = {"name": "of-service", "key": "a"}
    assert mounted_by_job({}) == {}
    shared = {"files": {"database": {"ca_file": {"configMap": reference}, "key_file": {"secret": reference}}}}
    assert mounted_by_job(shared) == {"database.ca_file": ("configMap", "of-service"), "database.key_file": ("secret", "of-service")}
    own = shared | {"migration": {"files": {"ca_file": {"secret": {"name": "of-owner", "key": "a"}}}}}
    assert mounted_by_job(own) == {"database.ca_file": ("secret", "of-owner")}


def test_a_database_without_tls_must_be_allowed(chart):
    with pytest.raises(helm.HelmError):
        render(chart, {"settings": {"database": {"sslmode": "disable"}}})
    settings = render(chart, {"settings": {"database": {"sslmode": "disable", "allow_plaintext": True}}}).effective
    assert settings["database"]["allow_plaintext"]
