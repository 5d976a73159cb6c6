"""Moneybird's stand-in: OAuth without an expiry, REST in JSON, reports per month."""

from sandbox.moneybird.stand_in import Moneybird
from sandbox.moneybird.tokens import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET

__all__ = ["SANDBOX_CLIENT_ID", "SANDBOX_CLIENT_SECRET", "Moneybird"]
