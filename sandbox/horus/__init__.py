"""Horus' stand-in. Nothing here is confirmed: it serves the contract that is assumed."""

from sandbox.horus.stand_in import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, Horus

__all__ = ["SANDBOX_CLIENT_ID", "SANDBOX_CLIENT_SECRET", "Horus"]
