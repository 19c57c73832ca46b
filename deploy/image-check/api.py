"""A caller of the services' APIs."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass

from waiting import eventually


@dataclass(frozen=True)
class Answer:
    """The answer of a service."""

    status: int
    body: dict | list | str | None


@dataclass(frozen=True)
class Api:
    """One service's API."""

    base: str
    token: str | None = None

    def call(self, method, path, body=None):
        """The answer; None while nothing listens there."""
        head = {"content-type": "application/json"} | ({"authorization": f"Bearer {self.token}"} if self.token else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, headers=head, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return Answer(response.status, parsed(response.read()))
        except urllib.error.HTTPError as refused:
            return Answer(refused.code, parsed(refused.read()))
        except OSError:
            return None

    def get(self, path):
        """The answer to a GET."""
        return self.call("GET", path)

    def made(self, method, path, body, status=201):
        """The body of the answer, whose status must be this one."""
        answer = self.call(method, path, body)
        assert answer and answer.status == status, f"{method} {path}: {answer}"
        return answer.body

    def until(self, path, expected):
        """Repeats a GET until the body of its answer is as expected; returns the body."""

        def look():
            answer = self.get(path)
            return answer, bool(answer and answer.status == 200 and expected(answer.body))

        return eventually(look, path).body


def parsed(text):
    """A body as JSON, else as text."""
    try:
        return json.loads(text)
    except ValueError:
        return text.decode(errors="replace")
