"""The SQL-like query endpoint: one entity, conditions joined by AND, pages by position."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from sandbox.quickbooks import rows
from sandbox.quickbooks.errors import bad_query, not_supported, validation_fault
from sandbox.quickbooks.view import View

ROWS_DEFAULT: Final = 100
ROWS_MAX: Final = 1_000

_QUERY: Final = re.compile(
    r"\s*SELECT\s+(?P<what>COUNT\s*\(\s*\*\s*\)|\*|[\w.,\s]+?)\s+FROM\s+(?P<entity>\w+)"
    r"(?:\s+WHERE\s+(?P<where>.+?))?"
    r"(?:\s+ORDER\s?BY\s+(?P<order>[\w.]+(?:\s+(?:ASC|DESC))?))?"
    r"(?P<paging>(?:\s+(?:STARTPOSITION|MAXRESULTS)\s+\d+)*)\s*",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION: Final = re.compile(
    r"(?P<path>[\w.]+)\s*(?P<op><=|>=|=|<|>|IN|LIKE)\s*(?P<value>\(.*?\)|'(?:\\'|[^'])*'|\w+)",
    re.IGNORECASE,
)
_AND: Final = re.compile(r"\s+AND\s+", re.IGNORECASE)

LISTS: Final = frozenset({"Account", "Customer", "Vendor", "Employee", "TaxCode", "TaxRate"})
"""Entities of which only the active ones are told unless asked otherwise."""
TRANSACTIONS: Final = (
    "Invoice", "CreditMemo", "Bill", "VendorCredit", "Payment", "BillPayment", "Purchase",
    "JournalEntry", "Deposit", "Transfer", "SalesReceipt", "RefundReceipt",
)  # fmt: skip


class Source(msgspec.Struct):
    """What of a company's settings the answers depend on."""

    view: View
    numbers: bool
    closed_through: str | None


def objects(source: Source, entity: str) -> Iterator[rows.Row]:
    """Every object of an entity, inactive ones too, in no useful order."""
    view = source.view
    lists: Mapping[str, Callable[[], Iterator[rows.Row]]] = {
        "Account": lambda: (
            rows.account(view, each, numbers=source.numbers) for each in view.books.accounts
        ),
        "Customer": lambda: (
            rows.customer(view, each) for each in view.books.contacts if each.customer
        ),
        "Vendor": lambda: (
            rows.vendor(view, each) for each in view.books.contacts if each.supplier
        ),
        "Employee": lambda: (rows.employee(view, each) for each in view.employees()),
        "TaxCode": lambda: (rows.tax_code(each) for each in view.books.tax_codes),
        "TaxRate": lambda: _tax_rates(view),
        "CompanyInfo": lambda: iter([rows.company_info(view)]),
        "Preferences": lambda: iter(
            [rows.preferences(view, closed_through=source.closed_through, numbers=source.numbers)]
        ),
    }
    if entity in TRANSACTIONS:
        return (
            rows.transaction(view, entry)
            for entry in reversed(list(view.books.live_entries()))
            if view.entity_and_label(entry)[0] == entity
        )
    if entity not in lists:
        raise bad_query(f"Invalid context declaration: {entity}")
    return lists[entity]()


def _tax_rates(view: View) -> Iterator[rows.Row]:
    for tax in view.books.tax_codes:
        yield rows.tax_rate(view, tax)
        yield rows.tax_rate(view, tax, contrary=True)


def one(source: Source, lowered: str, key: str) -> rows.Row:
    """``invoice/123``: one object by id."""
    for entity in (*LISTS, *TRANSACTIONS):
        if entity.lower() == lowered:
            found = next((row for row in objects(source, entity) if row["Id"] == key), None)
            if found is None:
                raise validation_fault("610", "Object Not Found", f"Object Not Found : {key}")
            return {entity: found}
    raise not_supported(f"{lowered}/{key}")


def answer(source: Source, text: str, now: str) -> rows.Row:
    asked = _QUERY.fullmatch(text)
    if asked is None:
        raise bad_query(text[:200])
    entity = asked["entity"]
    found = [row for row in objects(source, entity) if _holds(row, asked["where"])]
    if entity in LISTS and "active" not in (asked["where"] or "").lower():
        found = [row for row in found if row.get("Active", True)]
    if asked["what"].upper().startswith("COUNT"):
        return {"QueryResponse": {"totalCount": len(found)}, "time": now}
    start, size = _paging(asked["paging"])
    found = _ordered(found, entity, asked["order"])
    shown = found[start - 1 : start - 1 + size]
    response: rows.Row = {}
    if shown:
        response = {entity: shown, "startPosition": start, "maxResults": len(shown)}
    return {"QueryResponse": response, "time": now}


def _paging(text: str) -> tuple[int, int]:
    told = {word.upper(): int(value) for word, value in re.findall(r"(\w+)\s+(\d+)", text)}
    start, size = told.get("STARTPOSITION", 1), told.get("MAXRESULTS", ROWS_DEFAULT)
    if start < 1:
        raise bad_query("Start position must be greater than zero")
    if size > ROWS_MAX:
        raise bad_query("maxResults must not exceed 1000")
    return start, size


def _ordered(found: list[rows.Row], entity: str, order: str | None) -> list[rows.Row]:
    """Lists by name and transactions newest first, unless an order is asked for."""
    if order is None:
        if entity in LISTS:
            return sorted(found, key=lambda row: str(row.get("DisplayName") or row.get("Name")))
        return found
    path, _, direction = order.partition(" ")
    return sorted(
        found,
        key=lambda row: (len(str(_at(row, path))), str(_at(row, path))),
        reverse=direction.strip().upper() == "DESC",
    )


def _holds(row: rows.Row, where: str | None) -> bool:
    if where is None:
        return True
    for part in _AND.split(where.strip()):
        condition = _CONDITION.fullmatch(part.strip())
        if condition is None:
            raise bad_query(part[:100])
        values = [
            value.strip().strip("'").replace("\\'", "'")
            for value in condition["value"].strip("()").split(",")
        ]
        if not _is(_at(row, condition["path"]), condition["op"].upper(), values):
            return False
    return True


def _at(row: rows.Row, path: str) -> object:
    value: object = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _is(told: object, operator: str, values: list[str]) -> bool:
    text = str(told).lower() if isinstance(told, bool) else str(told)
    if operator == "IN":
        return text in [value.lower() if isinstance(told, bool) else value for value in values]
    if operator == "LIKE":
        return fnmatchcase(text, values[0].replace("%", "*"))
    if operator == "=":
        return text == values[0]
    try:
        left, right = datetime.fromisoformat(text), datetime.fromisoformat(values[0])
    except ValueError:
        raise bad_query(f"{text} {operator} {values[0]}") from None
    return {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[
        operator
    ]
