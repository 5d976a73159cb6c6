"""Exact Online (Dutch and Belgian sites): OAuth, OData-like reads, sync cursors, limits."""

from sandbox.exact_online.stand_in import ExactOnline

__all__ = ["ExactOnline"]
