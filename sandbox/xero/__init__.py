"""A stand-in for Xero: sign-in, connections, accounting lists, journals, and the trial balance."""

from sandbox.xero.stand_in import Xero
from sandbox.xero.tokens import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET

__all__ = ["SANDBOX_CLIENT_ID", "SANDBOX_CLIENT_SECRET", "Xero"]
