"""Chance without randomness: a number that follows from what it is asked about, the same on every machine."""

import hashlib


def luck(*parts: object) -> float:
    """A number in 0 ≤ n < 1 that follows from the parts alone."""
    digest = hashlib.sha256(":".join(map(str, parts)).encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53  # 53 bits: a float holds no more, and must stay below 1
