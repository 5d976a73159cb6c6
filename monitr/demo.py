"""The demo: a stand-in provider, a real consent, real processes, imported and proven books."""

import http.client
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import platformdirs
from attrs import evolve, frozen

from core.domain.books import RecordKind
from core.domain.catalogue import entry_of
from core.domain.failures import CorrectRequest, Failure, OurBug
from core.domain.import_run import ImportRun, RunStatus
from core.domain.integration import Administration
from core.domain.money import text_of
from core.services.connecting import Connection
from interfaces.launcher import DemoEntity, DemoPlan, DemoResult, DemoRow
from monitr.bootstrap import Monitr, open_monitr
from monitr.companion import ChildUp
from monitr.demo_fields import fields_of
from monitr.demo_files import FIRST_PROVIDER, connect_files, upload_files
from monitr.settings import Settings, settings_from
from sandbox.browser import decide
from sandbox.server import Sandbox

SEED: Final = 7
ADMINISTRATIONS: Final = 2
OPERATOR: Final = "demo"
ORGANISATION: Final = "Demo organisation"
LANDING_SECONDS: Final = 30.0
IMPORT_SECONDS: Final = 600.0
POLL_SECONDS: Final = 0.1
FILES: Final = "csv"
MARKER: Final = ".monitr-demo"
"""A directory with this file in it was made by a demo and may be replaced by the next."""


@frozen(kw_only=True)
class _Stage:
    """What the demo plays on."""

    monitr: Monitr
    sandbox: Sandbox
    plan: DemoPlan
    tell: Callable[[str], None]


def run_demo(plan: DemoPlan, environ: Mapping[str, str], tell: Callable[[str], None]) -> DemoResult:
    """Sandbox, services, onboarding, two administrations, proof."""
    entry = entry_of(plan.provider)
    started = time.monotonic()
    settings = evolve(
        settings_from(environ, data_dir=_folder(plan)),
        http_host="127.0.0.1",
        http_port=_free_port(),
        public_url=None,
    )
    tell(f"Starting a stand-in for {entry.name} with made-up books.")
    files = plan.provider == FILES
    first = FIRST_PROVIDER if files else plan.provider
    with Sandbox(seed=SEED, lines=plan.lines, providers=[first]) as sandbox:
        monitr = open_monitr(settings, environ)
        try:
            tell("Starting Monitr: HTTP shell and worker, in a process of their own.")
            up = ChildUp(settings, _child_environ(environ), monitr.services, always=True)
            with up:
                up.await_answer()
                staged_plan = evolve(plan, provider=first)
                stage = _Stage(monitr=monitr, sandbox=sandbox, plan=staged_plan, tell=tell)
                entities = _play(stage)
                if files:
                    entities = _play_files(stage)
            calls = len(sandbox.log(first))
        finally:
            monitr.close()
    return DemoResult(
        provider=plan.provider,
        entities=entities,
        calls=calls,
        seconds=round(time.monotonic() - started, 2),
        next_steps=_next_steps(settings, entities),
    )


def _play(stage: _Stage) -> tuple[DemoEntity, ...]:
    services = stage.monitr.services
    organisation = services.onboarding.start(ORGANISATION)
    connection = _connected(stage, organisation.id)
    importable = [found for found in connection.administrations if found.importable]
    chosen = _worth_showing(stage, importable)
    stage.tell(
        f"Administrations found: {len(connection.administrations)}; following {len(chosen)}."
    )
    selection = services.linking.select(
        organisation.id,
        connection.integration.id,
        [found.key for found in chosen],
        operator=OPERATOR,
    )
    runs = [_finished(stage, run) for run in selection.runs]
    return tuple(
        _shown(stage, organisation.id, entity.id, run)
        for entity, run in zip(selection.created, runs, strict=True)
    )


def _play_files(stage: _Stage) -> tuple[DemoEntity, ...]:
    """CSV Import beside the provider the organisation began with."""
    services, world = stage.monitr.services, stage.sandbox.world
    organisation_id = services.onboarding.only_or_new().id
    stage.tell("Adding CSV Import, with the companies whose files are uploaded.")
    integration_id = connect_files(services, organisation_id, world, OPERATOR)
    selection = services.linking.select(organisation_id, integration_id, None, operator=OPERATOR)
    for run in selection.runs:
        _finished(stage, run)
    runs = upload_files(
        services,
        selection.created,
        world,
        OPERATOR,
        finished=lambda run: _finished(stage, run),
        tell=stage.tell,
    )
    return tuple(
        _shown(stage, organisation_id, entity.id, run)
        for entity, run in zip(selection.created, runs, strict=True)
    )


