"""What is wrong here and what to do about it."""

import shutil
from collections.abc import Iterator, Mapping
from typing import Final

from core.domain.failures import Failure
from core.domain.integration import IntegrationStatus
from core.services.sources import provider_name, stored_fields
from interfaces.launcher import Diagnosis
from monitr.bootstrap import Monitr, open_monitr
from monitr.probing import answering_identity
from monitr.settings import Settings

FREE_BYTES_MIN: Final = 500 * 1024 * 1024


def diagnose(settings: Settings, environ: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Look at one thing after the other; what cannot be looked at is said, not raised."""
    try:
        monitr = open_monitr(settings, environ)
    except Failure as failure:
        yield Diagnosis(
            name="data directory",
            well=False,
            found=f"{settings.data_dir}: {failure.code}",
            advice=failure.sentence,
        )
        return
    try:
        yield Diagnosis(name="data directory", well=True, found=str(settings.data_dir))
        yield _disk(settings)
        yield from _key_file(monitr)
        yield from _connections(monitr)
        yield _worker(monitr)
        yield _http(settings)
    finally:
        monitr.close()


def _disk(settings: Settings) -> Diagnosis:
    free = shutil.disk_usage(settings.data_dir).free
    return Diagnosis(
        name="free disk",
        well=free >= FREE_BYTES_MIN,
        found=f"{free // 1024**2} MiB",
        advice="" if free >= FREE_BYTES_MIN else "Make room: an import writes before it frees.",
    )


def _key_file(monitr: Monitr) -> Iterator[Diagnosis]:
    """A database that was brought back without its key file still opens; its secrets do not."""
    key_file = monitr.vault.key_file
    if key_file is None or key_file.path.exists():
        return
    with monitr.ports.storage.reading() as uow:
        sealed = len(uow.secrets.rows()) + len(uow.tokens.all())
    if sealed:
        yield Diagnosis(
            name="vault key",
            well=False,
            found=f"{key_file.path} is missing, {sealed} secrets are sealed with it",
            advice="Put the key file back from your copy, or reconnect every integration.",
        )


def _connections(monitr: Monitr) -> Iterator[Diagnosis]:
    for organisation in monitr.services.onboarding.organisations():
        for integration in monitr.services.connecting.integrations(organisation.id):
            if integration.status is IntegrationStatus.DISCONNECTED:
                continue
            name = f"{provider_name(integration)} ({integration.id})"
            try:
                stored_fields(monitr.ports, integration)
            except Failure as failure:
                yield Diagnosis(name=name, well=False, found=failure.code, advice=failure.sentence)
                continue
            trouble = integration.trouble
            yield Diagnosis(
                name=name,
                well=trouble is None,
                found=integration.status.value,
                advice=trouble.sentence if trouble else "",
            )


def _worker(monitr: Monitr) -> Diagnosis:
    standing = monitr.services.importing.worker_standing()
    return Diagnosis(
        name="worker",
        well=standing,
        found="running" if standing else "none",
        advice="" if standing else "Start one with: monitr up. Without it nights are not imported.",
    )


def _http(settings: Settings) -> Diagnosis:
    held = answering_identity(settings.http_host, settings.http_port)
    where = f"http://{settings.http_host}:{settings.http_port}"
    if held == settings.identity:
        return Diagnosis(name="http", well=True, found=where)
    if held is None:
        return Diagnosis(name="http", well=True, found="not running (started when needed)")
    return Diagnosis(
        name="http",
        well=False,
        found=f"{where} serves something else",
        advice="Set MONITR_HTTP_PORT to a free port.",
    )
