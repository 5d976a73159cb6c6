"""Twinfield: OpenID Connect, SOAP, and browse queries that bring a year of lines in one answer."""

from adapters.providers.twinfield.provider import Twinfield

__all__ = ["Twinfield"]
