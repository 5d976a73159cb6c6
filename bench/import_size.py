"""A million lines: peak memory beside ten thousand, and the longest hold of the write lock.

Pages are Exact Online's, made as bytes by a process of its own as they are asked for, and decoded
by the adapter's own decoder: the process that imports holds nothing and computes nothing but what
an import does. Measured in processes of their own. The lock is measured at the database over
everything that writes: claim, batches, settling, proof, publication, an unchanged night, starting
over for another link, and forgetting that again.

``--quick`` takes 100,000 lines for the large one.
"""

import json
import random
import resource
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from attrs import define, field

from adapters.environment import RandomIds, SystemClock
from adapters.providers.exact_online import rows
from adapters.scheduler.inline import CollectingDoorbell
from adapters.storage.sql import SqlStorage
from adapters.storage.vault import vault_from
from bench._locks import watched
from core.domain.books import AccountClass, Batch, LedgerAccount, Statement
from core.domain.catalogue import CatalogueEntry, entry_of
from core.domain.import_run import ImportRun, RunStatus
from core.domain.integration import Account, Administration
from core.domain.proof import ControlTotals
from core.ports.provider import ConnectForm, Credentials, FormField, Health, Limit, OAuthFlow
from core.services.import_engine import ImportEngine
from core.services.ports import Ports
from core.services.services import Services
from monitr.logs import QUIET, configure_logs
from monitr.working import present

LARGE: Final = 1_000_000
QUICK_LARGE: Final = 100_000
SMALL: Final = 10_000
PAGE_ROWS: Final = 1_000
LINES_PER_ENTRY: Final = 4
ACCOUNTS: Final = 200
DAY_MILLISECONDS: Final = 86_400_000
FIRST_DAY_MILLISECONDS: Final = 1_609_459_200_000
DAYS: Final = 5 * 365
COMPANY: Final = Administration(key="1", name="Large", currency="EUR", country="NL")
CHILD: Final = "--child"
PAGES: Final = "--pages"
SIZE: Final = struct.Struct("<I")
FORM: Final = ConnectForm(fields=(FormField(name="api_key", label="Key", secret=True),))


