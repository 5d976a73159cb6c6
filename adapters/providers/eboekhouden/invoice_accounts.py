"""On which account a payment is, where its rows do not say so and there are several it may be."""

from collections.abc import Callable

from attrs import define, evolve, field

from adapters.providers.eboekhouden.chart import Chart
from adapters.providers.eboekhouden.documents import Kind, Mutation, Row
from adapters.providers.eboekhouden.posting import OWN_ACCOUNT

_INVOICE_OF = {Kind.RECEIVED: Kind.SOLD, Kind.PAID: Kind.BOUGHT}


@define
class InvoiceAccounts:
    """``ask``: the main accounts of the invoices of a type and number. Asked once per number."""

    ask: Callable[[int, str], set[int]]
    _known: dict[tuple[int, str], str | None] = field(factory=dict, init=False)

    def filled_in(self, mutation: Mutation, chart: Chart) -> Mutation:
        """Rows without an account get that of their invoice, else the one of the other rows; what
        nobody tells is left open, and then the only or first account of its category is taken.
        """
        category = OWN_ACCOUNT.get(mutation.kind)
        if category is None or chart.count(category) <= 1:
            return mutation
        if all(row.account_key is not None for row in mutation.rows):
            return mutation
        keys = [row.account_key or self._of_invoice(mutation, row) for row in mutation.rows]
        told = {key for key in keys if key is not None}
        other = told.pop() if len(told) == 1 else None
        rows = tuple(
            evolve(row, account_key=key or other)
            for row, key in zip(mutation.rows, keys, strict=True)
        )
        return evolve(mutation, rows=rows)

    def _of_invoice(self, mutation: Mutation, row: Row) -> str | None:
        if row.invoice_number is None:
            return None
        key = (_INVOICE_OF[Kind(mutation.kind)], row.invoice_number)
        if key not in self._known:
            found = self.ask(*key)
            # Of two relations with invoices of one number nobody says which is meant.
            self._known[key] = str(found.pop()) if len(found) == 1 else None
        return self._known[key]
