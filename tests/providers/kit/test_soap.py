"""SOAP 1.1: envelopes, faults under any status, answers held and answers read as they arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.kit.retry_table import ACCESS_REFUSED, FailureTable, Rule
from adapters.providers.kit.soap import (
    ENVELOPE_NAMESPACE,
    Operation,
    SoapTransport,
    envelope,
    escaped,
    fault_of,
    tag,
)
from adapters.providers.kit.xml import Reading, whole
from core.domain.failures import (
    Failure,
    FixSettings,
    NotUnderstood,
    ProviderDown,
    Reconnect,
)
from tests.providers.kit.scripted import ScriptedServer, answer, kit_with

TABLE = FailureTable(
    provider="Testbooks",
    rules=(
        Rule(
            reason=("[354]",),
            failure=Reconnect,
            code=ACCESS_REFUSED,
            sentence="{provider} no longer takes the token: reconnect it.",
        ),
        Rule(
            reason=("[100]",),
            failure=ProviderDown,
            again=True,
            sentence="{provider} stumbled: it is tried again.",
        ),
    ),
)
ROWS = "<Answer xmlns='urn:x'><tr xmlns=''>1</tr><tr xmlns=''>2</tr></Answer>"


def fault(code: int) -> bytes:
    return envelope(
        "<soap:Fault><faultcode>soap:Client</faultcode><faultstring>In the user's words"
        f"</faultstring><detail><message>m</message><code>{code}</code></detail></soap:Fault>"
    )


def operation(url: str) -> Operation:
    return Operation(url=url, action="urn:x/Ask", body=tag("Ask"), about="lines")


def outcome(*scripts: bytes, streamed: bool) -> list[str | None]:
    with ScriptedServer(*scripts) as server, SoapTransport(kit_with(), TABLE) as calls:
        if streamed:
            return [one.text for one in calls.read(operation(server.url), ("tr",))]
        return [one.text for one in calls.ask(operation(server.url))]


SENDABLE = st.text(
    st.characters(codec="utf-8", exclude_categories=["C"]) | st.sampled_from("\t\n\r")
)


@given(text=SENDABLE, value=SENDABLE)
def test_what_is_sent_is_what_is_read(text: str, value: str) -> None:
    root = whole(envelope(tag("a", escaped(text), b=value)), Reading(sender="x", what="x"))
    sent = root.find(f"{{{ENVELOPE_NAMESPACE}}}Body/a")
    assert sent is not None
    # A parser folds line ends, and blanks within attributes.
    assert (sent.text or "") == text.replace("\r\n", "\n").replace("\r", "\n")
    assert (sent.get("b") or "").split() == value.split()


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1b", "\ufffe", "\ud800"])
def test_characters_xml_cannot_carry_are_refused(character: str) -> None:
    with pytest.raises(FixSettings):
        escaped(f"key{character}")


def test_a_call_names_its_action_and_is_an_envelope() -> None:
    with ScriptedServer(answer(body=envelope(ROWS))) as server:
        with SoapTransport(kit_with(), TABLE) as calls:
            calls.ask(operation(server.url))
        sent = server.requests[0]
    assert b'soapaction: "urn:x/Ask"' in sent.lower().replace(b"urn:x/ask", b"urn:x/Ask")
    assert b"<soap:Body><Ask></Ask></soap:Body>" in sent


@pytest.mark.parametrize("streamed", [False, True])
def test_the_body_is_handed_over(streamed: bool) -> None:
    assert outcome(answer(body=envelope(ROWS)), streamed=streamed) == ["1", "2"]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("status", [200, 401, 500])
def test_a_fault_means_the_same_under_every_status(status: int, streamed: bool) -> None:
    with pytest.raises(Reconnect) as caught:
        outcome(answer(status, fault(354)), streamed=streamed)
    assert caught.value.code == ACCESS_REFUSED
    assert "Client [354]" in caught.value.detail


@pytest.mark.parametrize("streamed", [False, True])
def test_a_passing_fault_is_repeated(streamed: bool) -> None:
    scripts = (answer(500, fault(100)), answer(body=envelope(ROWS)))
    assert outcome(*scripts, streamed=streamed) == ["1", "2"]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (envelope(ROWS)[:-30], ProviderDown),
        (b"", ProviderDown),
        (b"<!DOCTYPE html><html><p>Maintenance</p></html>", ProviderDown),
        (b"{}", NotUnderstood),
        (b"<other/>", NotUnderstood),
    ],
)
def test_other_answers_are_told_apart(body: bytes, kind: type[Failure], streamed: bool) -> None:
    with pytest.raises(kind):
        outcome(answer(body=body), streamed=streamed)


def test_a_refusal_without_a_fault_is_judged_by_its_status() -> None:
    with pytest.raises(ProviderDown):
        outcome(*[answer(502, b"<html>Bad gateway</html>")] * 4, streamed=False)


def test_faults_qualified_and_with_nested_codes_are_read() -> None:
    found = fault_of(
        envelope(
            '<soap:Fault><faultcode xmlns="urn:q">s:Server</faultcode><faultstring>No</faultstring>'
            '<detail><ServiceFault xmlns="urn:f"><Code>YearNotFound</Code></ServiceFault></detail>'
            "</soap:Fault>"
        )
    )
    assert found is not None
    assert (found.reason, found.text) == ("Server [YearNotFound]", "No")
    assert fault_of(b"Fault") is None
    assert fault_of(envelope("<Fault/>")) is None
