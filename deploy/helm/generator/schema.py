"""values.schema.json of each chart; its settings come from the service's defaults.toml."""

import json
import re
import tomllib

from . import HELM, ROOT, SERVICES, UMBRELLA

# Values of these come from Secrets only.
SECRET = {"database.url", "redis.url", "kafka.sasl_password"}
# These may also come from a Secret.
SECRET_TOO = {"kafka.sasl_username"}
# These name files, which the chart mounts.
FILES = {"auth.jwks_file", "kafka.sasl_token_file"} | {
    f"{section}.{key}" for section in ("database", "redis", "kafka") for key in ("ca_file", "certificate_file", "key_file")
}
# The chart sets these to the mounted Secrets.
SECRET_FILES = {f"{secret}_file" for secret in SECRET | SECRET_TOO}
# Settings with a fixed set of words. The service itself validates all others when it starts.
WORDS = {
    "auth.mode": ["jwt", "none"],
    "auth.algorithms": ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"],
    "log.format": ["json", "text"],
    "kafka.compression": ["none", "snappy"],
    "kafka.sasl_mechanism": ["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"],
    "database.sslmode": ["disable", "require", "verify-ca", "verify-full"],
    "database.channel_binding": ["disable", "prefer", "require"],
    "dispatch.routing_hash": ["fnv1a_32", "fnv1a_64", "murmur2"],
}


def closed(properties, **more):
    """An object that has these properties and no others."""
    return {"type": "object", "additionalProperties": False, "properties": properties, **more}


def comments(text):
    """The description of each key in defaults.toml: the comment above it, if it has its own."""
    said, section, lines = {}, "", []
    for line in text.splitlines():
        if header := re.fullmatch(r"\[(\w+)\]", line):
            section, lines = header[1], []
        elif line.startswith("#"):
            lines.append(line.removeprefix("#").strip())
        elif key := re.match(r"(\w+) =", line):
            if lines:
                said[f"{section}.{key[1]}"] = " ".join(lines)
            lines = []
        else:
            lines = []
    return said


def of_value(path, value):
    """The schema of a setting, from its default."""
    if isinstance(value, list):
        return {"type": "array", "items": {"type": "string"} | ({"enum": WORDS[path]} if path in WORDS else {})}
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int):
        return {"type": "integer", "minimum": 0}
    if isinstance(value, str):
        return {"type": "string"} | ({"enum": WORDS[path]} if path in WORDS else {})
    raise SystemExit(f"{path}: neither a whole number, a text, a truth nor a list: teach this script and _settings.tpl")


def settings(defaults, said):
    """The settings that are values, those that are secrets and those that are files."""
    values, secrets, files = {}, {}, {}
    for section, keys in defaults.items():
        for key, value in keys.items():
            path = f"{section}.{key}"
            if path not in SECRET | SECRET_FILES:
                schema = of_value(path, value)
                if path in said:
                    schema["description"] = said[path]
                values.setdefault(section, {})[key] = schema
            if path in SECRET | SECRET_TOO:
                secrets.setdefault(section, {})[key] = {"$ref": "#/$defs/reference"}
            if path in FILES:
                files.setdefault(section, {})[key] = {"$ref": "#/$defs/file"}
    return tuple(closed({name: closed(keys) for name, keys in kind.items()}) for kind in (values, secrets, files))


TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
FLAG = {"type": "boolean"}
COUNT = {"type": "integer", "minimum": 1}
STRINGS = {"type": "object", "additionalProperties": TEXT}
OBJECT = {"type": "object"}
OBJECTS = {"type": "array", "items": OBJECT}
DIGEST = {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"}
IMAGE = {"repository": {"type": "string", "minLength": 1}, "tag": {"type": "string", "not": {"const": "latest"}}, "digest": DIGEST}
# No cpu in the limits: the schema refuses it.
RESOURCES = closed({"requests": OBJECT, "limits": closed({"memory": TEXT, "ephemeral-storage": TEXT})}, required=["requests"])
EGRESS = closed({"ports": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 65535}}, "to": OBJECTS})
PROBE = closed({"periodSeconds": COUNT, "timeoutSeconds": COUNT, "failureThreshold": COUNT, "initialDelaySeconds": {"type": "integer"}})
SPREAD = {"enum": ["ScheduleAnyway", "DoNotSchedule"]}
# A number or a percentage of pods.
PART = {"type": ["integer", "string"]}
# What may be added to the pods of the service and of the migration.
EXTRA = {
    "podLabels": STRINGS,
    "podAnnotations": STRINGS,
    "extraEnv": {"type": "array", "items": {"type": "object", "required": ["name"], "properties": {
        "name": {"type": "string", "not": {"pattern": "^(CHARGING_|DATABASE_URL|REDIS_URL|KAFKA_BROKERS)"}}}}},
    "extraVolumes": OBJECTS,
    "extraVolumeMounts": OBJECTS,
    "extraInitContainers": OBJECTS,
}
DEFINITIONS = {
    "reference": closed({"name": {"type": "string", "minLength": 1}, "key": {"type": "string", "minLength": 1}}, required=["name", "key"]),
    "file": closed({kind: {"$ref": "#/$defs/reference"} for kind in ("secret", "configMap")}, minProperties=1, maxProperties=1),
    "optionalReference": {"anyOf": [{"$ref": "#/$defs/reference"}, {"type": "object", "maxProperties": 0}]},
}


