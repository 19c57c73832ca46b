"""A caller of the Kubernetes API, which applies objects as Helm does: on the server, with strict validation of fields."""

import http.client
import json
import ssl
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

# Objects that servers create in every namespace, or that they remove later by themselves.
PASSING = {"Event", "Lease", "PodMetrics"}


class Refused(Exception):
    """The API server refused a request."""

    def __init__(self, status):
        super().__init__(status.get("message"))
        self.code = status.get("code")


@dataclass(frozen=True)
class Resource:
    """How objects of a kind are addressed."""

    kind: str
    base: str
    plural: str
    namespaced: bool
    verbs: tuple

    def path(self, namespace=None, name=None):
        """The path of the collection, or of an object."""
        place = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{self.base}{place}/{self.plural}" + (f"/{name}" if name else "")


class Api:
    """One user's view of the API."""

    def __init__(self, address, authority, token):
        self.address, self.authority, self.token = address, authority, token
        self._tls = ssl.create_default_context(cafile=authority)
        # The certificate that the API server made for itself does not satisfy it.
        self._tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
        self._resources = {}

    def call(self, method, path, body=None, content="application/json", **query):
        """The body of the answer, as text; raises `Refused`."""
        place = urlsplit(self.address)
        connection = http.client.HTTPSConnection(place.hostname, place.port, timeout=60, context=self._tls)
        try:
            head = {"authorization": f"Bearer {self.token}", "content-type": content}
            connection.request(method, f"{path}?{urlencode(query)}", None if body is None else json.dumps(body), head)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 400:
            raise Refused({"code": answer.status, "message": text} | (json.loads(text) if text.startswith("{") else {}))
        return text

    def get(self, path, **query):
        """An object or a list."""
        return json.loads(self.call("GET", path, **query))

    def resources(self, version):
        """The resources of an apiVersion, by their kinds."""
        if version not in self._resources:
            base = "/api/v1" if version == "v1" else f"/apis/{version}"
            self._resources[version] = {
                found["kind"]: Resource(found["kind"], base, found["name"], found["namespaced"], tuple(found["verbs"]))
                for found in self.get(base)["resources"]
                if "/" not in found["name"]
            }
        return self._resources[version]

    def resource(self, thing):
        """The resource of an object."""
        return self.resources(thing["apiVersion"])[thing["kind"]]

    def apply(self, thing, dry=False):
        """Applies an object, which is returned as the server has it."""
        path = self.resource(thing).path(thing["metadata"].get("namespace"), thing["metadata"]["name"])
        query = {"fieldManager": "cluster-check", "fieldValidation": "Strict", "force": "true"} | ({"dryRun": "All"} if dry else {})
        return json.loads(self.call("PATCH", path, thing, "application/apply-patch+yaml", **query))

    def patch(self, path, change):
        """Merges a change into an object."""
        self.call("PATCH", path, change, "application/merge-patch+json")

    def items(self, path, **query):
        """The objects of a list."""
        return self.get(path, **query)["items"]

    def revision(self, path):
        """The present revision of a list, from which `history` starts."""
        return self.get(path)["metadata"]["resourceVersion"]

    def history(self, path, since):
        """All versions of the objects of a list since a revision, in order: ADDED, MODIFIED or DELETED, and the object."""
        text = self.call("GET", path, watch="1", resourceVersion=since, timeoutSeconds="1")
        events = [json.loads(line) for line in text.splitlines()]
        assert all(event["type"] != "ERROR" for event in events), events
        return [(event["type"], event["object"]) for event in events]

    def everything(self, namespace):
        """The kinds and names of all objects of a namespace."""
        groups = self.get("/apis")["groups"]
        versions = ["v1", *(group["preferredVersion"]["groupVersion"] for group in groups)]
        resources = [found for version in versions for found in self.resources(version).values() if found.namespaced and "list" in found.verbs]
        return {(found.kind, item["metadata"]["name"]) for found in resources if found.kind not in PASSING for item in self.items(found.path(namespace))}
