"""Who is logged in, and the divisions the consent covers."""

from datetime import UTC, datetime

from sandbox.exact_online.master_fields import Fields
from sandbox.exact_online.odata import AMSTERDAM, wire_date, wire_moment
from sandbox.exact_online.view import (
    NO,
    STATUS_ARCHIVED,
    UNSET,
    User,
    View,
    always,
    padded_left,
    padded_right,
)
from sandbox.generator import FIRST_DAY, millis
from sandbox.identity import Identities, Kind

LICENCE_NAMES = {1: "Administratiekantoor De Liggende Leeuw", 2: "Fietsen Peeters BV"}


def _customer(view: View) -> str:
    return view.identities.guid(0, Kind.COMPANY, view.licence)


def _moved(view: View) -> str | None:
    return None if view.versions.moved_ms is None else wire_moment(view.versions.moved_ms)


DIVISION_FIELDS: Fields[View] = {
    "Code": lambda _, view: view.code,
    "Hid": lambda _, view: str(view.company.number),
    "Description": lambda _, view: view.company.name,
    "Currency": lambda _, view: view.company.currency,
    "Country": lambda _, view: padded_right(view.company.country),
    "Legislation": lambda _, view: padded_right(view.company.country),
    "Status": lambda _, view: view.status,
    "BlockingStatus": lambda _, view: view.blocking_status,
    "Current": lambda asked, view: asked is view,
    "Customer": lambda _, view: _customer(view),
    "CustomerCode": lambda _, view: padded_left(9_000 + view.licence),
    "CustomerName": lambda _, view: LICENCE_NAMES[view.licence],
    "IsMainDivision": lambda _, view: view.company.number == 1,
    "IsPracticeDivision": NO,
    "IsDossierDivision": NO,
    "IsHRDivision": NO,
    "StartDate": always(wire_date(FIRST_DAY)),
    "ArchiveDate": lambda _, view: wire_date(FIRST_DAY) if view.status == STATUS_ARCHIVED else None,
    "DivisionMoveDate": lambda _, view: _moved(view),
    "DivisionHRLinkUnlinkDate": UNSET,
    "VATNumber": lambda _, view: view.company.vat_number,
    "ChamberOfCommerceNumber": lambda _, view: view.company.registration,
    "City": lambda _, view: view.company.city,
    "Created": always(wire_moment(millis(FIRST_DAY))),
    "Modified": always(wire_moment(millis(FIRST_DAY))),
    **dict.fromkeys(
        ("OBNumber", "TemplateCode", "AddressLine1", "Postcode", "Email", "Phone", "Website"),
        lambda _asked, _view: None,
    ),
}

HRM_DIVISION_FIELDS: Fields[View] = {
    "Code": lambda _, view: view.code,
    "HID": lambda _, view: str(view.company.number),
    "Description": lambda _, view: view.company.name,
    "Currency": lambda _, view: view.company.currency,
    "Country": lambda _, view: padded_right(view.company.country),
    "Status": lambda _, view: 1 if view.status == STATUS_ARCHIVED else 0,  # its own meaning
    "BlockingStatus": lambda _, view: view.blocking_status,
    "Customer": lambda _, view: _customer(view),
    "CustomerName": lambda _, view: LICENCE_NAMES[view.licence],
}


def me(user: User, identities: Identities, now_ms: int) -> dict[str, object]:
    """The row of ``current/Me``. The current division is what the user has open on his screen."""
    now = datetime.fromtimestamp(now_ms / 1000, tz=UTC).astimezone(AMSTERDAM)
    offset = now.utcoffset()
    assert offset is not None
    first = 700_001
    return {
        "UserID": identities.guid(0, Kind.USER, user.serial),
        "CurrentDivision": first,
        "AccountingDivision": first,
        "DossierDivision": None,
        "DivisionCustomer": identities.guid(0, Kind.COMPANY, 1),
        "DivisionCustomerCode": padded_left(9_001),
        "DivisionCustomerName": LICENCE_NAMES[1],
        "DivisionCustomerVatNumber": None,
        "CustomerCode": padded_left(9_001),
        "UserName": user.username,
        "FullName": user.full_name,
        "Email": user.username,
        "Language": "nl-NL",
        "LanguageCode": "nl-NL",
        "Legislation": "1",
        "ServerTime": now.strftime("%Y-%m-%dT%H:%M:%S"),
        "ServerUtcOffset": round(offset.total_seconds()),
        "PackageCode": "ACC",
        "IsMyFirmLiteUser": False,
        "IsEmployeeSelfServiceUser": False,
    }
