"""A stand-in for Octopus: sessions, dossiers, bookings, quotas per day."""

from sandbox.octopus.sessions import (
    SANDBOX_CLIENT_ID,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_FIELDS,
    SANDBOX_PASSWORD,
    SANDBOX_USER,
)
from sandbox.octopus.stand_in import Octopus

__all__ = [
    "SANDBOX_CLIENT_ID",
    "SANDBOX_CLIENT_SECRET",
    "SANDBOX_FIELDS",
    "SANDBOX_PASSWORD",
    "SANDBOX_USER",
    "Octopus",
]
