"""Odoo's adapter against its stand-in: JSON-2 as on 19, XML-RPC as on 17 and on 14."""

from collections.abc import Iterator
from typing import ClassVar

import pytest

from adapters.providers.kit.calls import Kit
from adapters.providers.odoo import Odoo
from adapters.providers.odoo.costs import Volume, control_calls, opening_calls, pull_calls
from core.domain.integration import Administration
from core.ports.provider import Credentials, Source
from sandbox.odoo import SANDBOX_FIELDS
from sandbox.server import Sandbox
from tests.providers.conformance import NOW, ProviderConformance
from tests.providers.sandboxed import Connected

KEY = "odoo"

_OF_BOOKS = ("account.", "res.partner")


class TestOdoo19(ProviderConformance):
    key: ClassVar[str] = KEY
    administration_key: ClassVar[str] = "1"
    empty_administration_key: ClassVar[str] = "4"
    page_paths: ClassVar[str] = "/json/2/account.*"
    version: ClassVar[int] = 19
    lines_counted: ClassVar[int] = 12_000

    @pytest.fixture
    def sandbox(self, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
        """Changes take some 13 calls in books of any size: only larger ones show the saving."""
        counted = "calls_are_the_fewest" in request.node.name
        lines = self.lines_counted if counted else self.lines
        with Sandbox(seed=11, lines=lines, providers=[KEY], frozen_at=NOW) as running:
            yield running

    def connect(self, sandbox: Sandbox, kit: Kit) -> Connected:
        sandbox.settings(KEY, version=self.version)
        fields = {"url": sandbox.url(KEY), **SANDBOX_FIELDS}
        return Connected(
            provider=Odoo(kit),
            credentials=Credentials(fields=fields, scope="int_1"),
            secrets=(SANDBOX_FIELDS["api_key"],),
        )

    def small_pages(self, sandbox: Sandbox) -> None:
        """The client names the page size; a proxy without patience makes it small."""
        sandbox.settings(KEY, moves_per_answer_max=63)

    def asked(self, sandbox: Sandbox) -> list[str]:
        """Signing in and asking for rights is done by every connection: those are no pages."""
        asked = super().asked(sandbox)
        pages = [line for line in asked if "has_group" not in line]
        return [line for line in pages if any(model in line for model in _OF_BOOKS)]

    def fewest_calls(self, sandbox: Sandbox, *, full: bool, changes: int) -> int:
        truth = self.truth(sandbox, self.administration_key)
        volume = Volume(
            moves=truth["entries"] if full else changes,
            accounts=truth["accounts"],
            contacts=truth["contacts"],
        )
        calls = pull_calls(volume, full=full, nested=self.version >= 17) + control_calls()
        return calls if full else calls + opening_calls(json2=self.version >= 19)


class TestOdoo17(TestOdoo19):
    page_paths: ClassVar[str] = "/xmlrpc/2/object"
    version: ClassVar[int] = 17

    @pytest.mark.fire
    def test_calls_are_the_fewest_possible(
        self, sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
    ) -> None:
        """Counting wants large books, and the XML of those takes its time."""
        super().test_calls_are_the_fewest_possible(sandbox, connected, source, administration)


class TestOdoo14(TestOdoo17):
    version: ClassVar[int] = 14
    lines_counted: ClassVar[int] = 8_000
