"""XML-RPC, errors, versions, keys: the small parts around the pull."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from adapters.providers.kit.calls import Answer
from adapters.providers.odoo.errors import TABLE, signal_of, signal_of_fault, unknown_field
from adapters.providers.odoo.keys import end_of_key, warnings_of
from adapters.providers.odoo.rows import KeyRow
from adapters.providers.odoo.versions import Version, parse_version
from adapters.providers.odoo.xmlrpc import Fault, NotXmlRpc, parse_answer, request_body
from core.domain.failures import Failure, FixSettings, NotUnderstood, ProviderDown, Reconnect

NOW = datetime(2026, 11, 20, tzinfo=UTC)

_ANSWER = "<?xml version='1.0'?><methodResponse><params><param><value>%s</value></param></params></methodResponse>"  # noqa: E501 - one document


def test_doubles_are_exact() -> None:
    value = parse_answer((_ANSWER % "<double>12345678901234567.89</double>").encode())
    assert value == Decimal("12345678901234567.89")
    assert isinstance(value, Decimal)
    row = "<struct><member><name>a</name><value><array><data><value><double>-0.1</double></value>"
    row += "<value><boolean>0</boolean></value></data></array></value></member></struct>"
    assert parse_answer((_ANSWER % row).encode()) == {"a": [Decimal("-0.1"), False]}


BOMB = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<methodResponse><params><param><value><string>&b;</string></value></param></params></methodResponse>
"""
FILE = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>
<methodResponse><params><param><value><string>&f;</string></value></param></params></methodResponse>
"""


@pytest.mark.parametrize(
    "text",
    [
        *(BOMB, FILE, "", "<html>", "no xml", _ANSWER % "<double>x</double>"),
        *(_ANSWER % "<int>x</int>", "<methodResponse/>", (_ANSWER % "<int>1</int>")[:-30]),
    ],
)
def test_what_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(NotXmlRpc):
        parse_answer(text.encode())


def test_depth_costs_no_recursion() -> None:
    deep = "<array><data><value>" * 20_000 + "</value></data></array>" * 20_000
    assert isinstance(parse_answer((_ANSWER % deep).encode()), list)


def test_a_call_carries_no_nil() -> None:
    assert b"<boolean>0</boolean>" in request_body("m", ({"load": False},))
    with pytest.raises(TypeError):
        request_body("m", (None,))


def answer_of(status: int, body: bytes) -> Answer:
    return Answer(status=status, headers={}, body=body, host="odoo.test")


def error_of(name: str, message: str) -> bytes:
    return msgspec.json.encode(
        {"name": name, "message": message, "arguments": [], "context": {}, "debug": "TRACE-BACK"}
    )


NO_DATABASE = b"<title>404 Not Found</title><p>No database is selected and the requested URL..."


@pytest.mark.parametrize(
    ("status", "body", "failure", "code", "setting"),
    [
        (
            *(401, error_of("werkzeug.exceptions.Unauthorized", "Invalid apikey")),
            *(Reconnect, "key-refused", None),
        ),
        (404, NO_DATABASE, FixSettings, "database-unknown", "database"),
        (404, b"<html>nginx</html>", FixSettings, "not-odoo", "url"),
        (
            *(403, error_of("odoo.exceptions.AccessError", "You are not allowed to access")),
            *(FixSettings, "rights-missing", "rights"),
        ),
        (
            403,
            error_of("odoo.exceptions.AccessError", "Access to unauthorized or invalid companies."),
            *(FixSettings, "administration-gone", "companies"),
        ),
        (
            *(500, error_of("builtins.ValueError", "Invalid field 'x' on 'account.move'")),
            *(NotUnderstood, "field-unknown", None),
        ),
        (
            404,
            error_of("werkzeug.exceptions.NotFound", "The method 'a.b' does not exist"),
            *(NotUnderstood, "method-unknown", None),
        ),
        (500, b"<html>Internal Server Error</html>", ProviderDown, "provider-down", None),
        (502, b"<html>Bad Gateway</html>", ProviderDown, "gateway", None),
        (504, b"", ProviderDown, "gateway", None),
    ],
)
def test_what_json2_refusals_mean(
    status: int, body: bytes, failure: type[Failure], code: str, setting: str | None
) -> None:
    found = TABLE.decide(signal_of(answer_of(status, body)), NOW).failure
    assert type(found) is failure
    assert (found.code, found.setting) == (code, setting)
    assert "TRACE-BACK" not in found.detail


TRACE = 'Traceback (most recent call last):\n  File "/x.py", line 1, in f\n    secret_code()\n'


@pytest.mark.parametrize(
    ("fault", "failure", "code"),
    [
        (Fault(code=3, text="Access Denied"), Reconnect, "key-refused"),
        (Fault(code=4, text="You are not allowed"), FixSettings, "rights-missing"),
        (
            Fault(code=4, text="Access to unauthorized or invalid companies."),
            *(FixSettings, "administration-gone"),
        ),
        (
            Fault(code=1, text=TRACE + 'OperationalError: database "x" does not exist\n'),
            *(FixSettings, "database-unknown"),
        ),
        (
            Fault(code=1, text=TRACE + "ValueError: Invalid field 'x' on model 'res.company'\n"),
            *(NotUnderstood, "field-unknown"),
        ),
        (Fault(code=2, text="Object account.foo doesn't exist"), NotUnderstood, "refused"),
        (
            Fault(code=1, text=TRACE + "psycopg2.OperationalError: server closed\n"),
            *(ProviderDown, "provider-down"),
        ),
        (Fault(code=1, text=TRACE + "IndexError: list index out of range\n"), NotUnderstood, None),
    ],
)
def test_what_faults_mean(fault: Fault, failure: type[Failure], code: str | None) -> None:
    found = TABLE.decide(signal_of_fault(fault, answer_of(200, b"")), NOW).failure
    assert type(found) is failure
    assert code is None or found.code == code
    assert "secret_code" not in found.detail


def test_which_field_is_unknown() -> None:
    assert unknown_field("Invalid field 'vat' on model 'res.partner'") == ("res.partner", "vat")
    assert unknown_field("Invalid field 'vat' on 'res.partner'") == ("res.partner", "vat")
    assert unknown_field("something else") is None


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("19.0", Version(19)),
        ("18.0+e", Version(18)),
        ("14.0+e-20211126", Version(14)),
        ("saas~18.3+e", Version(18, 3)),
        ("saas~19.1", Version(19, 1)),
        ("", None),
        ("master", None),
        (None, None),
    ],
)
def test_versions_as_met(text: object, version: Version | None) -> None:
    assert parse_version(text) == version


def test_what_a_version_can() -> None:
    assert Version(19).has_json2
    assert not Version(18, 4).has_json2
    assert Version(17).reads_nested
    assert not Version(16).reads_nested
    assert not Version(14).keys_expire


def key(number: int, name: str, end: str | bool = False, scope: str | bool = False) -> KeyRow:
    return KeyRow(id=number, name=name, expiration_date=end, scope=scope)


def test_the_soonest_end_of_a_usable_key_counts() -> None:
    keys = [
        key(1, "monitr", "2026-11-18 10:00:00"),
        key(2, "monitr", "2026-12-24 10:00:00"),
        key(3, "other", "2026-11-30 10:00:00"),
        key(4, "monitr", "2026-11-25 10:00:00", scope="odoo.plugin.outlook"),
        key(5, "monitr"),
    ]
    named = end_of_key(keys, "monitr", NOW)
    assert named == datetime(2026, 12, 24, 10, tzinfo=UTC)
    assert end_of_key(keys, "", NOW) == datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert end_of_key([key(1, "monitr")], "", NOW) is None


def test_an_end_is_announced_two_weeks_and_three_days_before() -> None:
    def said(days: float) -> tuple[str, ...]:
        return warnings_of(NOW + timedelta(days=days), NOW)

    assert warnings_of(None, NOW) == said(15) == ()
    (early,) = said(13)
    assert "2026-12-03" in early
    assert "in 13 days" in early
    (late,) = said(2)
    assert "stop then" in late
    assert late != early
