"""Schemas of custom resources: as much of them as the charts and the examples use."""


def closed(properties, required=()):
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(required)}


TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 1}
TEXTS = {"type": "object", "additionalProperties": TEXT}
DURATION = {"type": "string", "pattern": "^([0-9]+(ms|[smhdwy]))+$"}
SELECTOR = closed({"matchLabels": TEXTS}, ["matchLabels"])


def resource(spec, metadata=("name", "namespace", "labels")):
    head = {"apiVersion": TEXT, "kind": TEXT, "metadata": {"type": "object", "required": list(metadata)}}
    return closed(head | {"spec": spec}, ["apiVersion", "kind", "metadata", "spec"])


ENDPOINT = closed({"port": TEXT, "path": TEXT, "interval": DURATION, "scrapeTimeout": DURATION}, ["port"])
RULE = closed(
    {"alert": TEXT, "record": TEXT, "expr": {"type": ["string", "integer"]}, "for": DURATION, "keep_firing_for": DURATION, "labels": TEXTS, "annotations": TEXTS},
    ["expr"],
)  # fmt: skip
GROUP = closed(
    {"name": TEXT, "interval": DURATION, "limit": COUNT, "labels": TEXTS, "rules": {"type": "array", "items": RULE, "minItems": 1}}, ["name", "rules"]
)
# KEDA's metadata of a trigger contains only texts.
TRIGGER = closed({"type": {"enum": ["prometheus", "postgresql"]}, "metadata": TEXTS, "authenticationRef": closed({"name": TEXT}, ["name"])}, ["type", "metadata"])
POLICY = closed({"type": {"enum": ["Pods", "Percent"]}, "value": COUNT, "periodSeconds": COUNT})
BEHAVIOUR = closed({"scaleDown": closed({"stabilizationWindowSeconds": COUNT, "policies": {"type": "array", "items": POLICY}})})

DNS_NAME = {"type": "string", "pattern": r"^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"}
# A duration of the Gateway API, which has a pattern of its own.
LIMIT = {"type": "string", "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$"}
MATCH = closed({"path": closed({"type": {"enum": ["Exact", "PathPrefix"]}, "value": {"type": "string", "pattern": "^/"}}, ["type", "value"])}, ["path"])
PARENT = closed({"name": TEXT, "namespace": TEXT, "sectionName": TEXT}, ["name"])
REWRITE = closed({"path": closed({"type": {"const": "ReplacePrefixMatch"}, "replacePrefixMatch": {"type": "string", "pattern": "^/"}}, ["type", "replacePrefixMatch"])})
FILTER = closed({"type": {"const": "URLRewrite"}, "urlRewrite": REWRITE}, ["type", "urlRewrite"])
BACKEND = closed({"name": TEXT, "namespace": TEXT, "port": COUNT}, ["name", "port"])
HTTP_RULE = closed({
    "matches": {"type": "array", "items": MATCH, "minItems": 1},
    "filters": {"type": "array", "items": FILTER, "minItems": 1},
    "timeouts": closed({"request": LIMIT}),
    "backendRefs": {"type": "array", "items": BACKEND, "minItems": 1, "maxItems": 1},
}, ["matches", "backendRefs"])  # fmt: skip
REFERENCE_GRANT = closed({
    "from": {"type": "array", "items": closed({"group": TEXT, "kind": TEXT, "namespace": TEXT}, ["group", "kind", "namespace"]), "minItems": 1},
    "to": {"type": "array", "items": closed({"group": TEXT, "kind": TEXT, "name": TEXT}, ["group", "kind"]), "minItems": 1},
}, ["from", "to"])  # fmt: skip

