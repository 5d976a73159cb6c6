"""The one table in which a stand-in is registered, and the order that gives each its port."""

from sandbox.eboekhouden import Eboekhouden
from sandbox.exact_online import ExactOnline
from sandbox.horus import Horus
from sandbox.minox import Minox
from sandbox.moneybird import Moneybird
from sandbox.octopus import Octopus
from sandbox.odoo import Odoo
from sandbox.quickbooks import QuickBooks
from sandbox.stand_in import StandIn
from sandbox.twinfield import Twinfield
from sandbox.xero import Xero
from sandbox.yuki import Yuki

KEYS = (
    "exact-online",
    "moneybird",
    "twinfield",
    "yuki",
    "quickbooks",
    "xero",
    "eboekhouden",
    "horus",
    "minox",
    "octopus",
    "odoo",
    "csv",
    "stripe",
    "hubspot",
)
"""All providers in catalogue order; with a base port N a provider listens on N + its place."""

STAND_INS: dict[str, type[StandIn]] = {
    Eboekhouden.key: Eboekhouden,
    ExactOnline.key: ExactOnline,
    Horus.key: Horus,
    Minox.key: Minox,
    Moneybird.key: Moneybird,
    Octopus.key: Octopus,
    Odoo.key: Odoo,
    QuickBooks.key: QuickBooks,
    Twinfield.key: Twinfield,
    Yuki.key: Yuki,
    Xero.key: Xero,
}
"""Register a new stand-in here."""
