"""What is known of Minox' answers, as a table: members, their types, and enumerations.

No official schema is public. These are facts of a Go client in use (omniboost/go-minox, 22c635e),
whose comments come from the vendor's own documentation; it decodes strictly, so a member of
another type would break it. They are a copy of facts, made without looking at our adapter.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

Kind: TypeAlias = "str | Mapping[str, Kind] | list[Kind]"
"""``int``, ``number``, ``text``, ``flag``, ``day``, an object by member, or a list of one kind."""

CURRENCY: Final[Mapping[str, Kind]] = {"id": "text", "exchange_rate": "int", "description": "text"}

ACCOUNT: Final[Mapping[str, Kind]] = {
    "id": "text",
    "scheme": "text",
    "type": "text",
    "description": "text",
}

ADMINISTRATION: Final[Mapping[str, Kind]] = {
    "id": "int",
    "name": "text",
    "number_of_periods": "int",
    "vat_on_sub": "flag",
    "currency": CURRENCY,
    "chamber_of_commerce": "text",
    "country_code": "text",
    "fiscal_years": [
        {
            "number_of_periods": "int",
            "fiscal_year": "int",
            "start_date": "day",
            "end_date": "day",
        }
    ],
    "ledger_accounts": {"profit_loss": ACCOUNT},
}

VAT: Final[Mapping[str, Kind]] = {
    "id": "int",
    "type": "text",
    "percentage": "int",
    "account_id": "text",
    "description": "text",
    "amount": "int",
}

LEDGER_ACCOUNT: Final[Mapping[str, Kind]] = {
    "id": "int",
    "description": "text",
    "isBalance": "flag",
    "debit_credit_suggestion": "text",
    "aggregate_transactions": "flag",
    "blocked": {"active": "flag", "reason": "text"},
    "rgs": [
        {
            "reference_code": "text",
            "order": "text",
            "reference_number": "text",
            "description": "text",
            "description_short": "text",
            "debit_credit": "text",
            "level": "int",
            "filters": {"ZZP": "flag", "AFREK": "flag"},
        }
    ],
}

JOURNAL: Final[Mapping[str, Kind]] = {
    "id": "text",
    "description": "text",
    "type": "text",
    "ledger_account_id": "int",
    "iban": "text",
    "allow_linking_of_documents": "flag",
}

LINE: Final[Mapping[str, Kind]] = {
    "id": "text",
    "batch_id": "text",
    "account": ACCOUNT,
    "debit": "number",
    "credit": "number",
    "document_date": "day",
    "due_date": "day",
    "entry_number": "int",
    "invoice_number": "int",
    "description": "text",
    "journal": {
        "id": "text",
        "description": "text",
        "type": "text",
        "line_number": "int",
        "page_number": "int",
    },
    "period": {"id": "int", "fiscal_year": "int", "description": "text"},
    "currency": CURRENCY,
    "vat": VAT,
}
NOT_ALWAYS: Final = frozenset({"due_date", "vat", "iban", "ledger_account_id", "account_id"})
"""Members that may be absent. Any member may be null: the client's language reads that as empty."""

ACCOUNT_TYPES: Final = frozenset({"ledger_account", "supplier", "customer"})
SCHEMES: Final = frozenset({"MINOX"})
PERIODS_OF_A_YEAR: Final = frozenset({1, 4, 12, 13})
SUGGESTIONS: Final = frozenset({"debet", "credit", "none"})
VAT_TYPES: Final = frozenset(
    {
        "Af te dragen (1a, 1b)",
        "Te vorderen (5b)",
        "Verlegd binnenland - levering (1e)",
        "Verlegd binnenland - verwerving (2a)",
        "Verlegd buiten EU - levering (3a)",
        "Verlegd binnen EU - levering (3b)",
        "Verlegd buiten EU - verwerving (4a)",
        "Verlegd binnen EU - verwerving (4b)",
        "Afstandsverkopen binnen de EU (3c)",
        "Diensten binnen de EU (ICP)",
    }
)
