"""What a secret looks like when it has got out: eight encodings of it, and where in some bytes one of them stands."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

NUMBERS = re.compile(rb"98123[\s-]?\d{5}")
"""The invented people's, in any spelling of a list or a screen."""


@dataclass(frozen=True, slots=True)
class Secret:
    """`name`: for people who read what the proof found."""

    name: str
    value: str

    def seen_in(self, data: bytes) -> str:
        """The encoding that stands in the data; empty if none does."""
        return next((encoding for encoding, needle in self.needles() if needle in data), "")

    def needles(self) -> Iterator[tuple[str, bytes]]:
        raw = self.value.encode()
        yield "raw", raw
        yield from (("base64", each) for each in _base64(raw))
        yield from (("base64url", each.translate(bytes.maketrans(b"+/", b"-_"))) for each in _base64(raw))
        yield from (("hex", each) for each in (raw.hex().encode(), raw.hex().upper().encode()))
        yield from (("URL", each(self.value).encode()) for each in (quote, quote_plus))
        yield "URL", quote(self.value, safe="").encode()
        yield "JSON", json.dumps(self.value)[1:-1].encode()
        yield from (("UTF-16", self.value.encode(each)) for each in ("utf-16-le", "utf-16-be"))
        yield "reversed", raw[::-1]


def _base64(raw: bytes) -> Iterator[bytes]:
    """Inside a longer text too, such as `key:token`: the signs that depend on the secret alone, wherever it begins."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).rstrip(b"=")
        yield encoded[-(-before * 8 // 6) : len(encoded) - 1]
