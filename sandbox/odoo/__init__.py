"""Odoo as its clients see it: JSON-2, XML-RPC and JSON-RPC over one small object store."""

from sandbox.odoo.people import DATABASE, READER, secret_of
from sandbox.odoo.stand_in import Odoo

SANDBOX_FIELDS = {"database": DATABASE, "login": READER, "api_key": secret_of(READER)}
"""What a client fills in besides the address."""

__all__ = ["SANDBOX_FIELDS", "Odoo", "secret_of"]
