"""A genuine Odoo server as the environment names it, and how to reach it.

``MONITR_LIVE_ODOO_URL``, ``_DATABASE``, ``_LOGIN``, ``_API_KEY``: a user who may read everything.
Optional: ``_OTHER_KEYS``, a JSON object of keys by name (``readerbe``, ``billing``, ``sales``,
``portal``, ``noacc``, ``reader_expired``, ``reader_other_scope``); ``_TB``, a JSON file with the
trial balance of every company from SQL (rows of ``company_id, account_id, code, balance, lines``);
``_TOOL``, a program that prints such rows when called with ``tb``, plays one night of changes
with ``mutate`` (and prints ``{"company": ...}``), and puts the books back with ``reset``.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import define, field

from adapters.environment import SystemClock
from adapters.providers.kit.calls import Kit
from adapters.providers.odoo import Odoo
from adapters.providers.odoo.source import OdooSource
from core.domain.money import parse_e4
from core.ports.provider import Credentials
from tests.providers.kit.scripted import FakeBudgets

PREFIX = "MONITR_LIVE_ODOO"
TOOL_SECONDS_MAX = 100


def _told(name: str) -> str:
    return os.environ.get(f"{PREFIX}_{name}", "")


@define
class LiveServer:
    """Everything the environment told."""

    url: str = field(factory=lambda: _told("URL"))
    database: str = field(factory=lambda: _told("DATABASE"))
    login: str = field(factory=lambda: _told("LOGIN"))
    api_key: str = field(factory=lambda: _told("API_KEY"), repr=False)
    other_keys: dict[str, str] = field(
        factory=lambda: json.loads(_told("OTHER_KEYS") or "{}"), repr=False
    )
    trial_balance_file: str = field(factory=lambda: _told("TB"))
    tool: str = field(factory=lambda: _told("TOOL"))

    @contextmanager
    def source(self, **fields: str) -> Iterator[OdooSource]:
        """An open source as the reader, or with other values in the form."""
        clock = SystemClock()
        known = {
            "url": self.url,
            "database": self.database,
            "login": self.login,
            "api_key": self.api_key,
        }
        provider = Odoo(Kit(clock=clock, budgets=FakeBudgets(clock)))
        with closing(provider.open(Credentials(fields=known | fields))) as opened:
            yield opened

    def run_tool(self, command: str) -> Any:  # noqa: ANN401 - a document of any shape
        done = subprocess.run(
            [self.tool, command], capture_output=True, timeout=TOOL_SECONDS_MAX, check=True
        )
        return json.loads(done.stdout)

    def trial_balance_e4(self) -> dict[tuple[str, str], int] | None:
        """By company and account id, from SQL; None when the environment offers none."""
        if self.tool:
            rows = self.run_tool("tb")
        elif self.trial_balance_file:
            rows = json.loads(Path(self.trial_balance_file).read_text())
        else:
            return None
        found: dict[tuple[str, str], int] = {}
        for row in rows:
            key = (str(row["company_id"]), str(row["account_id"]))
            found[key] = found.get(key, 0) + parse_e4(Decimal(row["balance"]))
        return {key: amount_e4 for key, amount_e4 in found.items() if amount_e4}
