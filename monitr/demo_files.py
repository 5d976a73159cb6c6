"""The demo of CSV Import: files exported from made-up books, uploaded, imported and proven."""

from collections.abc import Callable
from typing import Final

from core.domain.entity import Entity
from core.domain.failures import OurBug
from core.domain.import_run import ImportRun
from core.services.services import Services
from sandbox.books import Books
from sandbox.files import dutch_csv, workbook, xaf, years_of
from sandbox.world import World

FIRST_PROVIDER: Final = "exact-online"
"""CSV Import is never an organisation's first integration: the demo onboards with this one."""

COMPANIES: Final[tuple[tuple[int, Callable[[Books, int], bytes], str], ...]] = (
    (1, dutch_csv, "csv"),
    (2, workbook, "xlsx"),
    (3, xaf, "xaf"),
)
"""Sandbox company, how its books are exported, and the file's ending."""

CHUNK_BYTES: Final = 262_144


def connect_files(services: Services, organisation_id: str, world: World, operator: str) -> str:
    """CSV Import with a company per file; returns the integration's id."""
    names = [world.company_books(number).company.name for number, _, _ in COMPANIES]
    connection = services.connecting.connect(
        organisation_id,
        "csv",
        {"companies": "; ".join(names), "currency": "EUR"},
        operator=operator,
        redirect_base="http://127.0.0.1",
    )
    return connection.integration.id


def upload_files(
    services: Services,
    entities: tuple[Entity, ...],
    world: World,
    operator: str,
    *,
    finished: Callable[[ImportRun], ImportRun],
    tell: Callable[[str], None],
) -> list[ImportRun]:
    """Upload every year of every company; returns each entity's last import."""
    runs = []
    for (number, export, ending), entity in zip(COMPANIES, entities, strict=True):
        books = world.company_books(number)
        run = None
        for year in years_of(books):
            name = f"{books.company.city} {year}.{ending}"
            content = export(books, year)
            received = services.uploading.receive(
                entity.organisation_id,
                entity.id,
                name,
                (content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES)),
                operator=operator,
            )
            summary = received.upload.summary
            tell(f"{name}: {received.upload.look.label}; {summary.lines} lines, balanced.")
            decided = services.uploading.confirm(
                entity.organisation_id, received.upload.id, operator=operator
            )
            assert decided.run is not None, "a new file asks for an import"
            run = finished(decided.run)
        assert run is not None, "the demo's companies have books"
        runs.append(run)
        require_truth(services, entity, books)
    return runs


class NotTheTruth(OurBug):
    """What was imported is not what the made-up books say."""


def require_truth(services: Services, entity: Entity, books: Books) -> None:
    """Hold the published balances against the books the files were made from, to the cent."""
    balance = services.reading.trial_balance(entity.organisation_id, entity.id)
    ours = {row.account_key: row.closing_e4 for row in balance.rows if row.closing_e4}
    theirs: dict[str, int] = {}
    for (code, _, _), cents in books.trial_balance().items():
        theirs[code] = theirs.get(code, 0) + cents * 100
    if ours != {code: sum_e4 for code, sum_e4 in theirs.items() if sum_e4}:
        raise NotTheTruth(
            f"The books of {entity.name} are not what its files say: report this.",
            detail=f"{len(ours)} accounts against {len(theirs)}",
        )