def page(number: int, lines: int) -> bytes:
    """A page of balanced entries, by date, with keys like GUIDs; the same at each call."""
    keys = random.Random(number)
    made = []
    for at in range(number * PAGE_ROWS, min(lines, (number + 1) * PAGE_ROWS)):
        entry, position = divmod(at, LINES_PER_ENTRY)
        moment = FIRST_DAY_MILLISECONDS + (at * DAYS // lines) // 1 * DAY_MILLISECONDS
        if position == 0:
            key = f"{keys.getrandbits(128):032x}"
        account = keys.randrange(ACCOUNTS)
        made.append(
            {
                "ID": f"{keys.getrandbits(128):032x}",
                "Timestamp": at + 2,
                "EntryID": key,
                "EntryNumber": entry,
                "LineNumber": position,
                "Type": 20 if position == 0 else 21,
                "JournalCode": "70",
                "Date": f"/Date({moment})/",
                "FinancialYear": 2021,
                "FinancialPeriod": 1,
                "GLAccount": f"account-{account}",
                "AmountDC": (121, -100, -21, 0)[position] + 0.5 * (-1) ** position,
                "Account": f"contact-{entry % 500}",
                "Description": f"Invoice {entry}",
            }
        )
    return json.dumps({"d": {"results": made}}).encode()


def write_pages(lines: int) -> None:
    """Each page when the one before is taken, after its size."""
    for number in range(-(-lines // PAGE_ROWS)):
        made = page(number, lines)
        sys.stdout.buffer.write(SIZE.pack(len(made)) + made)
        sys.stdout.buffer.flush()


@contextmanager
def pages_made(lines: int) -> Iterator[Callable[[], bytes]]:
    """The next page at each call."""
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "bench.import_size", PAGES, str(lines)], stdout=subprocess.PIPE
    ) as maker:
        made = maker.stdout
        assert made is not None, "it was asked for"

        def following() -> bytes:
            (size,) = SIZE.unpack(made.read(SIZE.size))
            return made.read(size)

        yield following
        made.close()


@define
class Pages:
    """Implements Source."""

    lines: int
    calls: int = 0

    def pull(self, administration: Administration, bookmark: str | None) -> Iterator[Batch]:
        start = 0 if bookmark is None else int(bookmark)
        if bookmark is None:
            yield Batch(bookmark="0", records=tuple(_account(n) for n in range(ACCOUNTS)))
        last_page = -(-self.lines // PAGE_ROWS)
        if start < last_page:
            assert start == 0, "nothing interrupts it"
            with pages_made(self.lines) as following:
                for number in range(last_page):
                    self.calls += 1
                    decoded = rows.LINE_PAGE.decode(following())
                    read = rows.lines_read(decoded.rows, currency=administration.currency)
                    yield Batch(bookmark=str(number + 1), records=read.records)
        yield Batch(bookmark=str(last_page), last=True)

    def health(self) -> Health:
        return Health(account=Account(key="bench", name="Bench"))

    def administrations(self) -> Sequence[Administration]:
        return (COMPANY,)

    def control_totals(
        self,
        administration: Administration,
        *,
        whole: bool = False,
    ) -> ControlTotals | None:
        return None

    def close(self) -> None:
        return


def _account(number: int) -> LedgerAccount:
    return LedgerAccount(
        key=f"account-{number}",
        code=f"{number:04d}",
        name=f"Account {number}",
        account_class=AccountClass.EXPENSE,
        statement=Statement.PROFIT_AND_LOSS,
    )


@define
class PagesProvider:
    """Implements Provider."""

    lines: int
    entry: CatalogueEntry = field(factory=lambda: entry_of("odoo"))
    form: ConnectForm = FORM
    oauth: OAuthFlow | None = None
    limits: tuple[Limit, ...] = ()

    def open(self, credentials: Credentials) -> Pages:
        return Pages(self.lines)


def imported(ports: Ports, services: Services, organisation_id: str) -> ImportRun:
    """Carry out the one waiting run."""
    (waiting,) = (run for run in services.reading.runs(organisation_id) if not run.finished)
    with present(services, "bench", standing=False):
        run = ImportEngine(ports, "bench").run(waiting.id)
    assert run is not None
    assert run.status is RunStatus.SUCCEEDED, run.trouble
    return run


def started_over_and_forgotten(storage: SqlStorage, entity_id: str, generation: int) -> None:
    """What a new link's first claim begins, and what its failing leaves, in the engine's units."""
    for begin in (False, True):
        with storage.writing() as unit:
            (unit.books.discard if begin else unit.books.start_over)(entity_id, generation)
            unit.commit()
        done = False
        while not done:
            with storage.writing() as unit:
                done = unit.books.work_off(entity_id, generation)
                unit.commit()


def measure(lines: int) -> dict[str, float]:
    """A first import, an unchanged night, and the large undoings; in this process."""
    configure_logs(QUIET)
    with tempfile.TemporaryDirectory(prefix="monitr-bench-") as folder:
        clock = SystemClock()
        storage = SqlStorage(Path(folder) / "monitr.sqlite3")
        ports = Ports(
            storage=storage,
            vault=vault_from(Path(folder), {}),
            doorbell=CollectingDoorbell(),
            clock=clock,
            ids=RandomIds(),
            providers={"odoo": PagesProvider(lines)},
        )
        services = Services(ports)
        organisation = services.onboarding.start("Bench")
        connection = services.connecting.connect(
            organisation.id, "odoo", {"api_key": "k"}, operator="bench", redirect_base="http://x"
        )
        with watched(storage.writers) as held:
            selection = services.linking.select(
                organisation.id, connection.integration.id, None, operator="bench"
            )
            first = imported(ports, services, organisation.id)
            peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            services.importing.request(organisation.id, None, operator="bench")
            night = imported(ports, services, organisation.id)
            entity_id = selection.created[0].id
            started_over_and_forgotten(storage, entity_id, 3)
        storage.close()
    return {
        "lines": first.progress.lines,
        "night_changed": night.progress.changed,
        "peak_mib": peak_mib,
        "longest_ms": held.longest_ms,
        "busy_ms": 1_000 * max(held.busy_seconds),
        "units": len(held.seconds),
        "p99_ms": 1_000 * sorted(held.seconds)[int(0.99 * len(held.seconds))],
    }


def child(lines: int) -> dict[str, float]:
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "bench.import_size", CHILD, str(lines)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def main() -> None:
    """Print ``name value target`` lines."""
    small, large = child(SMALL), child(QUICK_LARGE if "--quick" in sys.argv else LARGE)
    print(f"peak_memory_1m_vs_10k {large['peak_mib'] / small['peak_mib']:.2f} <=1.3")
    print(f"peak_memory_1m_mib {large['peak_mib']:.0f} <=200")
    print(f"longest_write_lock_ms {large['longest_ms']:.1f} <=50")
    print(f"longest_write_lock_busy_ms {large['busy_ms']:.1f}")
    print(f"write_lock_p99_ms {large['p99_ms']:.1f}")
    print(f"write_locks_taken {large['units']:.0f}")


if __name__ == "__main__":
    if PAGES in sys.argv:
        write_pages(int(sys.argv[-1]))
    elif CHILD in sys.argv:
        print(json.dumps(measure(int(sys.argv[-1]))))
    else:
        main()
