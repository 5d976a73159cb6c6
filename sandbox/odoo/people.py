"""The users of the made-up database, their rights, companies and keys."""

import hashlib
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from attrs import define, field, frozen

DATABASE = "sandbox"
READER = "reader"

COMPANIES = (1, 2, 4, 7, 8)
ALL_COMPANIES = (*COMPANIES, 5)
"""Number 5 is archived; it stays among the companies of its users."""


class Role(StrEnum):
    READER = "reader"  # account.group_account_readonly
    BILLING = "billing"  # account.group_account_invoice
    SALES = "sales"  # customer invoices only, without any error
    NONE = "none"  # an internal user without accounting
    PORTAL = "portal"  # everything is empty, without any error


GROUPS: dict[Role, frozenset[str]] = {
    Role.READER: frozenset({"base.group_user", "account.group_account_readonly"}),
    Role.BILLING: frozenset({"base.group_user", "account.group_account_invoice"}),
    Role.SALES: frozenset({"base.group_user", "sales_team.group_sale_salesman_all_leads"}),
    Role.NONE: frozenset({"base.group_user"}),
    Role.PORTAL: frozenset({"base.group_portal"}),
}


def secret_of(name: str) -> str:
    """A key as Odoo makes them: 40 hexadecimal digits; the same in every sandbox."""
    return hashlib.sha1(f"sandbox odoo {name}".encode(), usedforsecurity=False).hexdigest()


@define
class Key:
    """``end`` None: endless. ``scope`` None or ``rpc`` may call; another may not."""

    id: int
    name: str
    secret: str
    scope: str | None = None
    end: datetime | None = None

    def usable(self, now: datetime) -> bool:
        return self.scope in {None, "rpc"} and (self.end is None or self.end > now)


@define
class User:
    id: int
    login: str
    name: str
    role: Role
    companies: tuple[int, ...] = ALL_COMPANIES
    keys: list[Key] = field(factory=list)
    lang: str = "en_US"

    @property
    def groups(self) -> frozenset[str]:
        return GROUPS[self.role]

    @property
    def default_company(self) -> int:
        return self.companies[0]


@frozen
class People:
    users: dict[int, User]

    def by_secret(self, secret: str, now: datetime) -> User | None:
        for user in self.users.values():
            if any(key.secret == secret and key.usable(now) for key in user.keys):
                return user
        return None

    def by_login(self, login: str) -> User | None:
        return next((user for user in self.users.values() if user.login == login), None)


def people_of(now: datetime) -> People:
    """The reader has three keys: an endless one, an ended one, and one of another scope."""
    users = [
        User(
            7,
            READER,
            "Lezer",
            Role.READER,
            keys=[
                Key(2, "monitr", secret_of(READER)),
                Key(8, "monitr", secret_of("reader_expired"), end=now - timedelta(days=2)),
                Key(9, "monitr", secret_of("reader_other_scope"), scope="odoo.plugin.outlook"),
            ],
        ),
        User(8, "readerbe", "Lezer van een bedrijf", Role.READER, companies=(2,)),
        User(9, "billing", "Facturatie", Role.BILLING),
        User(10, "noacc", "Zonder boekhouding", Role.NONE),
        User(11, "sales", "Verkoop", Role.SALES),
        User(12, "portal", "Klant", Role.PORTAL, companies=(1,)),
    ]
    for user in users[1:]:
        user.keys.append(Key(user.id + 20, "monitr", secret_of(user.login)))
    return People({user.id: user for user in users})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
