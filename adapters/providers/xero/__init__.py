"""Xero: several organisations under one consent; the ledger from journals or from documents."""

from adapters.providers.xero.provider import Xero

__all__ = ["Xero"]
