"""An open connection to Octopus: who signed in, which dossiers, their books and balances."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from adapters.providers.kit.calls import Kit
from adapters.providers.octopus import records, rows
from adapters.providers.octopus.bookmark import Bookmark, starting
from adapters.providers.octopus.contract import BALANCES, Balances
from adapters.providers.octopus.declaration import PROVIDER
from adapters.providers.octopus.pulling import Pull
from adapters.providers.octopus.reader import Reader
from core.domain.books import Batch
from core.domain.failures import FixSettings, ProviderDown, Wait
from core.domain.integration import Account, Administration
from core.domain.proof import ControlTotals
from core.ports.provider import Credentials, Health

PROBED_DOSSIERS_MAX: Final = 10
"""Up to so many dossiers are opened when they are listed, to tell which are closed to the user:
the list does not say, and opening one is allowed 150 times a day for all dossiers together."""

AMOUNTS_SECONDS_MAX: Final = 60
"""Balances a pull read at its very end are those of now for so long."""


class OctopusSource:
    """Implements core.ports.provider.Source."""

    def __init__(self, kit: Kit, credentials: Credentials) -> None:
        self._clock = kit.clock
        self._user = credentials.fields.get("user", "").strip()
        self._reader = Reader(kit, credentials)
        self._rows: list[rows.DossierRow] | None = None
        self._readings: dict[str, Balances] = {}
        self._amounts: dict[str, tuple[datetime, list[rows.AmountRow]]] = {}

    @property
    def calls(self) -> int:
        return self._reader.calls

    def close(self) -> None:
        self._reader.close()

    def health(self) -> Health:
        """One call. FixSettings for a user without any dossier.

        With OAuth nobody says who consented: the account is known by its oldest dossier.
        """
        found = [each for row in self._dossiers() if (each := records.administration(row))]
        if not found:
            raise FixSettings(
                f"This {PROVIDER} user has access to no dossier: give it access there, then "
                "connect again.",
                detail="dossiers is empty",
                code="no-administrations",
            )
        if self._user:
            return Health(account=Account(key=self._user.casefold(), name=self._user))
        oldest = min(found, key=lambda each: int(each.key))
        others = len(found) - 1
        name = oldest.name if not others else f"{oldest.name} and {others} more"
        return Health(account=Account(key=oldest.key, name=name))

    def administrations(self) -> Sequence[Administration]:
        """With what keeps a dossier from being opened, where there are few enough to try."""
        found = self._dossiers()
        is_probed = len(found) <= PROBED_DOSSIERS_MAX
        told = (
            records.administration(row, self._obstacle(row) if is_probed else None) for row in found
        )
        return tuple(each for each in told if each is not None)

    def pull(self, administration: Administration, bookmark: str | None) -> Iterator[Batch]:
        self._amounts.pop(administration.key, None)
        pull = self._pull(administration, starting(bookmark))
        for batch in pull.batches():
            if batch.last:
                if pull.at.balances is not None:
                    self._readings[administration.key] = pull.at.balances
                if pull.amounts is not None:
                    self._amounts[administration.key] = (self._clock.now(), pull.amounts)
            yield batch

    def control_totals(
        self, administration: Administration, *, whole: bool = False
    ) -> ControlTotals:
        """Always of every year: it is one call, or none right after a pull that had to ask."""
        read_at, told = self._amounts.pop(administration.key, (None, []))
        age = (
            AMOUNTS_SECONDS_MAX
            if read_at is None
            else (self._clock.now() - read_at).total_seconds()
        )
        if age >= AMOUNTS_SECONDS_MAX or whole:
            told = self._pull(administration, Bookmark()).read_amounts()
        reading = self._readings.get(administration.key, BALANCES)
        return ControlTotals(balances_e4=records.balances(told, reading))

    # -- within ------------------------------------------------------------------------------------

    def _pull(self, administration: Administration, at: Bookmark) -> Pull:
        return Pull(
            reader=self._reader,
            administration=administration,
            language=partial(self._language, administration.key),
            at=at,
            now=self._clock.now,
        )

    def _language(self, dossier: str) -> str | None:
        for row in self._dossiers():
            if row.dossier_key is not None and str(row.dossier_key.id) == dossier:
                return row.language_code
        return None

    def _dossiers(self) -> list[rows.DossierRow]:
        """Once per source: the list may be asked for 150 times a day."""
        if self._rows is None:
            self._rows = self._reader.dossiers()
        return self._rows

    def _obstacle(self, row: rows.DossierRow) -> str | None:
        if row.dossier_key is None:
            return None
        try:
            self._reader.open_dossier(str(row.dossier_key.id))
        except FixSettings as failure:
            return failure.sentence
        except (Wait, ProviderDown):
            return None  # the import will tell
        return None
