"""Exact Online (Dutch and Belgian sites): OAuth, OData-like reads, sync cursors, limits."""

from sandbox.exact_online.stand_in import ExactOnline
from sandbox.exact_online.tokens import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET

__all__ = ["SANDBOX_CLIENT_ID", "SANDBOX_CLIENT_SECRET", "ExactOnline"]
