"""SqlStorage: units of work on one transaction each."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlmodel import Session

from adapters.storage.sql.access import SqlApiTokens, SqlRepeats
from adapters.storage.sql.books import SqlBooks
from adapters.storage.sql.building import BookStatements
from adapters.storage.sql.connections import SqlIntegrations, SqlOrganisations
from adapters.storage.sql.dialect import WRITERS_KEPT, WRITING, driver_of, open_engine
from adapters.storage.sql.entities import SqlEntities
from adapters.storage.sql.errors import failure_of
from adapters.storage.sql.events import SqlActivity, SqlSlots
from adapters.storage.sql.folding import Folding
from adapters.storage.sql.opening import bring_up_to_date
from adapters.storage.sql.pacing import Pace, Stopwatch
from adapters.storage.sql.runs import SqlRuns
from adapters.storage.sql.small import (
    SqlLeases,
    SqlOAuthAttempts,
    SqlSecrets,
    SqlSettings,
    SqlTokens,
)
from adapters.storage.sql.stamps import Stamps
from adapters.storage.sql.uploads import SqlUploads
from core.domain.failures import OurBug
from core.ports.access import ApiTokens, Repeats
from core.ports.connections import OAuthAttempts, Secrets, Tokens
from core.ports.files import Uploads
from core.ports.storage import (
    Activity,
    Entities,
    Integrations,
    Leases,
    Organisations,
    Runs,
    Settings,
    Slots,
)


class SqlUnit:
    """Implements core.ports.storage.UnitOfWork on one connection and transaction."""

    def __init__(
        self,
        connection: Connection,
        session: Session,
        statements: BookStatements,
        committed: Callable[[int], None] | None,
    ) -> None:
        """``committed`` is told how many records were applied; None: this unit only reads."""
        self._session = session
        self._committed = committed
        self.organisations: Organisations = SqlOrganisations(session)
        self.integrations: Integrations = SqlIntegrations(session)
        self.entities: Entities = SqlEntities(session)
        self.runs: Runs = SqlRuns(session)
        self.slots: Slots = SqlSlots(session)
        self.activity: Activity = SqlActivity(session)
        self.secrets: Secrets = SqlSecrets(session)
        self.tokens: Tokens = SqlTokens(session)
        self.oauth_attempts: OAuthAttempts = SqlOAuthAttempts(session)
        self.leases: Leases = SqlLeases(session)
        self.settings: Settings = SqlSettings(session)
        self.api_tokens: ApiTokens = SqlApiTokens(session)
        self.repeats: Repeats = SqlRepeats(session)
        self.uploads: Uploads = SqlUploads(session)
        self.books: SqlBooks = SqlBooks(connection, statements)

    def commit(self) -> None:
        if self._committed is None:
            raise OurBug("A reading unit of work was committed: report this.", code="read-only")
        self._session.commit()
        self._committed(self.books.forget())


class SqlStorage:
    """Implements core.ports.storage.Storage on a SQLite file; safe under threads and processes.

    Opening creates the file or brings it up to date. FixSettings: ``storage-newer`` (a newer
    version wrote it; untouched), ``storage-damaged``, ``storage-readonly``, ``storage-full``,
    ``storage-unreachable``. TryAgain: ``storage-locked``.
    """

    def __init__(self, url_or_path: str | Path) -> None:
        self.engine = open_engine(url_or_path)
        try:
            bring_up_to_date(self.engine)
        except BaseException:
            self.engine.dispose()
            raise
        self.writers = open_engine(url_or_path, kept=WRITERS_KEPT)
        """Of the units that write; ``engine`` is of those that read."""
        self._pace = Pace()
        self._folding = Folding(str(self.engine.url.database))
        self._statements = BookStatements(self.engine, self._pace)
        self._stamps = Stamps(self.engine)

    def reading(self) -> AbstractContextManager[SqlUnit]:
        return self._unit(writing=False)

    def writing(self) -> AbstractContextManager[SqlUnit]:
        return self._unit(writing=True)

    @contextmanager
    def _unit(self, *, writing: bool) -> Iterator[SqlUnit]:
        try:
            connection = (self.writers if writing else self.engine).connect()
        except PoolTimeoutError as error:
            raise failure_of(error) or error from error
        with connection:
            connection = connection.execution_options(**{WRITING: writing})
            connection.begin()
            held = Stopwatch()
            driver = driver_of(connection)
            changes = driver.total_changes

            def committed(records: int) -> None:
                nonlocal changes
                self._pace.learn(records, held.seconds)
                self._folding.wrote(driver.total_changes - changes)
                changes = driver.total_changes

            # The session joins this one transaction and ends it: commit is a decision of the unit.
            with Session(
                connection,
                autoflush=False,
                expire_on_commit=False,
                join_transaction_mode="control_fully",
            ) as session:
                session.connection()  # joins now; commit would else pass by what books wrote
                told = committed if writing else None
                yield SqlUnit(connection, session, self._statements, told)
        if writing:
            self._folding.fold_if_due()

    def stamp(self) -> int | None:
        """Implements core.ports.stamps.Stamped; None for anything but a SQLite file."""
        return self._stamps.stamp()

    def close(self) -> None:
        self._stamps.close()
        self._folding.close()
        self.writers.dispose()
        self.engine.dispose()
