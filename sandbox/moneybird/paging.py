"""Pages by number with a ``Link`` header, and the one ``filter`` parameter."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, TypeVar
from urllib.parse import urlencode

from sandbox.moneybird.errors import refusal
from sandbox.wire import WireRequest, WireResponse, json_response

T = TypeVar("T")

PER_PAGE_MAX: Final = 100
_RANGE = re.compile(r"(\d{6}|\d{8})\.\.(\d{6}|\d{8})")


def paged(
    request: WireRequest,
    found: Sequence[T],
    row: Callable[[T], object],
    *,
    default: int,
    rows_max: int = PER_PAGE_MAX,
) -> WireResponse:
    """One page. Without ``rel="next"`` in ``Link`` it is the last."""
    query = request.query
    page = _number(query.get("page", "1"), "page")
    per_page = _number(query.get("per_page", str(default)), "per_page")
    if page < 1:
        raise refusal(400, "Page is too small", {"page": "min"})
    if per_page > PER_PAGE_MAX:
        raise refusal(400, "Per Page is too big", {"per_page": "max"})
    size = min(per_page, rows_max)
    shown = found[(page - 1) * size : page * size]
    links = []
    if page * size < len(found):
        links.append(f'<{_address(request, page + 1)}>; rel="next"')
    if page > 1:
        links.append(f'<{_address(request, page - 1)}>; rel="prev"')
    response = json_response([row(item) for item in shown])
    response = response.with_headers(("X-Total-Count", str(len(found))))
    return response.with_headers(("Link", ", ".join(links))) if links else response


def _number(text: str, name: str) -> int:
    if not text.isdecimal():
        raise refusal(400, f"{name} does not have a valid value")
    return int(text)


def _address(request: WireRequest, page: int) -> str:
    query = {**request.query, "page": str(page)}
    return f"{request.base_url}{request.path}?{urlencode(query)}"


def filters(request: WireRequest, default: str = "") -> dict[str, str]:
    """``key:value`` terms. Any filter at all replaces every default."""
    told = request.query.get("filter", default)
    terms = (term.partition(":") for term in told.split(","))
    return {key: value for key, _, value in terms if key}


def within(period: str | None, day: date, today: date) -> bool:
    """Whether a day lies in the period of a list's filter."""
    if period is None:
        return True
    if period == "this_year":
        return day.year == today.year
    if period == "prev_year":
        return day.year == today.year - 1
    whole = _RANGE.fullmatch(period)
    if whole is None:
        raise refusal(400, "Period is invalid", {"filter": {"period": "date_range"}})
    first, last = whole[1], whole[2]
    return f"{day:%Y%m%d}"[: len(first)] >= first and f"{day:%Y%m%d}"[: len(last)] <= last
