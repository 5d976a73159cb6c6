"""The vault: AES-256-GCM, bound to the row, with keys that can be rotated while workers run.

Sealed bytes are ``version (1) | key id (8) | nonce (12) | ciphertext and tag``. The header and the
row's name are authenticated along: bytes moved to another row, or under another key's id, do not
open. The key id is a keyed hash, so it tells which key is needed and nothing about it.

Nonces are random: NIST SP 800-38D allows 2**32 sealings under one key that way, some 13 a second
for ten years.

The key comes from ``MONITR_SECRET_KEY``, or from the file ``secret.key`` in the data directory,
which every process of that directory shares.
"""

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import define, field, frozen
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.storage.key_file import KeyFile, KeyFileMissing
from adapters.storage.key_text import KEY_BYTES, BadKeyText, key_from_text
from core.domain.failures import FixSettings
from core.ports.vault import WrongVaultKey

ENVIRONMENT_NAME: Final = "MONITR_SECRET_KEY"
KEY_FILE_NAME: Final = "secret.key"

_VERSION: Final = b"\x01"
_KEY_ID_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_HEADER_BYTES: Final = len(_VERSION) + _KEY_ID_BYTES
_SEALED_BYTES_MIN: Final = _HEADER_BYTES + _NONCE_BYTES + _TAG_BYTES
_KEY_ID_PURPOSE: Final = b"monitr vault key id"


@frozen
class _Key:
    id: bytes
    cipher: AESGCM = field(repr=False)


@frozen
class _Held:
    state: tuple[int, ...]
    """Which state of the key file the keys are from."""
    keys: tuple[_Key, ...]


_NOTHING_YET: Final = _Held((), ())


def _key(secret: bytes) -> _Key:
    assert len(secret) == KEY_BYTES
    digest = hmac.HMAC(secret, hashes.SHA256())
    digest.update(_KEY_ID_PURPOSE)
    return _Key(digest.finalize()[:_KEY_ID_BYTES], AESGCM(secret))


@define(kw_only=True)
class AesGcmVault:
    """Implements core.ports.vault.Vault. Safe for threads.

    With a key file, the file is looked at before each use and read again when another process has
    rotated it, so no worker seals with a key that is on its way out. The file is made by the first
    ``seal``; opening without one never makes a new key that could only be the wrong one.
    """

    key_file: KeyFile | None = None
    """None when the keys came from the environment: rotation is then the environment's."""
    _held: _Held = field(default=_NOTHING_YET)
    """One reference, exchanged as a whole, so threads see keys and their origin together."""

    def seal(self, row: str, plain: bytes) -> bytes:
        key = self._newest()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        header = _VERSION + key.id
        return header + nonce + key.cipher.encrypt(nonce, plain, header + row.encode())

    def open(self, row: str, sealed: bytes) -> bytes:
        if len(sealed) < _SEALED_BYTES_MIN or sealed[:1] != _VERSION:
            raise _altered(f"row {row}: {len(sealed)} bytes that no version of this vault seals")
        key_id = sealed[1:_HEADER_BYTES]
        key = next((key for key in self._present() if key.id == key_id), None)
        if key is None:
            raise self._another_key(row, key_id)
        nonce = sealed[_HEADER_BYTES : _HEADER_BYTES + _NONCE_BYTES]
        try:
            return key.cipher.decrypt(
                nonce, sealed[_HEADER_BYTES + _NONCE_BYTES :], sealed[:_HEADER_BYTES] + row.encode()
            )
        except InvalidTag:
            raise _altered(f"row {row}: not what key {key_id.hex()} sealed for it") from None

    def current(self, sealed: bytes) -> bool:
        keys = self._present()
        return bool(keys) and sealed[:_HEADER_BYTES] == _VERSION + keys[0].id

    def _newest(self) -> _Key:
        keys = self._present()
        if not keys and self.key_file is not None:
            self.key_file.create()
            keys = self._present()
        assert keys, "environment keys are checked at start, and a key file was just made"
        return keys[0]

    def _present(self) -> tuple[_Key, ...]:
        """The keys, newest first; empty while there is no key file yet."""
        if self.key_file is not None:
            try:
                state = self.key_file.state()
                if state != self._held.state:
                    self._held = _Held(state, tuple(map(_key, self.key_file.read())))
            except KeyFileMissing:
                if self._held.keys:
                    raise self._vanished() from None
        return self._held.keys

    def _vanished(self) -> WrongVaultKey:
        """Neither making another key nor going on with one that no restart would find again."""
        assert self.key_file is not None
        return WrongVaultKey(
            f"The key file {self.key_file.path} has gone: put it back from a copy.",
            code="key-file-gone",
            setting=KEY_FILE_NAME,
        )

    def _another_key(self, row: str, key_id: bytes) -> WrongVaultKey:
        known = ", ".join(key.id.hex() for key in self._held.keys) or "none"
        detail = f"row {row}: sealed with key {key_id.hex()}, at hand: {known}"
        if self.key_file is None:
            return WrongVaultKey(
                "The secrets stored here were sealed with another key: add that key to "
                f"{ENVIRONMENT_NAME}, behind the present one and a comma.",
                detail=detail,
                setting=ENVIRONMENT_NAME,
            )
        return WrongVaultKey(
            "The secrets stored here were sealed with another key: put the earlier key file back "
            f"at {self.key_file.path}, or give its key in {ENVIRONMENT_NAME}.",
            detail=detail,
            setting=KEY_FILE_NAME,
        )


def vault_from(data_dir: Path, environ: Mapping[str, str]) -> AesGcmVault:
    """The vault of a data directory. FixSettings for a key that is malformed or open to others.

    ``MONITR_SECRET_KEY``: 32 bytes as base64 or hex; several separated by commas, of which the
    first seals and the others only open.
    """
    given = environ.get(ENVIRONMENT_NAME, "").strip()
    if given:
        return AesGcmVault(held=_Held((), tuple(map(_key, _environment_keys(given)))))
    vault = AesGcmVault(key_file=KeyFile(data_dir / KEY_FILE_NAME))
    vault._present()  # noqa: SLF001 - a bad key file is told at start, not in the first night
    return vault


def _environment_keys(given: str) -> Sequence[bytes]:
    try:
        return [key_from_text(part) for part in given.split(",")]
    except BadKeyText as bad:
        raise FixSettings(
            f"{ENVIRONMENT_NAME} is not a key: it must be 32 random bytes as base64 or hex, "
            "several separated by commas. Make one with `openssl rand -hex 32`.",
            detail=bad.reason,
            code="bad-secret-key",
            setting=ENVIRONMENT_NAME,
        ) from None


def _altered(detail: str) -> WrongVaultKey:
    return WrongVaultKey(
        "A stored secret was altered or belongs to another place: restore the database from a "
        "backup, or connect the integration again.",
        detail=detail,
    )
