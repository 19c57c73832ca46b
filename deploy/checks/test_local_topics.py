"""The local stack's requests to its broker about settings of topics, and how it handles the responses."""

import struct
import subprocess

import pytest
from rendering import ROOT

LOCAL = ROOT / "deploy/local"
ACCEPTED = "00000000 00000001 0000 ffff 02 000d" + b"commands-down".hex()
REFUSED = "00000000 00000001 0028 0003" + b"why".hex() + "02 000d" + b"commands-down".hex()

# The functions of `stack`, with a broker that prints each request and returns the test's response.
SCRIPT = """
set -euo pipefail
LOCAL=$1 answer=${2// /} kind=$3 given=$4
source "$LOCAL/lib/say.sh"; source "$LOCAL/lib/wire.sh"; source "$LOCAL/lib/topics.sh"
ask() { printf 'request %s %s %s\\n' "$3" "$4" "$5"; [[ -n $answer ]] && ANSWER=$answer; }
broker_kind() { printf '%s\\n' "$kind"; }
broker_is_given() { [[ -n $given ]]; }
load_topics
"$5" 127.0.0.1 9092
"""


def run(function, answer, kind="kafka", given=""):
    return subprocess.run(["bash", "-c", SCRIPT, "stack", LOCAL, answer, kind, given, function], capture_output=True, text=True, timeout=180, check=False)


def configure(answer, kind="kafka", given=""):
    return run("ensure_settings", answer, kind, given)


def read(body, form):
    """Reads values from the front of a request: i is a number of four bytes, b of one byte, s a text."""
    values = []
    for kind in form:
        size = {"i": 4, "b": 1, "s": 2}[kind]
        (value,) = struct.unpack({"i": ">i", "b": ">b", "s": ">h"}[kind], body[:size])
        body = body[size:]
        if kind == "s":
            value, body = body[:value].decode(), body[value:]
        values.append(value)
    return values, body


def test_the_settings_of_the_list_are_sent():
    done = configure(ACCEPTED)
    assert done.returncode == 0, done.stderr
    _, api, version, body = done.stdout.split()
    assert (api, version) == ("44", "0")
    values, rest = read(bytes.fromhex(body), "ibsi" + "sbs" * 2 + "b")
    assert values == [1, 2, "commands-down", 2, "retention.ms", 0, "120000", "segment.ms", 0, "60000", 0]
    assert rest == b""
    assert "commands-down has retention.ms=120000,segment.ms=60000" in done.stderr


@pytest.mark.parametrize(("kind", "expected"), [("kafka", ["retention.ms", "120000", "segment.ms", "60000"]), ("tansu", [])])
def test_a_new_topic_has_them_from_the_beginning(kind, expected):
    done = run("create_topics", "00000000 00000000", kind)
    assert done.returncode == 0, done.stderr
    _, api, version, body = done.stdout.split()
    assert (api, version) == ("19", "4")
    (count,), body = read(bytes.fromhex(body), "i")
    made = {}
    for _ in range(count):
        # Name, partitions, replication (its two bytes, as two of one), assignments, settings.
        (name, partitions, _, _, assigned, settings), body = read(body, "sibbii")
        assert assigned == 0
        made[name], body = read(body, "ss" * settings)
        made[name].insert(0, partitions)
    assert made["commands-down"] == [128, *expected]
    assert made["ocpp-events-up"] == made["station-events"] == [12]


def test_a_broker_that_refuses_them_fails_the_command():
    done = configure(REFUSED)
    assert done.returncode == 1
    assert "topic commands-down: error 40 of the Kafka protocol, why" in done.stderr


@pytest.mark.parametrize("answer", ["", REFUSED])
def test_the_substitute_broker_may_do_without(answer):
    done = configure(answer, kind="tansu")
    assert done.returncode == 0, done.stderr
    assert "warning: Tansu does not support settings" in done.stderr
    # A given broker is never treated like that.
    assert configure(answer, kind="tansu", given="yes").returncode == 1
