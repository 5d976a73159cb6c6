"""Horus: accounting for Belgium, by an assumed contract. See docs/providers/horus.md."""

from adapters.providers.horus.provider import Horus

__all__ = ["Horus"]
