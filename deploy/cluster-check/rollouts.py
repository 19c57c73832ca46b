"""What happened to the Jobs and Deployments of a namespace, in order."""

from contextlib import contextmanager

# The order in which services are upgraded; docs/runbooks/upgrade.md.
ORDER = ("event-ingestor", "command-dispatcher", "asset-api")


@contextmanager
def recorded(namespace):
    """A list which, after the block, has what happened in it, in order, as pairs of a verb and a name.

    Jobs start and complete; Deployments are replaced when they are new or when their pods become others.
    """
    paths = {kind: namespace.path(kind) for kind in ("Job", "Deployment")}
    since = {kind: namespace.api.revision(path) for kind, path in paths.items()}
    templates = {thing["metadata"]["name"]: thing["spec"]["template"] for thing in namespace.items("Deployment")}
    events = []
    yield events
    versions = [
        (int(thing["metadata"]["resourceVersion"]), kind, verb, thing)
        for kind, path in paths.items()
        for verb, thing in namespace.api.history(path, since[kind])
    ]
    for _, kind, verb, thing in sorted(versions, key=lambda version: version[0]):
        event = of_job(verb, thing) if kind == "Job" else of_deployment(verb, thing, templates)
        if event and event not in events:
            events.append(event)


def of_job(verb, job):
    """The event of a version of a Job."""
    name = job["metadata"]["name"]
    if verb == "ADDED":
        return "starts", name
    return ("completes", name) if job["status"].get("succeeded") else None


def of_deployment(verb, deployment, templates):
    """The event of a version of a Deployment, whose pods were those of the templates before."""
    name, template = deployment["metadata"]["name"], deployment["spec"]["template"]
    if verb == "DELETED" or templates.get(name) == template:
        return None
    templates[name] = template
    return "replaces", name


def image(namespace, deployment):
    """The image of a Deployment's service."""
    return namespace.get("Deployment", deployment)["spec"]["template"]["spec"]["containers"][0]["image"]
