"""Headers on every answer, whoever makes it: the shell, or the server before the shell is asked."""

from typing import Final

from interfaces.http.pages import CONTENT_SECURITY_POLICY

SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Errors included: an address with a code in it must not travel any further."""
