"""Examples for the documentation: one value per field name, put together by type.

So every shape has a complete example, also the one added tomorrow.
"""

import datetime as dt
import types
import typing
from enum import Enum
from typing import Any, Final

import attrs

_DAY: Final = dt.date(2026, 3, 10)
_AT: Final = dt.datetime(2026, 3, 10, 3, 45, tzinfo=dt.UTC)

_VALUES: Final[dict[str, object]] = {
    "account": "Debtors",
    "account_key": "1300",
    "account_code": "1300",
    "account_class": "asset",
    "action": "reconnect",
    "actor": "api:reporting",
    "administration_key": "700001",
    "amount": "1210.00",
    "auth": "OAuth",
    "authorize_url": "https://login.example/authorize?state=...",
    "category": "Bookkeeping",
    "cause": "slot",
    "code": "needs-reconnect",
    "connects_by": "OAuth",
    "contract": "recorded traffic",
    "country": "NL",
    "created_by": "cli:ada",
    "credit": "0.00",
    "currency": "EUR",
    "debit": "1210.00",
    "difference": "0.00",
    "email": "ada@example.test",
    "entity_id": "ent_0mhx5k2c1a7f3k9q2x4",
    "entities": 2,
    "entry_key": "20260310-17",
    "generation": 12,
    "id": "ent_0mhx5k2c1a7f3k9q2x4",
    "integration_id": "int_0mhx5k2bzq8d1m5t0w7",
    "integration_status": "active",
    "kind": "run.published",
    "label": "Client id",
    "name": "Bakkerij Blom",
    "next_cursor": "WyI5ZjJkMGUiLCAxNzczMTE0MzAwLCAiZW50XzBtaHgiXQ",
    "note": "Most widely used in NL/BE",
    "obstacle": None,
    "outcome": "Exact Online is connected as Ada Lovelace.",
    "provider": "exact-online",
    "refusal": None,
    "role": "primary",
    "run_id": "run_0mhx5k2d0p6s8j1n4v3",
    "sentence": "The connection to Exact Online no longer works: reconnect it.",
    "setting": None,
    "skipped": None,
    "slots": ["01:15", "04:45"],
    "stage": "journal lines",
    "statement": "balance sheet",
    "status": "Succeeded",
    "step": "done",
    "text": "The books of Bakkerij Blom are published.",
    "time_zone": "Europe/Amsterdam",
    "token": "mtr_tok_0mhx5k2e9r3b6c2y8z5.(43 characters)",
    "trouble": None,
    "verdict": "proven",
    "year": 2026,
    "period": 3,
}


def example_of(shape: type) -> dict[str, object]:
    """A complete, plain example of an attrs shape."""
    hints = typing.get_type_hints(shape)
    return {one.name: _value(one.name, hints[one.name]) for one in attrs.fields(shape)}


def _value(name: str, kind: Any) -> object:  # noqa: ANN401 - any type annotation
    options = _options(kind)
    held = _VALUES.get(name)
    if name in _VALUES and (
        (held is None and type(None) in options) or any(_is(held, one) for one in options)
    ):
        return held
    return _of_type(name, next(one for one in options if one is not type(None)))


def _options(kind: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any type annotation
    if typing.get_origin(kind) in {types.UnionType, typing.Union}:
        return typing.get_args(kind)
    return (kind,)


def _is(held: object, kind: Any) -> bool:  # noqa: ANN401 - any type annotation
    plain = typing.get_origin(kind) or kind
    return type(held) is plain


def _of_type(name: str, kind: Any) -> object:  # noqa: ANN401, PLR0911 - one return per type
    if attrs.has(kind):
        return example_of(kind)
    origin = typing.get_origin(kind)
    if origin is list:
        return [_value(name.removesuffix("s"), typing.get_args(kind)[0])]
    if origin is dict:
        value = typing.get_args(kind)[1]
        return {"journal line": 4_211} if value is int else {"region": "nl"}
    if kind is dt.datetime:
        return _AT.isoformat().replace("+00:00", "Z")
    if kind is dt.date:
        return _DAY.isoformat()
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind)).value
    if kind is bool:
        return False
    if kind is int:
        return 1
    return f"{name.replace('_', ' ')}"
