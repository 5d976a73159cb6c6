"""Minox: bookkeeping for the Netherlands. See docs/providers/minox.md."""

from adapters.providers.minox.provider import Minox

__all__ = ["Minox"]
