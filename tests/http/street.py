"""Two organisations behind one HTTP shell, with the same provider, and tokens of every scope."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import define, field
from litestar import Litestar
from litestar.testing import TestClient

from core.domain.access import Scope
from core.domain.file_import import FileFormat, Look, Upload, UploadStatus
from core.services.import_engine import ImportEngine
from core.services.services import Services
from interfaces.http.app import build_http
from interfaces.http.rates import REFUSAL_RATE, TOKEN_RATE, Rate
from tests.fake_provider import CLIENT_SECRET, GOOD_KEY
from tests.services.house import BASE, House

UNLIMITED = Rate(per_second=1e9, burst=1_000_000_000)
IDENTITY = "0123456789abcdef"


@define
class Neighbour:
    """One organisation with everything there is, twice imported, and something under way."""

    services: Services
    organisation_id: str
    integration_id: str = ""
    pending_id: str = ""
    upload_id: str = ""
    entity_ids: list[str] = field(factory=list)
    run_ids: list[str] = field(factory=list)
    token_ids: dict[Scope, str] = field(factory=dict)
    tokens: dict[Scope, str] = field(factory=dict, repr=False)

    def headers(self, scope: Scope = Scope.ADMIN) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[scope]}"}

    def ids(self) -> set[str]:
        """Ids nobody else may ever see."""
        return {
            self.organisation_id,
            self.integration_id,
            self.pending_id,
            self.upload_id,
            *self.entity_ids,
            *self.run_ids,
            *self.token_ids.values(),
        }

    def everything(self) -> list[object]:
        """All that is stored of it, to tell whether anything changed."""
        with self.services.ports.storage.reading() as uow:
            held: list[object] = [
                uow.organisations.get(self.organisation_id),
                *uow.integrations.of(self.organisation_id),
                *uow.entities.of(self.organisation_id),
                *uow.runs.of(self.organisation_id),
                *uow.activity.after(self.organisation_id, 0),
                *(one for entity_id in self.entity_ids for one in uow.uploads.of(entity_id)),
                *(
                    (one.id, one.scope, one.revoked_at)
                    for one in uow.api_tokens.of(self.organisation_id)
                ),
            ]
        return held


@define
class Street:
    house: House = field(factory=House)
    here: Neighbour = field(init=False)
    there: Neighbour = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.here = self._settled(self.house.org)
        self.there = self._settled(self.house.services.onboarding.start("Elsewhere").id)

    @property
    def services(self) -> Services:
        return self.house.services

    def _settled(self, organisation_id: str) -> Neighbour:
        services = self.services
        new = Neighbour(services=services, organisation_id=organisation_id)
        new.integration_id = services.connecting.connect(
            organisation_id, "odoo", {"api_key": GOOD_KEY}, operator="test", redirect_base=BASE
        ).integration.id
        services.linking.select(organisation_id, new.integration_id, None, operator="test")
        new.entity_ids = [one.entity.id for one in services.reading.entities(organisation_id)]
        engine = ImportEngine(services.ports, "worker", lambda: False)
        for _ in range(2):
            for run in services.reading.runs(organisation_id):
                if not run.finished:
                    engine.run(run.id)
            services.importing.request(organisation_id, None, operator="test")
        new.pending_id = services.connecting.connect(
            organisation_id,
            "exact-online",
            {"client_id": "app", "client_secret": CLIENT_SECRET},
            operator="test",
            redirect_base=BASE,
        ).integration.id
        new.upload_id = self._uploaded(new)
        new.run_ids = [run.id for run in services.reading.runs(organisation_id)]
        for scope in Scope:
            made = services.access.create(organisation_id, scope.value, scope, operator="test")
            new.token_ids[scope] = made.token.id
            new.tokens[scope] = made.text
        return new

    def _uploaded(self, neighbour: Neighbour) -> str:
        """A file's record, as if it waited to be confirmed; without bytes."""
        ports = self.services.ports
        upload = Upload(
            id=ports.ids.new("upl"),
            organisation_id=neighbour.organisation_id,
            entity_id=neighbour.entity_ids[0],
            integration_id=neighbour.integration_id,
            administration_key="adm-1",
            name="books.csv",
            sha256="0" * 64,
            size_bytes=1,
            status=UploadStatus.STAGED,
            created_at=ports.clock.now(),
            created_by="test",
            look=Look(format=FileFormat.CSV, label="CSV"),
            reading_sha256="0" * 64,
        )
        with ports.storage.writing() as uow:
            uow.uploads.save(upload)
            uow.commit()
        return upload.id

    def app(self, **options: Any) -> Litestar:  # noqa: ANN401 - build_http's own options
        return build_http(lambda: self.services, identity=IDENTITY, **options)

    @contextmanager
    def client(
        self, *, token_rate: Rate = TOKEN_RATE, refusal_rate: Rate = REFUSAL_RATE
    ) -> Iterator[TestClient[Litestar]]:
        app = self.app(token_rate=token_rate, refusal_rate=refusal_rate)
        with TestClient(app) as client:
            yield client
