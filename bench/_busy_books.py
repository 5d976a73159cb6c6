"""Made-up books that are hard to search, and filters that are hard to answer in them.

Unlike a tidy stream by date: a year comes journal by journal with keys like GUIDs, journals and
accounts differ in size by thousands, some never meet though both are large, one journal exists only
in the last months, one contact has a twentieth of everything, and texts are of many words.
"""

import datetime as dt
import random
from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final

from attrs import frozen

from core.domain.books import (
    AccountClass,
    Batch,
    Everything,
    JournalEntry,
    JournalLine,
    LedgerAccount,
    Record,
    RecordKind,
    Statement,
)
from core.ports.books import LineFilter

ENTRIES_PER_BATCH: Final = 250
LINES_PER_ENTRY: Final = 4
YEARS: Final = (2021, 2022, 2023, 2024, 2025)
ACCOUNTS: Final = 200
CONTACTS: Final = 2_000
BANK, DEBTORS, VAT, CREDITORS = "acc-11", "acc-13", "acc-15", "acc-16"
AMOUNTS_E4: Final = (121_0000, -100_0000, -21_0000, 0)
LATE_FROM: Final = dt.date(2025, 9, 1)
SYLLABLES: Final = "an be cor da el fi gra hol in ja ka lo mer no oot pi ro sta ti ur ver win zee"
WORDS: Final = 400


@frozen
class Kind:
    """A journal: its share of the entries, and the accounts of an entry's lines."""

    key: str
    share: float
    accounts: tuple[str | range, ...]
    text: str


KINDS: Final = (
    Kind("sales", 0.4, (DEBTORS, range(80, 100), VAT, range(80, 100)), "Invoice {number} {words}"),
    Kind("purchase", 0.25, (CREDITORS, range(40, 80), VAT, range(40, 80)), "{words}"),
    Kind("bank", 0.3, (BANK, DEBTORS, CREDITORS, BANK), "Payment {date} ref {number} {words}"),
    Kind("memo", 0.04, (range(20, 40),) * 4, "{words}"),
    Kind("late", 0.0099, (BANK, range(40, 80), VAT, range(1, 9)), "Zettle {number}"),
    Kind("rare", 0.0001, (range(1, 9),) * 4, "Depreciation Q{quarter}"),
)


def accounts() -> Batch:
    return Batch(
        bookmark="accounts",
        records=tuple(
            LedgerAccount(
                key=f"acc-{number}",
                code=f"{number:04d}",
                name=f"Account {number}",
                account_class=AccountClass.EXPENSE,
                statement=Statement.PROFIT_AND_LOSS,
            )
            for number in range(ACCOUNTS)
        ),
        coverage=(Everything(kind=RecordKind.ACCOUNT),),
    )


