"""e-Boekhouden.nl: documents made into double entry, by REST or by the older SOAP service."""

from adapters.providers.eboekhouden.provider import Eboekhouden

__all__ = ["Eboekhouden"]
