"""Health and readiness for whatever watches the process, and metrics for whoever has a token."""

from collections.abc import Callable, Iterator
from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from core.domain.import_run import RunStatus
from core.domain.integration import IntegrationStatus
from core.services.services import Services
from interfaces.http.asking import READ, Asking
from interfaces.http.counting import CONTENT_TYPE, Counts, metric

NEVER: Final = "never"


def open_handlers(opened: Callable[[], Services], identity: str) -> list[HTTPRouteHandler]:
    """What is answered without a token."""

    @get("/health", sync_to_thread=True)
    def health() -> dict[str, str]:
        """Whether the storage can be read, and whose data directory this is."""
        opened().onboarding.organisations()
        return {"status": "ok", "monitr": identity}

    @get("/ready", sync_to_thread=True)
    def ready() -> dict[str, str]:
        """Whether requests can be answered, and whether a worker will carry imports out."""
        services = opened()
        services.onboarding.organisations()
        standing = services.importing.worker_standing()
        return {"status": "ready", "worker": "standing" if standing else "none"}

    return [health, ready]


def metrics_handler(counts: Counts) -> HTTPRouteHandler:
    @get(
        "/metrics", opt=READ, media_type=CONTENT_TYPE, include_in_schema=False, sync_to_thread=True
    )
    def metrics(asker: Asking) -> Response[str]:
        """Prometheus text about the token's organisation."""
        lines = [*_figures(asker), *counts.lines(asker.organisation_id)]
        return Response("\n".join(lines) + "\n", media_type=CONTENT_TYPE)

    return metrics


def _figures(asker: Asking) -> Iterator[str]:
    services, organisation_id = asker.services, asker.organisation_id
    summary = services.overview.summary(organisation_id)
    connections = [one.status for one in services.connecting.integrations(organisation_id)]
    yield from metric(
        "monitr_entities",
        "gauge",
        "Entities by the status of their newest import.",
        [
            ({"status": status.value if status else NEVER}, summary.by_status.get(status, 0))
            for status in (*RunStatus, None)
        ],
    )
    yield from metric(
        "monitr_entities_by_proof",
        "gauge",
        "Entities by the verdict of their newest proof.",
        [({"verdict": verdict.value}, count) for verdict, count in summary.verdicts.items()],
    )
    yield from metric(
        "monitr_books_published", "gauge", "Entities with books.", [({}, summary.published)]
    )
    yield from metric(
        "monitr_books_younger",
        "gauge",
        "Entities whose books are at most so many seconds old.",
        [({"seconds": str(int(age.total_seconds()))}, count) for age, count in summary.younger],
    )
    yield from metric(
        "monitr_integrations",
        "gauge",
        "Integrations by status.",
        [({"status": status.value}, connections.count(status)) for status in IntegrationStatus],
    )
    yield from metric(
        "monitr_worker_standing",
        "gauge",
        "1 when a process carries out imports.",
        [({}, int(services.importing.worker_standing()))],
    )
