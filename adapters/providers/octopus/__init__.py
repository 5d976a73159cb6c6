"""Octopus: a session per user and one per dossier, whole answers, quotas per day and endpoint."""

from adapters.providers.octopus.provider import Octopus

__all__ = ["Octopus"]
