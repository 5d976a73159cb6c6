"""What the control API can change about this stand-in (``POST settings``)."""

from collections.abc import Mapping

import msgspec

from sandbox.exact_online.resources import AREAS


class ExactSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Everything optional; a field left out stays as it is.

    ``limits``               False: no call is ever refused for its number
    ``per_minute per_day``   calls per division; ``token_calls_per_day`` per user
    ``rights``               ``none``: every list of every user is empty, with 200
    ``denied_areas``         scope areas the registration lacks (403)
    ``refused``              division -> ``Reason`` of a 403; an empty text lifts it
    ``granted``              divisions every consent given so far covers from now on
    ``move_division``        division that goes to another database: all row versions change
    ``edit_between_pages``   so many times, an entry just served is edited before the next page
    ``mandatory_filters``    True: bulk and single resources with a sync twin want a filter
    ``page_single page_large``   rows on a page (60 and 1000)
    ``error_block_status``   status while an endpoint is blocked after too many errors (unknown on
                             the real service; 429 assumed)
    ``reuse_revokes``        True: a spent refresh token ends the whole grant, as RFC 9700 asks of
                             servers (whether the real service does is unknown)
    """

    limits: bool | None = None
    per_minute: int | None = None
    per_day: int | None = None
    token_calls_per_day: int | None = None
    rights: str | None = None
    denied_areas: list[str] | None = None
    refused: dict[str, str] | None = None
    granted: list[str | int] | None = None
    move_division: str | int | None = None
    edit_between_pages: int | None = None
    mandatory_filters: bool | None = None
    page_single: int | None = None
    page_large: int | None = None
    error_block_status: int | None = None
    reuse_revokes: bool | None = None


def read_settings(document: Mapping[str, object]) -> ExactSettings:
    settings = msgspec.convert(dict(document), ExactSettings)
    if settings.rights not in {None, "none", "full"}:
        raise ValueError("rights is none or full")
    unknown = set(settings.denied_areas or ()) - AREAS
    if unknown:
        raise ValueError(f"no scope area is called {sorted(unknown)}; there are {sorted(AREAS)}")
    return settings
