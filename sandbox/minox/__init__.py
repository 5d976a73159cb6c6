"""Minox' stand-in: tenants in paths, the ledger by fiscal year, people in place of accounts."""

from sandbox.minox.stand_in import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, Minox

__all__ = ["SANDBOX_CLIENT_ID", "SANDBOX_CLIENT_SECRET", "Minox"]
