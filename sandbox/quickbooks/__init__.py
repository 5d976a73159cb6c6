"""QuickBooks Online's stand-in: OAuth with the company on the callback, queries, reports, CDC."""

from sandbox.quickbooks.stand_in import QuickBooks
from sandbox.quickbooks.tokens import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET

__all__ = ["SANDBOX_CLIENT_ID", "SANDBOX_CLIENT_SECRET", "QuickBooks"]
