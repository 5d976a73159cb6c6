"""Our flow and token service against a certified authorisation server nobody here wrote.

``oidc-provider`` for Node: PKCE required, refresh tokens rotate, a spent one that comes back ends
the grant, ``iss`` in every answer, revocation. Installed once into the user's cache by npm; skipped
where Node, npm or the registry is missing.
"""

import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import httpx
import platformdirs
import pytest
from attrs import define

from adapters.providers.kit.bearer import BearerReader
from adapters.providers.kit.oauth import CodeFlow, OAuthDeclaration
from adapters.providers.kit.retry_table import FailureTable
from adapters.providers.kit.transport import Transport
from core.domain.failures import CorrectRequest, ProviderDown, Reconnect
from core.domain.integration import IntegrationStatus
from core.ports.provider import Credentials, OutcomeUnknown, TokenGrant, TokenPolicy
from core.services.authorising import callback_path
from core.services.secrets import SecretStore
from core.services.sources import stored_fields
from core.services.tokens import UNCERTAIN_PAUSE_SECONDS, IntegrationTokens
from tests.fake_provider import FakeProvider, FakeSource
from tests.fakes import FakeClock
from tests.providers.kit.scripted import kit_with
from tests.services.house import BASE, OPERATOR, House

pytestmark = pytest.mark.fire

VERSION: Final = "9.13.3"
KEY: Final = "exact-online"
"""The catalogue's key under which the server plays; it is nobody's contract here."""
SECRET: Final = "canary-oidc-client-secret-4d1f"
INSTALL_SECONDS: Final = 180
START_SECONDS: Final = 30
CALLERS: Final = 20


def _package() -> Path:
    """The package's entry, installed where needed; skips with the reason."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("needs Node and npm")
    folder = platformdirs.user_cache_path("monitr-tests") / f"oidc-provider-{VERSION}"
    package = folder / "node_modules" / "oidc-provider"
    if not (package / "package.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text("{}")
        words = ["install", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(
            [npm, *words, f"oidc-provider@{VERSION}"],
            cwd=folder,
            capture_output=True,
            check=False,
            timeout=INSTALL_SECONDS,
        )
        if done.returncode != 0:
            pytest.skip(f"npm could not install oidc-provider: {done.stderr[-200:]!r}")
    return package / str(json.loads((package / "package.json").read_text())["main"])


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    redirect = BASE + callback_path(KEY)
    script = Path(__file__).with_name("oidc_server.mjs")
    with subprocess.Popen(
        ["node", str(script), str(_package()), redirect],  # noqa: S607 - found by _package
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        assert server.stdout is not None
        said = []
        for line in server.stdout:
            said.append(line)
            if line.strip().isdecimal():
                break
        else:
            pytest.fail("".join(said)[-2_000:])
        drain = threading.Thread(target=server.stdout.read, daemon=True)
        drain.start()
        yield f"http://127.0.0.1:{line.strip()}"
        server.kill()
        drain.join(START_SECONDS)


class UserInfoSource(FakeSource):
    """A fake's books, but every call asks the server's userinfo with the access token."""

    def _call(self, operation: str) -> None:
        flow, tokens = self.provider.oauth, self.credentials.tokens
        assert isinstance(flow, CodeFlow)
        assert tokens is not None
        self.calls += 1
        with Transport(kit_with(), FailureTable(provider="OIDC")) as transport:
            url = f"{flow.issuer({})}/me"
            BearerReader(transport=transport, tokens=tokens).get(url, charges=())


class OidcBooks(FakeProvider):
    """A fake whose consent and tokens are the server's."""

    def open(self, credentials: Credentials) -> FakeSource:
        return UserInfoSource(self, credentials)


def _flow(issuer: str, house: House) -> CodeFlow:
    declaration = OAuthDeclaration(
        provider="OIDC",
        authorize_url=lambda _: f"{issuer}/auth",
        token_url=lambda _: f"{issuer}/token",
        revoke_url=lambda _: f"{issuer}/token/revocation",
        charges=lambda _: (),
        policy=TokenPolicy(access_seconds=600, refresh_margin_seconds=60),
        uses_pkce=True,
        scope="openid offline_access",
        authorize_extra={"prompt": "consent"},
        issuer=issuer,
    )
    return CodeFlow(kit_with(house.clock), declaration)


