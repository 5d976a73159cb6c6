"""Odoo: the whole books of every company of one database, read with one user's API key."""

from adapters.providers.odoo.provider import Odoo

__all__ = ["Odoo"]
