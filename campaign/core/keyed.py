"""What is made with the installation's key: the hash of a number, the tag of a callback address. Purposes never mix."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import NewType

from campaign.core.lead import NumberHash, PhoneNumber

PublicId = NewType("PublicId", str)
"""An attempt's name outside: in the callback address and in CustomField. Random; says nothing by itself."""

_TAG_BYTES = 16  # 128 bits


class Key:
    """`CAMPAIGN_KEY`. Never printed."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @property
    def id(self) -> str:
        """What a database remembers of its key, to know a wrong one."""
        return self._make("key id", "")[:8].hex()

    def number_hash(self, number: PhoneNumber) -> NumberHash:
        """A person's number as caps, gaps and events know it."""
        return NumberHash(self._make("number", number.e164)[:_TAG_BYTES].hex())

    def tag(self, attempt: PublicId) -> str:
        """The second half of a callback address; 128 bits, base64url."""
        return urlsafe_b64encode(self._make("callback", attempt)[:_TAG_BYTES]).decode().rstrip("=")

    def tag_fits(self, attempt: PublicId, tag: str) -> bool:
        """Compared in constant time."""
        return hmac.compare_digest(self.tag(attempt).encode(), tag.encode())

    def _make(self, purpose: str, text: str) -> bytes:
        return hmac.digest(self._secret, f"{purpose}\x00{text}".encode(), hashlib.sha256)

    def __reduce__(self) -> str:
        raise TypeError("a key is not written anywhere")

    def __repr__(self) -> str:
        return "Key(***)"
