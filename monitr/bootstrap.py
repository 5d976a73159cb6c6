"""Builds a running Monitr from settings: every adapter is chosen here and nowhere else."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

from attrs import frozen

from adapters.environment import RandomIds, SystemClock
from adapters.files.confirmed import StoredUploads
from adapters.files.shelf import DiskShelf
from adapters.providers.csv_import.provider import CsvImport, FilesKit
from adapters.providers.kit.calls import Kit
from adapters.providers.kit.reaching import reach_from
from adapters.scheduler.queue import FILE_NAME as QUEUE_FILE_NAME
from adapters.scheduler.queue import HueyDoorbell
from adapters.storage.budgets import FILE_NAME as BUDGETS_FILE_NAME
from adapters.storage.budgets import SqlBudgets
from adapters.storage.sql import SqlStorage
from adapters.storage.vault import AesGcmVault, vault_from
from core.ports.environment import Doorbell
from core.ports.provider import Provider, Providers
from core.services.ports import Ports
from core.services.services import Services
from monitr.settings import Settings, prepared

DATABASE_FILE_NAME = "monitr.sqlite3"
UPLOADS_FOLDER_NAME = "uploads"


@frozen(kw_only=True)
class Monitr:
    """One process' view of a data directory. ``close`` it."""

    settings: Settings
    ports: Ports
    vault: AesGcmVault
    queue_path: Path
    _opened: ExitStack

    @property
    def services(self) -> Services:
        return Services(self.ports)

    def close(self) -> None:
        self._opened.close()


def _eboekhouden(kit: Kit) -> Provider:
    from adapters.providers.eboekhouden import Eboekhouden  # noqa: PLC0415 - see LateProviders

    return Eboekhouden(kit)


def _exact_online(kit: Kit) -> Provider:
    from adapters.providers.exact_online import ExactOnline  # noqa: PLC0415 - see LateProviders

    return ExactOnline(kit)


def _horus(kit: Kit) -> Provider:
    from adapters.providers.horus import Horus  # noqa: PLC0415 - see LateProviders

    return Horus(kit)


def _minox(kit: Kit) -> Provider:
    from adapters.providers.minox import Minox  # noqa: PLC0415 - see LateProviders

    return Minox(kit)


def _moneybird(kit: Kit) -> Provider:
    from adapters.providers.moneybird import Moneybird  # noqa: PLC0415 - see LateProviders

    return Moneybird(kit)


def _octopus(kit: Kit) -> Provider:
    from adapters.providers.octopus import Octopus  # noqa: PLC0415 - see LateProviders
    from adapters.providers.octopus.contract import SIGN_IN_VARIABLE  # noqa: PLC0415
    from adapters.providers.octopus.provider import sign_in_of  # noqa: PLC0415

    return Octopus(kit, sign_in=sign_in_of(os.environ.get(SIGN_IN_VARIABLE)))


def _odoo(kit: Kit) -> Provider:
    from adapters.providers.odoo import Odoo  # noqa: PLC0415 - see LateProviders

    return Odoo(kit)


def _quickbooks(kit: Kit) -> Provider:
    from adapters.providers.quickbooks import QuickBooks  # noqa: PLC0415 - see LateProviders

    return QuickBooks(kit)


def _twinfield(kit: Kit) -> Provider:
    from adapters.providers.twinfield import Twinfield  # noqa: PLC0415 - see LateProviders

    return Twinfield(kit)


def _yuki(kit: Kit) -> Provider:
    from adapters.providers.yuki import Yuki  # noqa: PLC0415 - see LateProviders

    return Yuki(kit)


def _xero(kit: Kit) -> Provider:
    from adapters.providers.xero import Xero  # noqa: PLC0415 - see LateProviders

    return Xero(kit)


PROVIDERS: Final[dict[str, Callable[[Kit], Provider]]] = {
    "csv": CsvImport,
    "eboekhouden": _eboekhouden,
    "exact-online": _exact_online,
    "horus": _horus,
    "minox": _minox,
    "moneybird": _moneybird,
    "octopus": _octopus,
    "odoo": _odoo,
    "quickbooks": _quickbooks,
    "twinfield": _twinfield,
    "yuki": _yuki,
    "xero": _xero,
}
"""Every provider this build can connect, by catalogue key."""


class LateProviders(Mapping[str, Provider]):
    """PROVIDERS over one kit, each imported and made at its first use.

    Their HTTP, OAuth and decoding libraries cost memory and time to start that a process which
    shows books (the terminal UI) or lists things (the command line) has no use for.
    """

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._made: dict[str, Provider] = {}

    def __getitem__(self, key: str) -> Provider:
        if key not in self._made:
            made = PROVIDERS[key](self._kit)
            assert made.entry.key == key, "the table names each provider by its own key"
            self._made[key] = made
        return self._made[key]

    def __contains__(self, key: object) -> bool:
        return key in PROVIDERS

    def __iter__(self) -> Iterator[str]:
        return iter(PROVIDERS)

    def __len__(self) -> int:
        return len(PROVIDERS)


def providers(kit: Kit) -> Providers:
    """Every provider this build can connect."""
    return LateProviders(kit)


def open_monitr(
    settings: Settings, environ: Mapping[str, str], *, doorbell: Doorbell | None = None
) -> Monitr:
    """Open (and if need be create) the data directory."""
    folder = prepared(settings).data_dir
    clock = SystemClock()
    queue_path = folder / QUEUE_FILE_NAME
    with ExitStack() as opened:
        storage = opened.enter_context(closing(SqlStorage(folder / DATABASE_FILE_NAME)))
        budgets = opened.enter_context(closing(SqlBudgets(folder / BUDGETS_FILE_NAME, clock)))
        if doorbell is None:
            doorbell = opened.enter_context(closing(HueyDoorbell(queue_path)))
        vault = vault_from(folder, environ)
        reach = reach_from(settings.allowed_hosts, local=settings.is_local)
        shelf = DiskShelf(folder / UPLOADS_FOLDER_NAME)
        return Monitr(
            settings=settings,
            vault=vault,
            queue_path=queue_path,
            opened=opened.pop_all(),
            ports=Ports(
                storage=storage,
                vault=vault,
                doorbell=doorbell,
                clock=clock,
                ids=RandomIds(),
                providers=providers(
                    FilesKit(
                        clock=clock,
                        budgets=budgets,
                        reach=reach,
                        uploads=StoredUploads(storage, shelf),
                    )
                ),
                budgets=budgets,
                shelf=shelf,
            ),
        )
