"""Values with which every chart is checked: its defaults, the production example, and what neither of them sets."""

from rendering import HTTP, production

VOLUME = {"name": "more", "configMap": {"name": "more"}}
MOUNT = {"name": "more", "mountPath": "/more", "readOnly": True}
SECURITY = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "privileged": False,
    "readOnlyRootFilesystem": True,
}
RESOURCES = {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "16Mi"}}


def beside(name, **more):
    """Another container of a pod."""
    return {"name": name, "image": "registry.example.com/proxy:1.0", "env": [], "securityContext": SECURITY, "resources": RESOURCES} | more


# What may be added to the pods of the service and of the migration.
ADDED = {
    "podLabels": {"team": "charging"},
    "podAnnotations": {"sidecar.istio.io/inject": "false"},
    "extraEnv": [{"name": "OTEL_SERVICE_NAME", "value": "other"}],
    "extraVolumes": [VOLUME],
    "extraVolumeMounts": [MOUNT],
    "extraInitContainers": [beside("first", volumeMounts=[MOUNT]), beside("proxy", restartPolicy="Always")],
}
# As OpenShift requires it: it chooses the user and the group.
NO_USER = {"runAsUser": None, "runAsGroup": None, "fsGroup": None}
EXPOSED = {
    "service": {"annotations": {"example.com/owner": "charging"}},
    "ingress": {
        "enabled": True,
        "className": "internal",
        "controller": "ingress-nginx",
        "labels": {"team": "charging"},
        "annotations": {"nginx.ingress.kubernetes.io/proxy-send-timeout": "5"},
        "hosts": ["a.example.com", "b.example.com"],
        "tls": [{"secretName": "tls", "hosts": ["a.example.com"]}],
    },
    "httpRoute": {
        "enabled": True,
        "labels": {"team": "charging"},
        "annotations": {"example.com/owner": "charging"},
        "parentRefs": [{"name": "public", "namespace": "gateway"}],
        "hostnames": ["a.example.com"],
    },
    "test": {"token": {"name": "tokens", "key": "test"}},
}

VARIANTS = {
    "defaults": lambda chart: {},
    "production": production,
    # Values that neither of them sets.
    "other": lambda chart: {
        "scaling": {"mode": "keda", "keda": {"trigger": "prometheus", "prometheus": {"serverAddress": "http://prometheus:9090"}}}
        if chart == "event-ingestor"
        else {"mode": "fixed", "replicas": 3},
        "serviceAccount": {"create": False, "name": "given"},
        "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        "nodeSelector": {"kubernetes.io/arch": "amd64"},
        "imagePullSecrets": [{"name": "pull"}],
        "image": {"digest": "sha256:" + "0" * 64},
        **ADDED,
        "extraContainers": [beside("side")],
        "migration": ADDED,
        "deploymentLabels": {"team": "charging"},
        "deploymentAnnotations": {"reloader.stakater.com/auto": "true"},
        "strategy": {"rollingUpdate": {"maxSurge": "50%"}},
        "podSecurityContext": NO_USER,
        "extraObjects": [{
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "{{ .Release.Name }}-more", "namespace": "{{ .Release.Namespace }}"}, "data": {"a": "b"},
        }],
        **(EXPOSED if chart in HTTP else {}),
        "networkPolicy": {"egress": {"extra": [{"ports": [{"protocol": "TCP", "port": 8443}]}]}},
    },
}
