"""Moneybird: OAuth, REST in JSON; a ledger that is read month by month from its reports."""

from adapters.providers.moneybird.provider import Moneybird

__all__ = ["Moneybird"]
