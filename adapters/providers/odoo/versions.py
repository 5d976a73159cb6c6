"""Which Odoo is spoken to, and what differs between the versions 14 to 19."""

import re
from typing import Final

from attrs import frozen

_SERIES: Final = re.compile(r"^(?:saas~)?(?P<major>\d{1,3})(?:\.(?P<minor>\d{1,3}))?")
"""``19.0``, ``18.0+e`` (Enterprise), ``14.0+e-20211126`` (nightly), ``saas~18.3+e`` (Online)."""

_JSON2_SINCE: Final = 19
"""18.4 on Odoo Online had it first; XML-RPC serves that one as well."""
_NESTED_READ_SINCE: Final = 17
"""``web_search_read`` takes a specification. Seen on 19, read about for 17 and 18."""
_FORMATTED_GROUPS_SINCE: Final = 19
_ACTIVE_ACCOUNTS_SINCE: Final = 19
"""Before, ``account.account`` has ``deprecated`` instead of ``active`` (seen on 14 and 19)."""
_HAS_GROUP_OF_RECORD_SINCE: Final = 18
"""Before, ``has_group`` is believed to speak of the calling user only and to take no ids."""
_KEYS_EXPIRE_SINCE: Final = 18


@frozen(order=True)
class Version:
    """The number people know, 19.0; the edition does not matter."""

    major: int
    minor: int = 0

    @property
    def has_json2(self) -> bool:
        return self.major >= _JSON2_SINCE

    @property
    def reads_nested(self) -> bool:
        return self.major >= _NESTED_READ_SINCE

    @property
    def has_formatted_groups(self) -> bool:
        return self.major >= _FORMATTED_GROUPS_SINCE

    @property
    def accounts_have_active(self) -> bool:
        return self.major >= _ACTIVE_ACCOUNTS_SINCE

    @property
    def has_group_takes_ids(self) -> bool:
        return self.major >= _HAS_GROUP_OF_RECORD_SINCE

    @property
    def keys_expire(self) -> bool:
        return self.major >= _KEYS_EXPIRE_SINCE

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


def parse_version(text: object) -> Version | None:
    """The version in a server's own words; None when it cannot be one."""
    found = _SERIES.match(text.strip()) if isinstance(text, str) else None
    if found is None:
        return None
    return Version(int(found["major"]), int(found["minor"] or 0))
