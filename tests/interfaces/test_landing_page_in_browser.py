"""The landing page as a browser shows it. Needs Chromium or Chrome on the machine; skipped else."""

import subprocess
from pathlib import Path

from interfaces.http.app import build_http
from interfaces.http.server import BackgroundServer
from tests.fake_provider import GOOD_CODE
from tests.interfaces.chromium import CHROMIUM, needs_chromium
from tests.interfaces.stage import Stage

pytestmark = needs_chromium


def _seen(profile: Path, url: str) -> tuple[str, str]:
    """(the document after the browser rendered it, what the browser logged)."""
    assert CHROMIUM is not None, "skipped otherwise"
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--enable-logging=stderr",
            f"--user-data-dir={profile}",
            "--dump-dom",
            url,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout, done.stderr


def test_a_consent_is_told_and_nothing_violates_the_policy(stage: Stage, tmp_path: Path) -> None:
    integration_id, state = stage.begin_oauth()
    with BackgroundServer(build_http(stage.services, identity="hash")) as server:
        url = f"{server.base_url}/oauth/exact-online/callback?code={GOOD_CODE}&state={state}"
        document, log = _seen(tmp_path, url)
    assert "Exact Online is connected" in document
    assert f"monitr select {integration_id}" in document
    assert "Content Security Policy" not in log
    assert stage.oauth.calls["exchange"] == 1


def test_an_attack_in_the_address_is_only_text(stage: Stage, tmp_path: Path) -> None:
    attack = "%3Cscript%3Edocument.title='owned'%3C/script%3E"
    with BackgroundServer(build_http(stage.services, identity="hash")) as server:
        url = f"{server.base_url}/oauth/exact-online/callback?error={attack}&state={attack}"
        document, _ = _seen(tmp_path, url)
    assert "was not connected" in document
    assert "owned" not in document