class BusyBooks:
    """So many lines; the same every time."""

    def __init__(self, lines: int) -> None:
        self._entries = max(lines // LINES_PER_ENTRY, len(YEARS) * len(KINDS))
        self._random = random.Random(7)
        syllables = SYLLABLES.split()
        self._words = [
            "".join(self._random.choices(syllables, k=self._random.randint(1, 4)))
            for _ in range(WORDS)
        ]

    def batches(self) -> Iterator[Batch]:
        records: list[Record] = []
        number = 0
        for year in YEARS:
            for kind in KINDS:
                count = max(int(self._entries * kind.share / len(YEARS)), 1)
                if kind.key == "late":
                    count = count * len(YEARS) if year == YEARS[-1] else 0
                for at in range(count):
                    records += self._entry(kind, number, self._date(kind, year, at, count))
                    number += 1
                    if number % ENTRIES_PER_BATCH == 0:
                        yield Batch(bookmark=str(number), records=tuple(records))
                        records = []
        yield Batch(bookmark=str(number), records=tuple(records))

    @staticmethod
    def _date(kind: Kind, year: int, at: int, count: int) -> dt.date:
        first = LATE_FROM if kind.key == "late" else dt.date(year, 1, 1)
        days = (dt.date(year, 12, 31) - first).days + 1
        return first + dt.timedelta(days=at * days // count)

    def _key(self) -> str:
        return f"{self._random.getrandbits(128):032x}"

    def _account(self, wanted: str | range) -> str:
        return wanted if isinstance(wanted, str) else f"acc-{self._random.choice(wanted)}"

    def _entry(self, kind: Kind, number: int, date: dt.date) -> list[Record]:
        words = " ".join(self._random.choices(self._words, k=self._random.randint(2, 4)))
        text = kind.text.format(
            number=f"{date.year}{number:07d}",
            date=date.strftime("%Y%m%d"),
            quarter=(date.month + 2) // 3,
            words=words,
        )
        contact = "contact-0" if number % 20 == 0 else f"contact-{number % CONTACTS}"
        entry = JournalEntry(
            key=self._key(),
            number=f"{kind.key[0].upper()}{number:07d}",
            journal_key=kind.key,
            date=date,
            year=date.year,
            period=date.month,
            description=words if number % 3 == 0 else None,
        )
        records: list[Record] = [entry]
        for position, (wanted, amount_e4) in enumerate(zip(kind.accounts, AMOUNTS_E4, strict=True)):
            records.append(
                JournalLine(
                    key=self._key(),
                    entry_key=entry.key,
                    position=position,
                    account_key=self._account(wanted),
                    date=date,
                    year=date.year,
                    period=date.month,
                    amount_e4=amount_e4,
                    contact_key=contact if wanted in {DEBTORS, CREDITORS} else None,
                    description=text,
                )
            )
        return records

    def words(self) -> tuple[str, str]:
        """A word that many texts have, and two that come together in few."""
        return self._words[0], f"{self._words[1]} {self._words[2]} {self._words[3]}"


def filters(books: BusyBooks, entry_key: str) -> dict[str, LineFilter]:
    """Each condition a person can set, at values that are common, rare and absent; every two of
    them that can be set together; and some of three.
    """
    day = dt.date
    common, rare = books.words()
    values: dict[str, dict[str, dict[str, Any]]] = {
        "account": {
            "busy": {"account_key": DEBTORS},
            "some": {"account_key": "acc-85"},
            "rare": {"account_key": "acc-7"},
            "absent": {"account_key": "acc-none"},
        },
        "journal": {
            "busy": {"journal_key": "sales"},
            "other": {"journal_key": "bank"},
            "late": {"journal_key": "late"},
            "rare": {"journal_key": "rare"},
            "absent": {"journal_key": "none"},
        },
        "contact": {
            "busy": {"contact_key": "contact-0"},
            "some": {"contact_key": "contact-777"},
            "absent": {"contact_key": "contact-none"},
        },
        "entry": {"one": {"entry_key": entry_key}},
        "month": {
            "middle": {"year": 2023, "period": 6},
            "last": {"year": 2025, "period": 12},
            "absent": {"year": 2025, "period": 13},
        },
        "year": {"last": {"year": 2025}, "absent": {"year": 2031}},
        "period": {"december": {"period": 12}},
        "dates": {
            "from": {"date_from": day(2025, 3, 1)},
            "to": {"date_to": day(2021, 3, 1)},
            "month": {"date_from": day(2024, 5, 1), "date_to": day(2024, 5, 31)},
        },
        "text": {
            "common": {"text": "invoice"},
            "word": {"text": common},
            "phrase": {"text": rare},
            "number": {"text": f"{2024}00"},
            "one": {"text": "S0012345"},
            "late": {"text": "zettle"},
            "absent": {"text": "credit note"},
            "short": {"text": "ze"},
            "letter": {"text": "e"},
            "short_absent": {"text": "q"},
            "accented": {"text": "é"},
        },
    }
    single = [(name, how, fields) for name, all_ in values.items() for how, fields in all_.items()]
    found = {"all": LineFilter()}
    for count in (1, 2):
        for some in combinations(single, count):
            fields = {key: value for _, _, one in some for key, value in one.items()}
            if len(fields) == sum(len(one) for _, _, one in some):
                name = "+".join(f"{name}_{how}" for name, how, _ in some)
                found[name] = LineFilter(**fields)
    for name, text in (("text_common", "invoice"), ("text_letter", "e"), ("text_one", "S0012345")):
        for account_key, journal_key in (
            (DEBTORS, "purchase"),
            (BANK, "late"),
            ("acc-85", "sales"),
        ):
            found[f"{account_key}+{journal_key}+{name}"] = LineFilter(
                account_key=account_key,
                journal_key=journal_key,
                text=text,
                date_from=day(2022, 2, 1),
            )
    return found