@define
class RealTime(FakeClock):
    """The machine's time, which can also be moved on: real callers wait for a real server."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    def advance(self, delta: timedelta) -> None:
        self.ahead += delta


@pytest.fixture
def house(issuer: str) -> House:
    house = House(clock=RealTime())
    books = OidcBooks.with_oauth(KEY, house.clock)
    books.oauth = _flow(issuer, house)
    house.exact = books
    return house


def consent(url: str, *, action: str = "allow") -> dict[str, str]:
    """A person at a browser: logs in and allows, on the server's own pages."""
    with httpx.Client(timeout=30) as browser:
        page = browser.get(url)
        for _ in range(20):
            while page.is_redirect:
                where = str(page.next_request.url) if page.next_request else ""
                if where.startswith(BASE):
                    return dict(parse_qsl(urlsplit(where).query))
                page = browser.get(where)
            form = re.search(r'<form[^>]*action="([^"]+)"', page.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', page.text)
            assert form, page.text
            assert prompt, page.text
            if action == "deny":
                page = browser.get(f"{page.url}/abort")
                continue
            fields = {"prompt": prompt[1], "login": "ada", "password": "x"}
            page = browser.post(str(page.url.join(form[1])), data=fields)
    pytest.fail("the server's pages never came to an end")


def begin(house: House) -> tuple[str, str]:
    connection = house.services.connecting.connect(
        house.org,
        KEY,
        {"client_id": "monitr-test", "client_secret": SECRET},
        operator=OPERATOR,
        redirect_base=BASE,
    )
    assert connection.authorize_url is not None
    return connection.integration.id, connection.authorize_url


def connected(house: House) -> str:
    integration_id, url = begin(house)
    answer = consent(url)
    assert answer["iss"], "RFC 9207: checked by the service"
    assert house.services.authorising.complete(KEY, answer).connected
    house.follow(integration_id)
    return integration_id


def tokens_of(house: House, integration_id: str) -> IntegrationTokens:
    flow = house.exact.oauth
    assert flow is not None
    held = house.services.connecting.get(house.org, integration_id).integration
    return IntegrationTokens(
        ports=house.ports,
        integration_id=integration_id,
        provider_name="OIDC",
        flow=flow,
        fields=stored_fields(house.ports, held),
    )


def stored(house: House, integration_id: str) -> tuple[str, str]:
    with house.storage.reading() as uow:
        row = uow.tokens.get(integration_id)
    assert row is not None
    return SecretStore(house.ports).open_tokens(row)


def status(house: House, integration_id: str) -> IntegrationStatus:
    return house.services.connecting.get(house.org, integration_id).integration.status


def test_connect_check_and_refresh_by_many_at_once(house: House) -> None:
    integration_id = connected(house)
    house.services.connecting.check(house.org, integration_id)
    before = stored(house, integration_id)
    house.clock.advance(timedelta(seconds=600))
    found: list[str] = []
    barrier = threading.Barrier(CALLERS)

    def ask() -> None:
        barrier.wait()
        found.append(tokens_of(house, integration_id).current())

    threads = [threading.Thread(target=ask) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = stored(house, integration_id)
    assert found == [after[0]] * CALLERS
    assert before[1] != after[1], "it rotates"
    for _ in range(3):
        house.clock.advance(timedelta(seconds=600))
        house.services.connecting.check(house.org, integration_id)


def test_a_spent_refresh_token_that_comes_back_ends_it_and_we_say_so_at_once(house: House) -> None:
    integration_id = connected(house)
    _, spent = stored(house, integration_id)
    house.clock.advance(timedelta(seconds=600))
    tokens = tokens_of(house, integration_id)
    tokens.current()
    with pytest.raises(Reconnect):
        tokens.flow.refresh(tokens.fields, spent)
    house.clock.advance(timedelta(seconds=600))
    with pytest.raises(Reconnect, match="reconnect it"):
        tokens.current()
    assert status(house, integration_id) is IntegrationStatus.NEEDS_RECONNECT


@pytest.mark.parametrize("arrived", [False, True])
def test_a_lost_answer_is_settled(
    house: House, arrived: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration_id = connected(house)
    tokens = tokens_of(house, integration_id)
    house.clock.advance(timedelta(seconds=600))
    genuine = CodeFlow.refresh

    def lost(self: CodeFlow, fields: dict[str, str], refresh_token: str) -> TokenGrant:
        if arrived:
            genuine(self, fields, refresh_token)
        raise OutcomeUnknown

    with monkeypatch.context() as patched:
        patched.setattr(CodeFlow, "refresh", lost)
        with pytest.raises(ProviderDown):
            tokens.current()
    house.clock.advance(timedelta(seconds=UNCERTAIN_PAUSE_SECONDS))
    if arrived:
        with pytest.raises(Reconnect):
            tokens.current()
        assert status(house, integration_id) is IntegrationStatus.NEEDS_RECONNECT
    else:
        house.services.connecting.check(house.org, integration_id)
        assert status(house, integration_id) is IntegrationStatus.ACTIVE


def test_denial_is_told_in_words(house: House) -> None:
    _, url = begin(house)
    completion = house.services.authorising.complete(KEY, consent(url, action="deny"))
    assert not completion.connected
    assert "not granted" in completion.sentence


def test_an_answer_with_another_issuer_is_refused(house: House) -> None:
    _, url = begin(house)
    answer = consent(url) | {"iss": "https://evil.example.org"}
    with pytest.raises(CorrectRequest) as refused:
        house.services.authorising.complete(KEY, answer)
    assert refused.value.code == "issuer-foreign"


def test_disconnecting_revokes_there(house: House) -> None:
    integration_id = connected(house)
    tokens = tokens_of(house, integration_id)
    _, refresh = stored(house, integration_id)
    house.services.connecting.disconnect(house.org, integration_id, operator=OPERATOR)
    with house.storage.reading() as uow:
        kinds = [event.kind for event in uow.activity.after(house.org, 0)]
    assert kinds[-1] == "integration.revoked"
    with pytest.raises(Reconnect):
        tokens.flow.refresh(tokens.fields, refresh)
