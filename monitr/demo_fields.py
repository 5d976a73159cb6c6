"""What a person would type into each provider's connect form, for its stand-in."""

import os
from collections.abc import Callable
from typing import Final

from core.domain.catalogue import entry_of
from core.domain.failures import CorrectRequest
from sandbox.server import Sandbox

Fields = dict[str, str]


def fields_of(provider: str, sandbox: Sandbox) -> Fields:
    """The connect form as filled in for the stand-in. CorrectRequest where there is none."""
    found = FIELDS.get(provider)
    if found is None:
        raise CorrectRequest(
            f"There is no demo of {entry_of(provider).name} yet: use exact-online or odoo.",
            code="no-demo",
        )
    return found(sandbox)


def _eboekhouden(sandbox: Sandbox) -> Fields:
    from sandbox import eboekhouden  # noqa: PLC0415 - only this demo needs it

    # An accountant's way in: an API token reaches one administration only.
    return {
        "address": sandbox.url("eboekhouden"),
        "username": eboekhouden.SANDBOX_USER,
        "security_code_1": eboekhouden.SANDBOX_CODE_1,
        "security_code_2": eboekhouden.SANDBOX_CODE_2,
    }


def _exact_online(sandbox: Sandbox) -> Fields:
    from sandbox import exact_online  # noqa: PLC0415 - only this demo needs it

    return {
        "site": sandbox.url("exact-online"),
        "client_id": exact_online.SANDBOX_CLIENT_ID,
        "client_secret": exact_online.SANDBOX_CLIENT_SECRET,
    }


def _horus(sandbox: Sandbox) -> Fields:
    from sandbox import horus  # noqa: PLC0415 - only this demo needs it

    return {
        "address": sandbox.url("horus"),
        "client_id": horus.SANDBOX_CLIENT_ID,
        "client_secret": horus.SANDBOX_CLIENT_SECRET,
    }


def _minox(sandbox: Sandbox) -> Fields:
    from sandbox import minox  # noqa: PLC0415 - only this demo needs it

    return {
        "address": sandbox.url("minox"),
        "client_id": minox.SANDBOX_CLIENT_ID,
        "client_secret": minox.SANDBOX_CLIENT_SECRET,
    }


def _moneybird(sandbox: Sandbox) -> Fields:
    from sandbox import moneybird  # noqa: PLC0415 - only this demo needs it

    return {
        "address": sandbox.url("moneybird"),
        "client_id": moneybird.SANDBOX_CLIENT_ID,
        "client_secret": moneybird.SANDBOX_CLIENT_SECRET,
    }


def _octopus(sandbox: Sandbox) -> Fields:
    from adapters.providers.octopus.contract import SIGN_IN_VARIABLE, SignIn  # noqa: PLC0415
    from adapters.providers.octopus.provider import sign_in_of  # noqa: PLC0415
    from sandbox import octopus  # noqa: PLC0415 - only this demo needs it

    address = sandbox.url("octopus")
    if sign_in_of(os.environ.get(SIGN_IN_VARIABLE)) is SignIn.CREDENTIALS:
        return {"address": address, **octopus.SANDBOX_FIELDS}
    return {
        "address": address,
        "site": address,
        "client_id": octopus.SANDBOX_CLIENT_ID,
        "client_secret": octopus.SANDBOX_CLIENT_SECRET,
    }


def _odoo(sandbox: Sandbox) -> Fields:
    from sandbox.odoo import SANDBOX_FIELDS  # noqa: PLC0415 - only this demo needs it

    return {"url": sandbox.url("odoo"), **SANDBOX_FIELDS}


def _quickbooks(sandbox: Sandbox) -> Fields:
    from sandbox import quickbooks  # noqa: PLC0415 - only this demo needs it

    return {
        "environment": sandbox.url("quickbooks"),
        "client_id": quickbooks.SANDBOX_CLIENT_ID,
        "client_secret": quickbooks.SANDBOX_CLIENT_SECRET,
    }


def _twinfield(sandbox: Sandbox) -> Fields:
    from sandbox import twinfield  # noqa: PLC0415 - only this demo needs it

    # At the 25 calls a minute of others most of the demo would be waiting.
    sandbox.settings("twinfield", certified=True)
    return {
        "site": sandbox.url("twinfield"),
        "client_id": twinfield.SANDBOX_CLIENT_ID,
        "client_secret": twinfield.SANDBOX_CLIENT_SECRET,
        "certified": "yes",
    }


def _xero(sandbox: Sandbox) -> Fields:
    from sandbox import xero  # noqa: PLC0415 - only this demo needs it

    return {
        "address": sandbox.url("xero"),
        "client_id": xero.SANDBOX_CLIENT_ID,
        "client_secret": xero.SANDBOX_CLIENT_SECRET,
        "journals": "yes",
    }


def _yuki(sandbox: Sandbox) -> Fields:
    from sandbox import yuki  # noqa: PLC0415 - only this demo needs it

    return {"site": sandbox.url("yuki"), "access_key": yuki.SANDBOX_ACCESS_KEY}


FIELDS: Final[dict[str, Callable[[Sandbox], Fields]]] = {
    "eboekhouden": _eboekhouden,
    "exact-online": _exact_online,
    "horus": _horus,
    "minox": _minox,
    "moneybird": _moneybird,
    "octopus": _octopus,
    "odoo": _odoo,
    "quickbooks": _quickbooks,
    "twinfield": _twinfield,
    "xero": _xero,
    "yuki": _yuki,
}
"""Every provider that can be demonstrated through its connect form, by catalogue key."""
