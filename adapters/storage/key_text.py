"""A vault key as text: 32 bytes in base64 (either alphabet, padding optional) or in hex."""

import base64
import binascii
from typing import Final

KEY_BYTES: Final = 32
"""AES-256."""

_HEX_CHARACTERS: Final = 2 * KEY_BYTES


class BadKeyText(ValueError):
    """Text that is no key. ``reason`` tells what is wrong without showing any of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def key_from_text(text: str) -> bytes:
    """The key's bytes. BadKeyText otherwise; causes are dropped, as they could show the text."""
    text = text.strip()
    if not text:
        raise BadKeyText("a key is empty")
    try:
        if len(text) == _HEX_CHARACTERS:
            key = bytes.fromhex(text)
        else:
            standard = text.replace("-", "+").replace("_", "/").rstrip("=")
            padding = "=" * (-len(standard) % 4)
            key = base64.b64decode(standard + padding, validate=True)
    except (ValueError, binascii.Error):
        raise BadKeyText(f"{len(text)} characters that are neither base64 nor hex") from None
    if len(key) != KEY_BYTES:
        raise BadKeyText(f"a key of {len(key)} bytes instead of {KEY_BYTES}")
    return key


def text_from_key(key: bytes) -> str:
    """URL-safe base64, as the key file holds it."""
    assert len(key) == KEY_BYTES
    return base64.urlsafe_b64encode(key).decode()
