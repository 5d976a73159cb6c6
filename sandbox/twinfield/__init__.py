"""A stand-in for Twinfield: sign-in, token check, SOAP process, finder and query services."""

from sandbox.twinfield.stand_in import Twinfield
from sandbox.twinfield.tokens import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET

__all__ = ["SANDBOX_CLIENT_ID", "SANDBOX_CLIENT_SECRET", "Twinfield"]
