"""Waiting for what servers do later, and ports for them."""

import socket
import time

# The limit of each wait, in seconds.
PATIENCE = 90


def eventually(look, what):
    """Repeats `look`, which returns a value and whether it is the expected one; returns that value."""
    until = time.monotonic() + PATIENCE
    while True:
        value, good = look()
        if good:
            return value
        assert time.monotonic() < until, f"{what}: not as expected after {PATIENCE} s: {value}"
        time.sleep(0.1)


def free_port():
    """A port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
