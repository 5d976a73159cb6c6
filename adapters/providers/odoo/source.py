"""An open connection to one Odoo database as one user."""

from collections.abc import Iterator, Sequence
from functools import partial

from attrs import evolve

from adapters.providers.kit.calls import Kit
from adapters.providers.odoo import decoding
from adapters.providers.odoo.bookmark import Bookmark
from adapters.providers.odoo.connecting import Access, open_session
from adapters.providers.odoo.errors import TABLE
from adapters.providers.odoo.keys import end_of_key, warnings_of
from adapters.providers.odoo.pulling import Pull
from adapters.providers.odoo.rows import BalanceGroup, CompanyRow, KeyRow, UserRow, text_of
from adapters.providers.odoo.rpc import OdooTransport
from adapters.providers.odoo.session import Session
from core.domain.books import Batch
from core.domain.integration import Account, Administration
from core.domain.proof import ControlTotals
from core.ports.provider import Health


class OdooSource:
    """Implements core.ports.provider.Source."""

    def __init__(self, kit: Kit, access: Access) -> None:
        self._clock = kit.clock
        self._access = access
        self._transport = OdooTransport(kit, TABLE)
        self._opened: Session | None = None

    @property
    def calls(self) -> int:
        return self._transport.calls

    def close(self) -> None:
        self._transport.close()

    def health(self) -> Health:
        session = self._session()
        session.require_rights()
        questions = session.questions
        users = session.ask(partial(questions.user, session.uid), tuple[UserRow, ...])
        keys: tuple[KeyRow, ...] = ()
        if questions.version.keys_expire:
            keys = session.ask(questions.api_keys, tuple[KeyRow, ...])
        now = self._clock.now()
        end = end_of_key(keys, self._access.key_name, now)
        return Health(
            account=self._account(session, users[0] if users else None),
            expires_at=end,
            warnings=warnings_of(end, now),
        )

    def administrations(self) -> Sequence[Administration]:
        session = self._session()
        rows = session.ask(session.questions.companies, tuple[CompanyRow, ...])
        return [decoding.administration(row) for row in rows]

    def pull(self, administration: Administration, bookmark: str | None) -> Iterator[Batch]:
        session = self._session()
        # Rights are taken away silently: the answers would go on, with part of the books.
        session.require_rights()
        place = f"{session.database}/{administration.key}"
        pull = Pull(
            session=session,
            company=int(administration.key),
            currency=administration.currency,
            mark=Bookmark.parse(bookmark, place),
            clock=self._clock,
        )
        yield from pull.run()

    def control_totals(
        self,
        administration: Administration,
        *,
        whole: bool = False,  # noqa: ARG002 - the port's; see below
    ) -> ControlTotals:
        """Always of every year: it is one call."""
        session = self._session()
        ask = partial(session.questions.balances, int(administration.key))
        return decoding.control_totals(session.ask(ask, tuple[BalanceGroup, ...]))

    def _session(self) -> Session:
        if self._opened is None:
            self._opened = open_session(self._transport, self._access)
            self._access = evolve(self._access, database=self._opened.database)
        return self._opened

    def _account(self, session: Session, user: UserRow | None) -> Account:
        """The database is the account: another reader's key of the same database fits as well."""
        who = None if user is None else text_of(user.name) or user.login
        return Account(
            key=f"{session.origin}/{session.database}",
            name=f"{session.database} at {self._access.host}" + (f" ({who})" if who else ""),
            email=None if user is None else text_of(user.email),
        )
