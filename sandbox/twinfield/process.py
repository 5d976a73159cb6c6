"""``list`` and ``read``: offices, dimensions in bulk, VAT codes. Inner documents as text."""

from xml.etree.ElementTree import Element

from sandbox.identity import Kind
from sandbox.records import Account, Contact, TaxCode, TaxKind
from sandbox.twinfield.markup import Refused, element, text_of
from sandbox.twinfield.office import Office

_TYPES = {"BAS": "Balance", "PNL": "Profit and loss", "DEB": "Customers", "CRD": "Suppliers"}
_STAMP = "20240102030405"


def listed_offices(offices: list[Office]) -> str:
    rows = "".join(
        element("office", one.code, name=one.name, shortname=one.name[:20]) for one in offices
    )
    return f'<offices result="1" xmlns="">{rows}</offices>'


def read(office: Office, asked: Element, closed: frozenset[str]) -> str:
    """A ``read`` of an office; ``closed`` are office codes whose details are refused.

    Other types, and other roots than ``read``, are not imitated.
    """
    kind = text_of(asked, "type")
    if kind == "office":
        return _office(office, text_of(asked, "code"), closed)
    if kind == "dimensions":
        return _dimensions(office, text_of(asked, "dimtype"))
    if kind == "vat":
        return _vat(office, text_of(asked, "code"))
    raise Refused("Type niet geïmplementeerd.")


def _office(office: Office, code: str, closed: frozenset[str]) -> str:
    if code != office.code or code in closed:
        raise Refused("U heeft geen toegang tot deze administratie.")
    company = office.company
    general = "".join(
        (
            element("basecurrency", company.currency),
            element("reportingcurrency", company.currency),
            element("vatnumber", company.vat_number),
            element("cocnumber", company.registration),
            "<address>",
            element("country", company.country),
            element("city", company.city),
            "</address>",
        )
    )
    return (
        f'<office result="1" status="active" xmlns="">{element("code", code)}'
        f"{element('name', office.name)}{element('shortname', office.name[:20])}"
        f"{element('created', _STAMP)}{element('modified', _STAMP)}<general>{general}</general>"
        "</office>"
    )


def _dimensions(office: Office, dimension_type: str) -> str:
    if dimension_type not in _TYPES:
        raise Refused("Dimensietype onbekend.")
    if dimension_type in {"BAS", "PNL"}:
        rows = [_account(office, one, dimension_type) for one in office.accounts(dimension_type)]
    else:
        rows = [_contact(office, one, dimension_type) for one in office.contacts(dimension_type)]
    rows.append(_pseudo(dimension_type))
    return f'<dimensions result="1" xmlns="">{"".join(rows)}</dimensions>'


def _pseudo(dimension_type: str) -> str:
    """The type itself closes the list, as if it were one of its members."""
    return (
        f'<dimension status="active">{_typed(dimension_type)}{element("code", dimension_type)}'
        f"{element('name', _TYPES[dimension_type])}</dimension>"
    )


def _typed(dimension_type: str) -> str:
    return element("type", dimension_type, name=_TYPES[dimension_type])


def _account(office: Office, account: Account, dimension_type: str) -> str:
    trade = account.code in {office.control_code("DEB"), office.control_code("CRD")}
    match = "customersupplier" if trade else "notmatchable"
    statement = "balance" if dimension_type == "BAS" else "profitandloss"
    return (
        f'<dimension status="active">{_typed(dimension_type)}'
        f"<code>\n {account.code}\n</code>"  # padded in one recording
        f"{element('uid', office.guid(Kind.ACCOUNT, account.serial))}"
        f"{element('name', account.name)}{element('shortname')}{element('inuse', 'true')}"
        f"{element('behaviour', 'normal')}{element('modified', _STAMP)}"
        f"<financials>{element('matchtype', match)}{element('accounttype', statement)}"
        f"{element('subanalyse', 'false')}</financials></dimension>"
    )


def _contact(office: Office, contact: Contact, dimension_type: str) -> str:
    control = office.control_code(dimension_type)
    address = "".join(
        (
            element("name", contact.name),
            element("country", contact.country, name=contact.country),
            element("city", contact.city),
            element("postcode", contact.postcode),
            element("telephone"),
            element("email", contact.email),
            element("field1"),
            element("field2", contact.street),
            element("field4", contact.vat_number or ""),
        )
    )
    return (
        f'<dimension status="active">{_typed(dimension_type)}{element("code", contact.number)}'
        f"{element('uid', office.guid(Kind.CONTACT, contact.serial))}"
        f"{element('name', contact.name)}{element('shortname')}{element('vatnumber')}"
        f"{element('behaviour', 'normal')}"
        f"<financials>{element('matchtype', 'customersupplier')}{element('accounttype', 'inherit')}"
        f"{element('substitutewith', control, dimensiontype='BAS')}</financials>"
        f'<addresses><address id="1" type="invoice" default="true">{address}</address></addresses>'
        "</dimension>"
    )


def _vat(office: Office, code: str) -> str:
    found = next((one for one in office.books.tax_codes if one.code == code), None)
    if found is None:
        raise Refused(f"Btw-code {code} bestaat niet.")
    use = "sales" if found.kind in {TaxKind.SALES, TaxKind.NONE} else "purchase"
    return (
        f'<vat result="1" xmlns="">{element("code", code)}{element("name", found.name)}'
        f"{element('shortname')}{element('type', use)}<percentages>{_rates(found)}</percentages>"
        "</vat>"
    )


def _rates(tax: TaxCode) -> str:
    """The rate of today, and one of before that no longer counts."""
    points = (("20120101", tax.basis_points), ("20000101", 1_900))
    return "".join(
        f"<percentage>{element('date', day)}"
        f"{element('percentage', f'{value / 100:.9f}')}{element('name', 'BTW')}</percentage>"
        for day, value in points
    )
