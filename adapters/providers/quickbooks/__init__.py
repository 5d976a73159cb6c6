"""QuickBooks Online: OAuth, one company per consent; its ledger is read from the journal report."""

from adapters.providers.quickbooks.provider import QuickBooks

__all__ = ["QuickBooks"]
