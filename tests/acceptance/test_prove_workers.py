"""Whoever plays parts of the proof ends with the process that began it (`tests/prove/workers.py`)."""

import subprocess
import sys

import pytest

BEGINS = """
import os
import sys
from tests.prove.workers import workers

with workers(1) as pool:
    print(pool.submit(os.getpid).result(), flush=True)
    sys.stdin.read()
"""


@pytest.mark.timeout(30)
def test_a_worker_does_not_outlive_a_proof_that_was_killed() -> None:
    begun = [sys.executable, "-c", BEGINS]
    with subprocess.Popen(begun, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as proof:
        assert proof.stdout
        assert int(proof.stdout.readline())
        proof.kill()
        assert proof.stdout.read() == b""  # the worker had it open too
