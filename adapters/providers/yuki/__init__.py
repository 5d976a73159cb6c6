"""Yuki: an access key traded for a session, SOAP, and ledger lines by date that name a document."""

from adapters.providers.yuki.provider import Yuki

__all__ = ["Yuki"]
