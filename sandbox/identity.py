"""Ids that follow from the seed and can be read back, so a million of them cost no memory."""

from enum import IntEnum

from attrs import field, frozen

_MASK = (1 << 128) - 1
_SERIAL_BITS = 64
_KIND_BITS = 8
_MULTIPLIER = 0x9E3779B97F4A7C15F39CC0605CEDC835
_SPREADER = 0xD6E8FEB86659FD93CF1BBCDCB7A56463
_UNMULTIPLIER = pow(_MULTIPLIER, -1, 1 << 128)
_UNSPREADER = pow(_SPREADER, -1, 1 << 128)


class Kind(IntEnum):
    """What an id is the id of."""

    COMPANY = 1
    ACCOUNT = 2
    JOURNAL = 3
    CONTACT = 4
    TAX_CODE = 5
    ENTRY = 6
    LINE = 7
    PERIOD = 8
    USER = 9
    TOMBSTONE = 10


@frozen
class Identities:
    """Turns (company, kind, serial) into a GUID and back again; another seed, other GUIDs.

    The mapping is a bijection on 128 bits (add, multiply by an odd number, fold), so two records
    never share a GUID and no table is needed to find the record of a GUID.
    """

    seed: int
    _shift: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        shift = ((self.seed + 1) * _SPREADER) & _MASK
        object.__setattr__(self, "_shift", shift)

    def guid(self, company: int, kind: Kind, serial: int) -> str:
        packed = (company << (_SERIAL_BITS + _KIND_BITS)) | (kind << _SERIAL_BITS) | serial
        mixed = ((packed + self._shift) * _MULTIPLIER) & _MASK
        mixed ^= mixed >> 64
        text = f"{(mixed * _SPREADER) & _MASK:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def serial(self, company: int, kind: Kind, guid: str) -> int | None:
        """The serial behind a GUID, or None if it is not an id of that company and kind."""
        try:
            mixed = int(guid.replace("-", ""), 16)
        except ValueError:
            return None
        mixed = (mixed * _UNSPREADER) & _MASK
        mixed ^= mixed >> 64
        packed = ((mixed * _UNMULTIPLIER) - self._shift) & _MASK
        prefix = (company << _KIND_BITS) | kind
        if packed >> _SERIAL_BITS != prefix:
            return None
        return packed & ((1 << _SERIAL_BITS) - 1)
