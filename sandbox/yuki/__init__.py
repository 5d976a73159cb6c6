"""A stand-in for Yuki: access keys, sessions, domains, and the SOAP services for their books."""

from sandbox.yuki.sessions import SANDBOX_ACCESS_KEY
from sandbox.yuki.stand_in import Yuki

__all__ = ["SANDBOX_ACCESS_KEY", "Yuki"]
