"""Builds a running Monitr from settings: every adapter is chosen here and nowhere else."""

from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from attrs import frozen

from adapters.environment import RandomIds, SystemClock
from adapters.providers.exact_online import ExactOnline
from adapters.providers.kit.calls import Kit
from adapters.providers.kit.reaching import reach_from
from adapters.providers.odoo import Odoo
from adapters.scheduler.queue import FILE_NAME as QUEUE_FILE_NAME
from adapters.scheduler.queue import HueyDoorbell
from adapters.storage.budgets import FILE_NAME as BUDGETS_FILE_NAME
from adapters.storage.budgets import SqlBudgets
from adapters.storage.sql import SqlStorage
from adapters.storage.vault import AesGcmVault, vault_from
from core.ports.environment import Doorbell
from core.ports.provider import Providers
from core.services.ports import Ports
from core.services.services import Services
from monitr.settings import Settings, prepared

DATABASE_FILE_NAME = "monitr.sqlite3"


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


def providers(kit: Kit) -> Providers:
    """Every provider this build can connect."""
    return {provider.entry.key: provider for provider in (ExactOnline(kit), Odoo(kit))}


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
                providers=providers(Kit(clock=clock, budgets=budgets, reach=reach)),
            ),
        )