def scaling(is_http):
    """The number of replicas, and what scales them."""
    common = {"replicas": COUNT, "min": COUNT, "max": COUNT}
    if is_http:
        return closed(common | {"mode": {"enum": ["hpa", "fixed"]}, "cpuPercent": {"type": "integer", "minimum": 1, "maximum": 100}})
    keda = closed({
        "trigger": {"enum": ["postgresql", "prometheus"]},
        "pollingIntervalSeconds": COUNT,
        "postgresql": closed({"secondsPerReplica": COUNT, "secret": {"$ref": "#/$defs/optionalReference"}}),
        "prometheus": closed({"serverAddress": TEXT, "query": TEXT, "recordsPerReplica": COUNT}),
    })
    return closed(common | {"mode": {"enum": ["fixed", "keda"]}, "partitions": COUNT, "keda": keda})


def of_chart(name):
    """The whole schema of a chart's values."""
    text = (ROOT / "crates" / name / "defaults.toml").read_text()
    defaults = tomllib.loads(text)
    values, secrets, files = settings(defaults, comments(text))
    is_http = "http" in defaults
    routes = ["postgresql", *(kind for kind in ("redis", "kafka") if kind in defaults), *(["issuer"] if is_http else []), "telemetry", "dns"]
    properties = {
        "image": closed(IMAGE | {"pullPolicy": {"enum": ["IfNotPresent", "Always", "Never"]}}),
        "imagePullSecrets": OBJECTS,
        "settings": values,
        "secrets": secrets,
        "files": files,
        **EXTRA,
        "extraContainers": OBJECTS,
        "deploymentLabels": STRINGS,
        "deploymentAnnotations": STRINGS,
        "strategy": closed({"type": {"enum": ["RollingUpdate", "Recreate"]}, "rollingUpdate": closed({"maxSurge": PART, "maxUnavailable": PART})}),
        # Kubernetes itself knows their keys.
        "podSecurityContext": OBJECT,
        "securityContext": OBJECT,
        "scaling": scaling(is_http),
        "resources": RESOURCES,
        "terminationGracePeriodSeconds": {"type": ["integer", "null"], "minimum": 1},
        "probes": closed({"startup": PROBE, "liveness": PROBE, "readiness": PROBE}),
        "serviceAccount": closed({"create": FLAG, "name": TEXT, "annotations": STRINGS}),
        "nodeSelector": STRINGS,
        "tolerations": OBJECTS,
        "affinity": OBJECT,
        "priorityClassName": TEXT,
        "topologySpread": closed({"zone": SPREAD, "node": SPREAD}),
        "podDisruptionBudget": closed({"enabled": FLAG, "maxUnavailable": PART}),
        "migration": closed({
            "enabled": FLAG, "image": closed(IMAGE), "secret": {"$ref": "#/$defs/optionalReference"}, "files": files["properties"]["database"],
            "serviceAccountName": {"type": "string", "minLength": 1},
            "activeDeadlineSeconds": COUNT, "backoffLimit": {"type": "integer", "minimum": 0}, "resources": RESOURCES, **EXTRA}),
        "networkPolicy": closed({
            "enabled": FLAG,
            "ingress": closed({"metricsNamespaces": TEXTS} | ({"namespaces": TEXTS} if is_http else {})),
            "egress": closed({route: EGRESS for route in routes} | {"extra": OBJECTS})}),
        "serviceMonitor": closed({"enabled": FLAG, "interval": TEXT, "scrapeTimeout": TEXT, "labels": STRINGS}),
        "prometheusRule": closed({"enabled": FLAG, "labels": STRINGS, "groups": TEXTS}),
        "dashboards": closed({"enabled": FLAG, "labels": STRINGS, "annotations": STRINGS, "files": TEXTS}),
        "test": closed({"enabled": FLAG, "image": closed(IMAGE), "resources": RESOURCES} | (
            {"path": {"type": "string", "pattern": "^/"}, "token": {"$ref": "#/$defs/optionalReference"}, "status": COUNT} if is_http else {})),
        "extraObjects": OBJECTS,
        "nameOverride": TEXT,
        "fullnameOverride": TEXT,
        # Whether the umbrella installs the chart.
        "enabled": FLAG,
        # Helm's own values, and those of the library, which has none.
        "global": OBJECT,
        "charging-service": OBJECT,
    }
    if "dispatch" in defaults:
        properties["commandTopic"] = closed({"strimzi": closed({
            "enabled": FLAG, "namespace": TEXT, "cluster": TEXT, "replicas": COUNT, "minInsyncReplicas": COUNT})})
    if "session_archive_directory" in defaults.get("retention", {}):
        properties["sessionArchiveClaim"] = TEXT
    if is_http:
        properties["service"] = closed({"type": {"enum": ["ClusterIP", "NodePort", "LoadBalancer"]}, "port": COUNT, "annotations": STRINGS})
        properties["ingress"] = closed({
            "enabled": FLAG, "className": TEXT, "controller": {"enum": ["", "ingress-nginx", "nginx", "haproxy", "openshift", "alb"]},
            "labels": STRINGS, "annotations": STRINGS, "hosts": TEXTS, "tls": OBJECTS})
        properties["httpRoute"] = closed({
            "enabled": FLAG, "labels": STRINGS, "annotations": STRINGS, "parentRefs": OBJECTS, "hostnames": TEXTS, "timeouts": FLAG})
    return head(name) | closed(properties) | {"$defs": DEFINITIONS}


def of_umbrella():
    """The schema of the umbrella's values. Each service's own schema applies below its name."""
    return head(UMBRELLA) | closed({name: OBJECT for name in ("shared", "global", *SERVICES)})


def head(name):
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"Values of {name}"}


def files():
    """Every schema with its text."""
    schemas = {name: of_chart(name) for name in SERVICES} | {UMBRELLA: of_umbrella()}
    return {HELM / name / "values.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in schemas.items()}