def _connected(stage: _Stage, organisation_id: str) -> Connection:
    """The connection after a consent given on the stand-in's own pages, or by its key."""
    services = stage.monitr.services
    fields = fields_of(stage.plan.provider, stage.sandbox)
    connection = services.connecting.connect(
        organisation_id,
        stage.plan.provider,
        fields,
        operator=OPERATOR,
        redirect_base=stage.monitr.settings.callback_base,
    )
    if connection.authorize_url is not None:
        stage.tell("Logging in and giving consent, as a person at a browser would.")
        status = _opened(decide(connection.authorize_url))
        attempt = services.connecting.attempt(organisation_id, connection.integration.id)
        if attempt.failed or attempt.outcome is None:
            raise OurBug(
                "The consent of the demo was not accepted: report this.",
                detail=f"callback answered {status}",
            )
    connection = services.connecting.get(organisation_id, connection.integration.id)
    assert connection.integration.account is not None, "a connection that answered has an account"
    stage.tell(f"Connected as {connection.integration.account.name}.")
    return connection


def _opened(url: str) -> int:
    """Open the address the consent page sent the browser to; returns the landing page's status."""
    parts = urlsplit(url)
    assert parts.hostname is not None, "an absolute address"
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=LANDING_SECONDS)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        return connection.getresponse().status
    finally:
        connection.close()


def _worth_showing(stage: _Stage, importable: list[Administration]) -> list[Administration]:
    """The first administrations that have books at all."""
    with_lines = {
        str(truth["code"]) for truth in stage.sandbox.truth(stage.plan.provider) if truth["lines"]
    }
    return [found for found in importable if found.key in with_lines][:ADMINISTRATIONS]


def _finished(stage: _Stage, run: ImportRun) -> ImportRun:
    """Wait for the worker's process to end the run."""
    deadline = time.monotonic() + IMPORT_SECONDS
    while time.monotonic() < deadline:
        run = stage.monitr.services.reading.run(run.organisation_id, run.id)
        if run.finished:
            return run
        if run.trouble is not None and run.status is RunStatus.WAITING:
            stage.tell(run.trouble.sentence)
        stage.monitr.ports.clock.pause(POLL_SECONDS)
    raise OurBug("The demo's import did not end in time: report this with the log.")


def _shown(stage: _Stage, organisation_id: str, entity_id: str, run: ImportRun) -> DemoEntity:
    services = stage.monitr.services
    status = services.reading.entity(organisation_id, entity_id)
    if status.published is None:
        sentence = run.trouble.sentence if run.trouble else "no books were published"
        raise _ImportFailed(sentence)
    balance = services.reading.trial_balance(organisation_id, entity_id)
    counts = status.published.counts
    return DemoEntity(
        name=status.entity.name,
        status=run.status.value,
        accounts=counts[RecordKind.ACCOUNT],
        entries=counts[RecordKind.ENTRY],
        lines=counts[RecordKind.LINE],
        debit=text_of(balance.debit_e4),
        credit=text_of(balance.credit_e4),
        proof=status.published.proof.verdict.value,
        trial_balance=tuple(
            DemoRow(
                code=row.account.code if row.account else row.account_key,
                name=row.account.name if row.account else "(unknown account)",
                debit=text_of(row.debit_e4),
                credit=text_of(row.credit_e4),
                balance=text_of(row.closing_e4),
            )
            for row in balance.rows
        ),
    )


class _ImportFailed(Failure):
    """The demo's import failed; the sentence is the run's."""

    default_code = "import-failed"


def _child_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Without a public address: the demo's consent comes back on loopback."""
    return {name: value for name, value in environ.items() if name != "MONITR_PUBLIC_URL"}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def _folder(plan: DemoPlan) -> Path:
    """An empty directory: the one asked for, or the demo's own, replaced each time."""
    folder = plan.keep or platformdirs.user_data_path("monitr") / "demo"
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).exists():
            raise CorrectRequest(
                f"{folder} is not empty and was not made by a demo: choose another directory.",
                code="directory-in-use",
            )
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / MARKER).touch()
    return folder


def _next_steps(settings: Settings, entities: tuple[DemoEntity, ...]) -> tuple[str, ...]:
    command = f"monitr --data-dir {settings.data_dir}"
    if os.sep in str(sys.argv[0]) and shutil.which("monitr") is None:
        command = f"{sys.argv[0]} --data-dir {settings.data_dir}"
    name = f'"{entities[0].name}"' if entities else "ENTITY"
    return (
        f"{command} entities",
        f"{command} books trial-balance {name}",
        f"{command} books lines {name} --format csv",
        f"{command} activity",
    )
