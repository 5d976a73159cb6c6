"""What Odoo's refusals mean, and how they are read without their tracebacks.

Every error body carries a ``debug`` traceback of up to 9 kB, every application fault of XML-RPC is
one: neither is ever shown or logged. Only the exception's name and its message get out of here.
"""

import re
from typing import Final

import msgspec

from adapters.providers.kit.calls import Answer
from adapters.providers.kit.retry_table import FailureTable, Rule, Signal
from adapters.providers.odoo.xmlrpc import Fault
from core.domain.failures import FixSettings, NotUnderstood, ProviderDown, Reconnect

MESSAGE_CHARACTERS_MAX: Final = 300

READER_GROUP: Final = "Show Accounting Features - Readonly"
"""Name of ``account.group_account_readonly`` on the screen (developer mode, tab Groups)."""

DATABASE_UNKNOWN: Final = "database-unknown"
FIELD_UNKNOWN: Final = "field-unknown"
METHOD_UNKNOWN: Final = "method-unknown"
COMPANY_GONE: Final = "administration-gone"
RIGHTS_MISSING: Final = "rights-missing"
REFUSED: Final = "refused"
NOT_ODOO: Final = "not-odoo"
GATEWAY: Final = "gateway"

_NO_DATABASE: Final = "no-database"
_NO_ROUTE: Final = "no-route"

_FAULT_NAMES: Final = {
    2: "odoo.exceptions.UserError",
    3: "odoo.exceptions.AccessDenied",
    4: "odoo.exceptions.AccessError",
}
_RAISED: Final = re.compile(r"^(?P<name>[A-Za-z_][\w.]*): (?P<message>.*)$", re.MULTILINE)
_INVALID_FIELD: Final = re.compile(
    r"Invalid field '(?P<field>\w+)' on (?:model )?'(?P<model>[\w.]+)'"
)


class ErrorBody(msgspec.Struct):
    """The five names of a JSON-2 error; the rest (``debug`` above all) is not even decoded."""

    name: str
    message: str = ""


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        reason=("Unauthorized", "AccessDenied"),
        failure=Reconnect,
        code="key-refused",
        sentence="Odoo refuses this API key (wrong, expired or removed), or it belongs to another "
        "login: make a key in Odoo under Preferences, Account Security, and reconnect.",
    ),
    Rule(
        reason=("AccessError",),
        text=("unauthorized or invalid companies",),
        failure=FixSettings,
        code=COMPANY_GONE,
        setting="companies",
        sentence="This company is gone from the Odoo user: allow the company for that user in "
        "Odoo, or unlink the entity.",
    ),
    Rule(
        reason=("AccessError",),
        failure=FixSettings,
        code=RIGHTS_MISSING,
        setting="rights",
        sentence="This Odoo user may not read the books: have an administrator give it the group "
        f"'{READER_GROUP}' (account.group_account_readonly).",
    ),
    Rule(
        reason=(_NO_DATABASE, "OperationalError"),
        text=("no database is selected", "does not exist"),
        failure=FixSettings,
        code=DATABASE_UNKNOWN,
        setting="database",
        sentence="There is no such database at {host}: correct the name of the database.",
    ),
    Rule(
        reason=(_NO_ROUTE,),
        failure=FixSettings,
        code=NOT_ODOO,
        setting="url",
        sentence="No Odoo answers at {host}: enter the address at which you log in to Odoo.",
    ),
    Rule(
        text=("Invalid field",),
        failure=NotUnderstood,
        code=FIELD_UNKNOWN,
        sentence="This Odoo lacks a field that is needed: report this with the log.",
    ),
    Rule(
        text=("The method '", "the model '", "unexpected keyword argument", "positional argument"),
        failure=NotUnderstood,
        code=METHOD_UNKNOWN,
        sentence="This Odoo does not know what was asked for: report this with the log.",
    ),
    Rule(
        reason=(
            *("ValueError", "TypeError", "KeyError", "IndexError", "AttributeError"),
            *("UserError", "ValidationError", "UnprocessableEntity"),
        ),
        failure=NotUnderstood,
        code=REFUSED,
        sentence="Odoo refused a question of ours: report this with the log.",
    ),
    Rule(
        statuses=frozenset({502, 504}),
        failure=ProviderDown,
        again=True,
        code=GATEWAY,
        sentence="Odoo did not answer in time: the import is tried again later.",
    ),
    Rule(
        reason=("OperationalError", "SerializationFailure", "PoolError"),
        failure=ProviderDown,
        again=True,
        sentence="Odoo's database has a problem of its own: the import is tried again later.",
    ),
)

TABLE: Final = FailureTable(provider="Odoo", rules=RULES)


def signal_of(answer: Answer) -> Signal:
    """An unwelcome JSON-2 answer as name and message; pages of HTML are told apart by wording."""
    reason, text = "", ""
    try:
        body = msgspec.json.decode(answer.body, type=ErrorBody)
        reason, text = body.name, body.message[:MESSAGE_CHARACTERS_MAX]
    except msgspec.DecodeError:
        head = answer.text(2_000)
        if "No database is selected" in head:
            reason, text = _NO_DATABASE, "no database is selected"
        elif answer.status in {404, 405}:
            reason = _NO_ROUTE
    return Signal(
        status=answer.status, reason=reason, text=text, headers=answer.headers, host=answer.host
    )


def signal_of_fault(fault: Fault, answer: Answer) -> Signal:
    """A fault as name and message: of a traceback only its last exception."""
    name, text = _FAULT_NAMES.get(fault.code, ""), fault.text
    if not name:
        raised = list(_RAISED.finditer(fault.text))
        name = raised[-1]["name"] if raised else "fault"
        text = raised[-1]["message"] if raised else ""
        if "database " in fault.text and "does not exist" in fault.text:
            text = "database does not exist"
    return Signal(
        status=answer.status,
        reason=name,
        text=text[:MESSAGE_CHARACTERS_MAX],
        headers=answer.headers,
        host=answer.host,
    )


def unknown_field(text: str) -> tuple[str, str] | None:
    """(model, field) that a refusal names, so that an optional one can be left out."""
    found = _INVALID_FIELD.search(text)
    return (found["model"], found["field"]) if found else None
