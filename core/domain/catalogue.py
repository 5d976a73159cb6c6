"""The product's list of providers, and which of them may start an onboarding."""

from enum import StrEnum
from typing import Final

from attrs import frozen

from core.domain.failures import Unknown


class Category(StrEnum):
    BOOKKEEPING = "Bookkeeping"
    SUBSCRIPTIONS = "Subscriptions"
    CRM = "CRM"


class AuthKind(StrEnum):
    """How a person authorises; the label is what the product shows."""

    OAUTH = "OAuth"
    API_KEY = "API key"
    API_CREDENTIALS = "API credentials"
    FILE_UPLOAD = "File upload"


class Contract(StrEnum):
    """How far a provider's wire contract is confirmed. Shown wherever a provider is shown."""

    OFFICIAL_SPEC = "official spec"
    RECORDED_TRAFFIC = "recorded traffic"
    CLIENT_CODE = "client code"
    ASSUMED = "assumed"


@frozen(kw_only=True)
class CatalogueEntry:
    """One row of the product's list. ``onboarding``: may be an organisation's first integration."""

    key: str
    name: str
    category: Category
    auth: AuthKind
    note: str
    onboarding: bool
    contract: Contract


def _entry(
    key: str,
    name: str,
    auth: AuthKind,
    note: str,
    contract: Contract,
    *,
    category: Category = Category.BOOKKEEPING,
    onboarding: bool = True,
) -> CatalogueEntry:
    return CatalogueEntry(
        key=key,
        name=name,
        category=category,
        auth=auth,
        note=note,
        onboarding=onboarding,
        contract=contract,
    )


CATALOGUE: Final[tuple[CatalogueEntry, ...]] = (
    _entry(
        "exact-online",
        "Exact Online",
        AuthKind.OAUTH,
        "Most widely used in NL/BE",
        Contract.RECORDED_TRAFFIC,
    ),
    _entry(
        "moneybird", "Moneybird", AuthKind.OAUTH, "NL-focused bookkeeping", Contract.OFFICIAL_SPEC
    ),
    _entry("twinfield", "Twinfield", AuthKind.OAUTH, "Enterprise accounting", Contract.CLIENT_CODE),
    _entry("yuki", "Yuki", AuthKind.API_KEY, "NL accounting platform", Contract.CLIENT_CODE),
    _entry(
        "quickbooks", "QuickBooks", AuthKind.OAUTH, "Global SME accounting", Contract.CLIENT_CODE
    ),
    _entry("xero", "Xero", AuthKind.OAUTH, "Global SME accounting", Contract.OFFICIAL_SPEC),
    _entry(
        "eboekhouden", "eBoekhouden", AuthKind.API_KEY, "NL bookkeeping", Contract.OFFICIAL_SPEC
    ),
    _entry("horus", "Horus", AuthKind.OAUTH, "BE accounting", Contract.ASSUMED),
    _entry("minox", "Minox", AuthKind.OAUTH, "NL accounting", Contract.CLIENT_CODE),
    _entry("octopus", "Octopus", AuthKind.OAUTH, "BE accounting", Contract.ASSUMED),
    _entry("odoo", "Odoo", AuthKind.API_CREDENTIALS, "ERP system", Contract.RECORDED_TRAFFIC),
    _entry(
        "csv",
        "CSV Import",
        AuthKind.FILE_UPLOAD,
        "Manual / any source",
        Contract.OFFICIAL_SPEC,
        onboarding=False,
    ),
    _entry(
        "stripe",
        "Stripe",
        AuthKind.API_KEY,
        "Recurring revenue",
        Contract.OFFICIAL_SPEC,
        category=Category.SUBSCRIPTIONS,
        onboarding=False,
    ),
    _entry(
        "hubspot",
        "HubSpot",
        AuthKind.OAUTH,
        "Deals and pipelines",
        Contract.OFFICIAL_SPEC,
        category=Category.CRM,
        onboarding=False,
    ),
)

_BY_KEY: Final = {entry.key: entry for entry in CATALOGUE}


def entry_of(key: str) -> CatalogueEntry:
    """The entry with that key; Unknown names the keys there are."""
    found = _BY_KEY.get(key)
    if found is None:
        raise Unknown(
            f"There is no provider {key!r}. Choose one of: {', '.join(_BY_KEY)}.",
            code="unknown-provider",
        )
    return found
