"""What the vault promises: opens only for its row, with its key, unaltered; and shows nothing."""

import base64
import secrets
import string
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.storage.key_text import BadKeyText, key_from_text, text_from_key
from adapters.storage.vault import ENVIRONMENT_NAME, AesGcmVault, vault_from
from core.domain.failures import FixSettings
from core.ports.vault import Vault, WrongVaultKey

NOWHERE = Path("/nonexistent")
KEY_A = bytes(range(32))
KEY_B = bytes(range(32, 64))

rows = st.text(min_size=0, max_size=40)
plains = st.binary(max_size=200)


def vault_with(*keys: bytes) -> AesGcmVault:
    return vault_from(NOWHERE, {ENVIRONMENT_NAME: ",".join(key.hex() for key in keys)})


VAULT: Vault = vault_with(KEY_A)


@given(row=rows, plain=plains)
def test_opens_what_it_sealed(row: str, plain: bytes) -> None:
    assert VAULT.open(row, VAULT.seal(row, plain)) == plain


@given(row=rows, other=rows, plain=plains)
def test_bytes_copied_to_another_row_do_not_open(row: str, other: str, plain: bytes) -> None:
    sealed = VAULT.seal(row, plain)
    if row == other:
        assert VAULT.open(other, sealed) == plain
    else:
        with pytest.raises(WrongVaultKey):
            VAULT.open(other, sealed)


@given(plain=plains, data=st.data())
def test_no_flipped_bit_goes_unnoticed(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(VAULT.seal("row", plain))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(WrongVaultKey):
        VAULT.open("row", bytes(sealed))


@given(plain=plains, data=st.data())
def test_no_truncation_or_addition_goes_unnoticed(plain: bytes, data: st.DataObject) -> None:
    sealed = VAULT.seal("row", plain)
    cut = data.draw(st.integers(0, len(sealed) - 1))
    for altered in (sealed[:cut], sealed + b"\0"):
        with pytest.raises(WrongVaultKey):
            VAULT.open("row", altered)


def test_the_same_secret_never_seals_to_the_same_bytes() -> None:
    sealed = {VAULT.seal("row", b"same") for _ in range(200)}
    assert len(sealed) == 200
    assert all(b"same" not in each for each in sealed)


def test_another_key_does_not_open_and_names_the_setting() -> None:
    sealed = vault_with(KEY_A).seal("row", b"plain")
    with pytest.raises(WrongVaultKey) as caught:
        vault_with(KEY_B).open("row", sealed)
    assert ENVIRONMENT_NAME in caught.value.sentence
    assert caught.value.setting == ENVIRONMENT_NAME
    assert caught.value.code == "wrong-vault-key"


def test_the_first_key_seals_and_the_others_open() -> None:
    before = vault_with(KEY_A).seal("row", b"plain")
    rotating = vault_with(KEY_B, KEY_A)
    assert rotating.open("row", before) == b"plain"
    assert not rotating.current(before)
    after = rotating.seal("row", b"plain")
    assert rotating.current(after)
    assert vault_with(KEY_B).open("row", after) == b"plain"
    with pytest.raises(WrongVaultKey):
        vault_with(KEY_A).open("row", after)


def test_bytes_that_are_not_sealed_at_all_are_not_current_and_do_not_open() -> None:
    for rubbish in (b"", b"\x01", b"\x02" + bytes(60), secrets.token_bytes(80)):
        assert not VAULT.current(rubbish)
        with pytest.raises(WrongVaultKey):
            VAULT.open("row", rubbish)


@given(key=st.binary(min_size=32, max_size=32))
def test_a_key_reads_the_same_in_every_usual_spelling(key: bytes) -> None:
    spellings = (
        key.hex(),
        key.hex().upper(),
        base64.b64encode(key).decode(),
        base64.urlsafe_b64encode(key).decode(),
        base64.b64encode(key).decode().rstrip("="),
        f"  {text_from_key(key)}\n",
    )
    assert {key_from_text(spelling) for spelling in spellings} == {key}


BAD_KEYS = ("short", "é" * 43, "A" * 42, "A" * 45, "g" * 64, "0" * 63, ",", "AAAA,", "=" * 44)


@pytest.mark.parametrize("bad", BAD_KEYS)
def test_a_malformed_environment_key_is_refused_without_being_shown(bad: str) -> None:
    with pytest.raises(FixSettings) as caught:
        vault_from(NOWHERE, {ENVIRONMENT_NAME: bad})
    assert caught.value.setting == ENVIRONMENT_NAME
    assert "openssl rand -hex 32" in caught.value.sentence


canaries = st.text(string.ascii_letters + string.digits, min_size=20, max_size=60)


@given(canary=canaries)
def test_a_malformed_key_never_shows_in_the_failure(canary: str) -> None:
    with pytest.raises(BadKeyText):
        key_from_text(f"{canary}!")
    with pytest.raises(FixSettings) as caught:
        vault_from(NOWHERE, {ENVIRONMENT_NAME: f"{KEY_A.hex()},{canary}!"})
    shown = _everything_shown(caught.value)
    assert canary not in shown
    assert KEY_A.hex() not in shown


@given(canary=canaries)
def test_neither_plain_nor_key_shows_in_texts_and_traces(canary: str) -> None:
    vault = vault_with(KEY_A, KEY_B)
    sealed = vault.seal("row", canary.encode())
    shown = repr(vault) + str(vault) + repr(sealed)
    try:
        vault.open("other", sealed)
    except WrongVaultKey as failure:
        shown += _everything_shown(failure)
    try:
        vault_with(KEY_B).open("row", sealed)
    except WrongVaultKey as failure:
        shown += _everything_shown(failure)
    assert "row other" in shown
    for key in (KEY_A, KEY_B):
        for spelling in (key.hex(), repr(key)[2:-1], text_from_key(key)):
            assert spelling not in shown
    assert canary not in shown


def _everything_shown(failure: FixSettings) -> str:
    trace = "".join(traceback.format_exception(failure))
    return f"{failure!r} {failure} {failure.sentence} {failure.detail} {failure.trouble()} {trace}"
