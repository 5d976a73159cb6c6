"""A whole life of a connection on disk and over HTTP: no secret is anywhere but sealed.

The secrets are the stand-in's own: the client secret, and every code and token it ever issued.
"""

import http.client
import io
import socket
import traceback
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from attrs import define, field

from adapters.storage.vault import KEY_FILE_NAME
from core.domain.failures import Failure
from core.services.sources import stored_fields
from core.services.tokens import IntegrationTokens
from interfaces.cli import main_with
from monitr.launching import LocalLauncher
from monitr.settings import settings_from
from sandbox.browser import decide
from sandbox.exact_online import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.exact_online.stand_in import ExactOnline
from sandbox.server import Sandbox

KEY = "exact-online"
COMMANDS = (
    ("integrations",),
    ("entities",),
    ("runs",),
    ("activity",),
    ("doctor",),
    ("providers",),
)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@define
class Told:
    """Everything that left the process for a person or a file."""

    texts: list[str] = field(factory=list)

    def failing(self, call: Callable[[], object]) -> None:
        """A failure's words, its whole trace, and what its objects look like."""
        try:
            self.texts.append(repr(call()))
        except Failure as failure:
            chain = traceback.format_exception(failure)
            self.texts += [failure.sentence, failure.detail, repr(failure), *chain]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=3, lines=60, providers=[KEY]) as sandbox:
        yield sandbox


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[LocalLauncher]:
    environ = {"MONITR_HTTP_PORT": str(free_port())}
    launcher = LocalLauncher(settings_from(environ, data_dir=tmp_path / "data"), environ)
    yield launcher
    launcher.close()


def secrets_of(sandbox: Sandbox) -> set[str]:
    stand_in = sandbox.stand_in(KEY)
    assert isinstance(stand_in, ExactOnline)
    tokens = stand_in.tokens
    return {SANDBOX_CLIENT_SECRET, *tokens._access, *tokens._refresh}


def get(url: str) -> str:
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        return f"{answer.status} {answer.getheaders()} {answer.read().decode()}"
    finally:
        connection.close()


class Story:
    """Connect, import, refresh, lose, reconnect, rotate, disconnect; everything said is kept."""

    def __init__(self, launcher: LocalLauncher, sandbox: Sandbox) -> None:
        self.launcher, self.sandbox = launcher, sandbox
        self.told = Told()
        self.answers: set[str] = set()
        """States and codes."""
        self.services = launcher.services
        self.org = self.services.onboarding.start("Canary").id
        self.integration_id = ""

    def play(self) -> None:
        with self.launcher.callbacks() as base:
            connection = self.services.connecting.connect(
                self.org,
                KEY,
                {
                    "site": self.sandbox.url(KEY),
                    "client_id": SANDBOX_CLIENT_ID,
                    "client_secret": SANDBOX_CLIENT_SECRET,
                },
                operator="canary",
                redirect_base=base,
            )
            self.integration_id = connection.integration.id
            self.told.texts.append(repr(connection))
            self.consent(connection.authorize_url, "deny")
            self.reconnect(base)
            self.use()
            self.sandbox.tokens(KEY, "expire")
            self.told.failing(self.tokens().keep_alive)
            self.sandbox.tokens(KEY, "expire")
            self.sandbox.add_fault(KEY, {"kind": "status", "status": 500, "path": "token"})
            self.told.failing(self.tokens().keep_alive)
            self.sandbox.tokens(KEY, "revoke")
            self.told.failing(lambda: self.tokens().renewed("no such token"))
            self.use()
            self.reconnect(base)
            self.told.failing(self.launcher.rotate_keys)
            self.use()
            self.scan_disk()
            self.services.connecting.disconnect(self.org, self.integration_id, operator="canary")
            self.use()

    def reconnect(self, base: str) -> None:
        connection = self.services.connecting.reconnect(
            self.org, self.integration_id, {}, operator="canary", redirect_base=base
        )
        self.consent(connection.authorize_url, "allow")

    def consent(self, url: str | None, action: str) -> None:
        assert url is not None
        landed = decide(url, action)
        answer = dict(parse_qsl(urlsplit(landed).query))
        self.answers |= {answer[name] for name in ("state", "code") if name in answer}
        page = get(landed)
        assert page.startswith("200"), page
        self.told.texts += [page, get(landed)]

    def tokens(self) -> IntegrationTokens:
        held = self.services.connecting.get(self.org, self.integration_id).integration
        flow = self.services.ports.provider(KEY).oauth
        assert flow is not None
        return IntegrationTokens(
            ports=self.services.ports,
            integration_id=self.integration_id,
            provider_name="Exact Online",
            flow=flow,
            fields=stored_fields(self.services.ports, held),
        )

    def use(self) -> None:
        """A check, an import, and every list a person may look at."""
        services = self.services
        self.told.failing(lambda: services.connecting.check(self.org, self.integration_id))
        self.told.failing(
            lambda: services.linking.select(self.org, self.integration_id, None, operator="x")
        )
        self.told.failing(services.keeping_alive.tend)
        with services.ports.storage.reading() as uow:
            self.told.texts.append(repr(uow.tokens.all()))
            self.told.texts.append(repr(uow.activity.after(self.org, 0, limit=1_000)))
            self.told.texts.append(repr(uow.integrations.of(self.org)))
            self.told.texts.append(repr(uow.oauth_attempts.latest(self.integration_id)))
        for command in COMMANDS:
            for words in (command, (*command, "--json")):
                out, err = io.StringIO(), io.StringIO()
                with redirect_stdout(out), redirect_stderr(err):
                    main_with(lambda _: LocalLauncher(self.launcher.settings, {}), list(words))
                self.told.texts += [out.getvalue(), err.getvalue()]

    def scan_disk(self) -> None:
        """Every byte of every file but the vault's key, while the connection is alive."""
        for path in sorted(self.launcher.data_dir.rglob("*")):
            if path.is_file() and path.name != KEY_FILE_NAME:
                self.told.texts.append(path.read_bytes().decode("latin-1"))


def test_no_secret_is_anywhere_but_sealed(
    launcher: LocalLauncher, sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    story = Story(launcher, sandbox)
    story.play()
    story.scan_disk()
    logs = capfd.readouterr()
    secrets = secrets_of(sandbox) | story.answers
    assert len(secrets) >= 10, "the story went far enough"
    assert "provider-call" in logs.out, "the log was looked at"
    everything = "\n".join([*story.told.texts, logs.out, logs.err])
    assert len(everything) > 50_000
    found = [
        kind
        for secret in secrets
        for kind, shape in (("plain", secret), ("encoded", quote(secret, safe="")))
        if shape in everything
    ]
    assert found == []
