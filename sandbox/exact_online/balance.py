"""``financial/ReportingBalance``: what moved, grouped the way Exact groups it."""

from attrs import frozen

from sandbox.exact_online.line_fields import ENTRY_TYPES, status
from sandbox.exact_online.master_fields import Fields
from sandbox.exact_online.odata import number
from sandbox.exact_online.view import UNSET, View
from sandbox.identity import Kind
from sandbox.records import Account


@frozen
class Group:
    """One row: year, period, ledger account, type and status; no cost centres in these books."""

    serial: int
    account: Account
    year: int
    period: int
    type: int
    status: int
    debit_cents: int
    credit_cents: int
    lines: int


def groups_of(view: View) -> list[Group]:
    """All rows of a division, by year, period and account. Groups without lines do not exist."""
    cells = [
        (
            key.year,
            key.period,
            view.books.accounts[key.account].code,
            ENTRY_TYPES[key.kind],
            status(processed=key.processed),
            key,
        )
        for key, cell in view.books.balances.items()
        if cell.lines
    ]
    cells.sort(key=lambda item: item[:5])
    return [
        Group(
            serial=serial,
            account=view.books.accounts[key.account],
            year=year,
            period=period,
            type=kind,
            status=state,
            debit_cents=view.books.balances[key].debit_cents,
            credit_cents=view.books.balances[key].credit_cents,
            lines=view.books.balances[key].lines,
        )
        for serial, (year, period, _, kind, state, key) in enumerate(cells)
    ]


BALANCE_FIELDS: Fields[Group] = {
    "ID": lambda _, group: str(group.serial + 1),
    "Amount": lambda _, group: number(group.debit_cents - group.credit_cents),
    "AmountDebit": lambda _, group: number(group.debit_cents),
    "AmountCredit": lambda _, group: number(group.credit_cents),  # sign assumed: positive
    "BalanceType": lambda _, group: "B" if group.account.balance_sheet else "W",
    "GLAccount": lambda view, group: view.known_guid(Kind.ACCOUNT, group.account.serial),
    "GLAccountCode": lambda _, group: group.account.code,
    "GLAccountDescription": lambda _, group: group.account.name,
    "ReportingYear": lambda _, group: group.year,
    "ReportingPeriod": lambda _, group: group.period,
    "Status": lambda _, group: group.status,
    "Type": lambda _, group: group.type,
    "Count": lambda _, group: group.lines,  # assumed: counts lines
    "CostCenterCode": UNSET,
    "CostCenterDescription": UNSET,
    "CostUnitCode": UNSET,
    "CostUnitDescription": UNSET,
    "Division": lambda view, _: view.code,
}
