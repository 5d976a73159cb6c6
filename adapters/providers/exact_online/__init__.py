"""Exact Online, Netherlands, Belgium and sister sites: OAuth, REST in OData style, row versions."""

from adapters.providers.exact_online.provider import ExactOnline

__all__ = ["ExactOnline"]
