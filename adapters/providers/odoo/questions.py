"""Every question of the import, in one place: models, fields, filters, page sizes.

Fields are always named (without them a read-only user is refused) and every list is ordered by id
(the default orders are not stable for paging). All questions about a company are asked in that
company's context, or account codes are missing and other companies' rows come along.
"""

from collections.abc import Collection, Sequence
from typing import Final

from adapters.providers.odoo.rpc import Question
from adapters.providers.odoo.versions import Version

MOVES_PER_PAGE: Final = 500
MOVES_PER_PAGE_MIN: Final = 8
"""Pages are halved down to this when the server does not get a page done."""
MASTERS_PER_PAGE: Final = 2_000
IDS_PER_PAGE: Final = 50_000

READER_GROUPS: Final = ("account.group_account_readonly", "account.group_account_invoice")
"""One of them must be the user's own. Sales, purchase and portal users get part of the books with
HTTP 200, balanced and without any error, so no total ever finds it."""

OPTIONAL_FIELDS: Final = {
    "res.company": frozenset({"country_code", "active"}),
    "res.users": frozenset({"email"}),
    "res.users.apikeys": frozenset({"expiration_date"}),
    "account.account": frozenset({"active", "deprecated"}),
    "account.journal": frozenset({"active"}),
    "account.tax": frozenset({"active"}),
    "account.move": frozenset({"payment_reference", "amount_tax_signed", "amount_residual_signed"}),
    "account.move.line": frozenset({"sequence", "tax_ids"}),
    "res.partner": frozenset({"country_code", "customer_rank", "supplier_rank", "vat", "ref"}),
}
"""Fields that some version or set of modules may lack: left out when the server says so."""

_COMPANY: Final = (
    *("name", "parent_id", "currency_id", "country_code", "active"),
    "fiscalyear_lock_date",
)
_JOURNAL: Final = ("code", "name", "type", "active")
_TAX: Final = ("name", "type_tax_use", "amount_type", "amount", "active")
_PARTNER: Final = (
    *("name", "ref", "vat", "email", "city", "country_code"),
    *("customer_rank", "supplier_rank", "active"),
)
_MOVE: Final = (
    *("name", "date", "ref", "payment_reference", "journal_id", "move_type", "state"),
    *("commercial_partner_id", "currency_id", "invoice_date", "invoice_date_due"),
    *("amount_total_signed", "amount_tax_signed", "amount_residual_signed", "write_date"),
)
_LINE: Final = (
    *("account_id", "balance", "amount_currency", "currency_id", "partner_id", "name"),
    *("tax_line_id", "tax_ids", "sequence", "write_date"),
)