NAMED = closed({"name": TEXT}, ["name"])
ROLE = closed({"name": TEXT, "login": {"const": True}, "inRoles": {"type": "array", "items": TEXT}, "passwordSecret": NAMED}, ["name", "login", "passwordSecret"])
CLUSTER = closed({
    "instances": {"type": "integer", "minimum": 3},
    "imageName": {"type": "string", "pattern": ":[0-9]+[.][0-9]+"},
    "storage": closed({"size": TEXT}, ["size"]),
    "walStorage": closed({"size": TEXT}, ["size"]),
    "affinity": closed({"topologyKey": TEXT}),
    "postgresql": closed({
        "synchronous": closed({"method": {"enum": ["any", "first"]}, "number": COUNT, "dataDurability": {"enum": ["required", "preferred"]}}, ["method", "number"]),
        "parameters": TEXTS,
    }),
    "bootstrap": closed({"initdb": closed({"database": TEXT, "owner": TEXT, "secret": NAMED, "postInitApplicationSQL": {"type": "array", "items": TEXT}})}),
    "managed": closed({"roles": {"type": "array", "items": ROLE}}),
}, ["instances", "storage", "bootstrap"])  # fmt: skip
REMOTE = closed({"key": TEXT, "property": TEXT}, ["key"])
EXTERNAL_SECRET = closed({
    "refreshInterval": DURATION,
    "secretStoreRef": closed({"kind": {"enum": ["SecretStore", "ClusterSecretStore"]}, "name": TEXT}, ["kind", "name"]),
    "data": {"type": "array", "items": closed({"secretKey": TEXT, "remoteRef": REMOTE}, ["secretKey", "remoteRef"])},
    "dataFrom": {"type": "array", "items": closed({"extract": REMOTE})},
    "target": closed({"template": closed({"type": TEXT, "metadata": closed({"labels": TEXTS}), "data": TEXTS})}),
}, ["secretStoreRef"])  # fmt: skip

SCHEMAS = {
    "postgresql.cnpg.io/v1": {"Cluster": resource(CLUSTER, ["name", "namespace"])},
    "external-secrets.io/v1": {"ExternalSecret": resource(EXTERNAL_SECRET, ["name", "namespace"])},
    "gateway.networking.k8s.io/v1": {
        "HTTPRoute": resource(closed({
            "parentRefs": {"type": "array", "items": PARENT, "minItems": 1},
            "hostnames": {"type": "array", "items": DNS_NAME},
            "rules": {"type": "array", "items": HTTP_RULE, "minItems": 1},
        }, ["parentRefs", "rules"])),
    },
    "gateway.networking.k8s.io/v1beta1": {"ReferenceGrant": resource(REFERENCE_GRANT, ["name", "namespace"])},
    "monitoring.coreos.com/v1": {
        "ServiceMonitor": resource(closed({"jobLabel": TEXT, "selector": SELECTOR, "endpoints": {"type": "array", "items": ENDPOINT, "minItems": 1}}, ["selector", "endpoints"])),
        "PrometheusRule": resource(closed({"groups": {"type": "array", "items": GROUP, "minItems": 1}}, ["groups"])),
    },
    "kafka.strimzi.io/v1": {
        "KafkaTopic": resource(closed({"partitions": COUNT, "replicas": COUNT, "topicName": TEXT, "config": {"type": "object"}})),
    },
    "keda.sh/v1alpha1": {
        "ScaledObject": resource(closed({
            "scaleTargetRef": closed({"name": TEXT}, ["name"]),
            "minReplicaCount": COUNT,
            "maxReplicaCount": COUNT,
            "pollingInterval": COUNT,
            "advanced": closed({"horizontalPodAutoscalerConfig": closed({"behavior": BEHAVIOUR})}),
            "fallback": closed({"failureThreshold": COUNT, "replicas": COUNT, "behavior": {"enum": ["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"]}}),
            "triggers": {"type": "array", "items": TRIGGER, "minItems": 1},
        }, ["scaleTargetRef", "triggers"])),
        "TriggerAuthentication": resource(closed({
            "secretTargetRef": {"type": "array", "items": closed({"parameter": TEXT, "name": TEXT, "key": TEXT}, ["parameter", "name", "key"])},
        }, ["secretTargetRef"])),
    },
}  # fmt: skip