class Questions:
    """Questions to one server; ``lacking``, ``nested`` and ``group_of_ids`` follow what it says."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self.lacking: set[tuple[str, str]] = set()
        self.nested = version.reads_nested
        self.group_of_ids = version.has_group_takes_ids

    def fields(self, model: str, names: Collection[str]) -> list[str]:
        return [name for name in names if (model, name) not in self.lacking]

    # -- once per connection ---------------------------------------------------------------------

    def own_context(self) -> Question:
        """The smallest check of a key; brings the user's id."""
        return Question(model="res.users", method="context_get")

    def has_group(self, uid: int, group: str) -> Question:
        return Question(
            model="res.users",
            method="has_group",
            ids=(uid,) if self.group_of_ids else None,
            named={"group_ext_id": group},
        )

    def user(self, uid: int) -> Question:
        names = self.fields("res.users", ("login", "name", "email"))
        return Question(
            model="res.users", method="read", ids=(uid,), named={"fields": names, "load": None}
        )

    def api_keys(self) -> Question:
        names = self.fields("res.users.apikeys", ("name", "scope", "expiration_date"))
        return Question(
            model="res.users.apikeys",
            method="search_read",
            domain=[],
            named={"fields": names, "order": "id"},
        )

    def companies(self) -> Question:
        return Question(
            model="res.company",
            method="search_read",
            domain=[],
            named={"fields": self.fields("res.company", _COMPANY), "order": "id"},
            context={"active_test": False},
        )

    # -- masters ---------------------------------------------------------------------------------

    def accounts(self, company: int, after: int) -> Question:
        state = "active" if self.version.accounts_have_active else "deprecated"
        names = ("code", "name", "internal_group", state)
        return self._masters("account.account", names, company, [["id", ">", after]])

    def journals(self, company: int, after: int) -> Question:
        return self._masters("account.journal", _JOURNAL, company, [["id", ">", after]])

    def taxes(self, company: int, after: int) -> Question:
        return self._masters("account.tax", _TAX, company, [["id", ">", after]])

    def contacts(
        self, company: int, after: int, *, referred: Collection[int], since: str
    ) -> Question:
        """Customers, suppliers, and who else the books refer to; written since ``since``."""
        ranked: list[object] = ["|", ["customer_rank", ">", 0], ["supplier_rank", ">", 0]]
        if since:
            ranked = ["&", ["write_date", ">=", since], *ranked]
        wanted = ["|", ["id", "in", sorted(referred)], *ranked]
        return self._masters("res.partner", _PARTNER, company, [["id", ">", after], *wanted])

    def _masters(
        self, model: str, names: Collection[str], company: int, domain: Sequence[object]
    ) -> Question:
        return Question(
            model=model,
            method="search_read",
            domain=domain,
            named={
                "fields": self.fields(model, names),
                "order": "id",
                "limit": MASTERS_PER_PAGE,
                "load": None,
            },
            context=self._context(company, active_test=False),
        )

    def contact_ids(self, company: int, after: int) -> Question:
        return Question(
            model="res.partner",
            method="search",
            domain=[["id", ">", after]],
            named={"order": "id", "limit": IDS_PER_PAGE},
            context=self._context(company, active_test=False),
        )

    def referred_contacts(self, company: int) -> Question:
        """Contacts of posted lines that are neither customer nor supplier, a group each."""
        domain = [
            *_ledger(company),
            ["partner_id", "!=", False],
            ["partner_id.customer_rank", "=", 0],
            ["partner_id.supplier_rank", "=", 0],
        ]
        return self._groups(company, domain, by=["partner_id"], of=[])

    # -- entries ---------------------------------------------------------------------------------

    def extent(self, company: int) -> Question:
        """How many posted lines there are and when the newest was written, before reading them."""
        return self._groups(company, _ledger(company), by=[], of=["write_date:max"])

    def posted_moves(self, company: int, after: int, limit: int) -> Question:
        domain = [["company_id", "=", company], ["state", "=", "posted"], ["id", ">", after]]
        return self._moves(company, domain, limit)

    def moves(self, company: int, ids: Sequence[int]) -> Question:
        """Those moves in any state, with all their lines."""
        domain = [["company_id", "=", company], ["id", "in", list(ids)]]
        return self._moves(company, domain, len(ids))

    def _moves(self, company: int, domain: Sequence[object], limit: int) -> Question:
        moves = self.fields("account.move", _MOVE)
        if not self.nested:
            return Question(
                model="account.move",
                method="search_read",
                domain=domain,
                named={"fields": moves, "order": "id", "limit": limit},
                context=self._context(company),
                heavy=True,
            )
        lines: dict[str, object] = {
            name: {} for name in self.fields("account.move.line", _LINE)
        } | {"currency_id": {"fields": {"name": {}}}}
        specification: dict[str, object] = {name: {} for name in moves}
        specification |= {
            "currency_id": {"fields": {"name": {}}},
            "line_ids": {"fields": lines},
        }
        return Question(
            model="account.move",
            method="web_search_read",
            domain=domain,
            named={
                "specification": specification,
                "order": "id",
                "limit": limit,
                "count_limit": 1,
            },
            context=self._context(company),
            heavy=True,
        )

    def lines_of(self, company: int, ids: Sequence[int]) -> Question:
        """All lines of those moves, for servers (16 and older) that do not read nested."""
        return Question(
            model="account.move.line",
            method="search_read",
            domain=[["company_id", "=", company], ["move_id", "in", list(ids)]],
            named={
                "fields": self.fields("account.move.line", (*_LINE, "move_id")),
                "order": "id",
            },
            context=self._context(company),
            heavy=True,
        )

    def written_moves(self, company: int, since: str, after: int) -> Question:
        return Question(
            model="account.move",
            method="search_read",
            domain=[
                ["company_id", "=", company],
                ["write_date", ">=", since],
                ["id", ">", after],
            ],
            named={"fields": ["write_date"], "order": "id", "limit": IDS_PER_PAGE, "load": None},
            context=self._context(company),
        )

    def written_lines(self, company: int, since: str) -> Question:
        """Moves of which a line was written: changing the account of a posted line moves the
        line's ``write_date`` only.
        """
        domain = [["company_id", "=", company], ["write_date", ">=", since]]
        return self._groups(company, domain, by=["move_id"], of=["write_date:max"])

    def posted_ids(self, company: int, after: int) -> Question:
        return Question(
            model="account.move",
            method="search",
            domain=[["company_id", "=", company], ["state", "=", "posted"], ["id", ">", after]],
            named={"order": "id", "limit": IDS_PER_PAGE},
            context=self._context(company),
        )

    def balances(self, company: int) -> Question:
        by = ["account_id", "date:month"]
        return self._groups(company, _ledger(company), by=by, of=["balance:sum"])

    # -- shapes ----------------------------------------------------------------------------------

    def _groups(
        self, company: int, domain: Sequence[object], *, by: list[str], of: list[str]
    ) -> Question:
        named: dict[str, object]
        if self.version.has_formatted_groups:
            method = "formatted_read_group"
            aggregates = of if by else [*of, "__count"]
            named = {"groupby": by, "aggregates": aggregates}
        else:
            method = "read_group"
            # ``balance:sum`` is the field's own way of adding up; named, its key is the bare field.
            named = {"fields": of or ["id:max"], "groupby": by, "lazy": False}
        return Question(
            model="account.move.line",
            method=method,
            domain=domain,
            named=named,
            context=self._context(company),
        )

    def _context(self, company: int, **more: object) -> dict[str, object]:
        return {"allowed_company_ids": [company], **more}


def _ledger(company: int) -> list[object]:
    """Posted lines with an account: what the ledger is. The rest are drafts and rows of text."""
    return [
        ["company_id", "=", company],
        ["parent_state", "=", "posted"],
        ["account_id", "!=", False],
    ]
