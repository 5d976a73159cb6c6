"""The documentation as a browser shows it: with a token as password, without anything from afar."""

from pathlib import Path

from core.domain.access import Scope
from interfaces.http.app import API_HANDLERS
from interfaces.http.server import BackgroundServer
from tests.http.street import Street
from tests.interfaces.chromium import needs_chromium, opened


@needs_chromium
def test_the_page_opens_and_loads_nothing_else(street: Street, tmp_path: Path) -> None:
    with BackgroundServer(street.app()) as server, opened(tmp_path) as browser:
        token = street.here.tokens[Scope.READ]
        browser.go(f"http://any:{token}@{server.host}:{server.port}/v1/docs")
        assert browser.evaluate("document.title") == "Monitr over HTTP - Monitr"
        shown = browser.evaluate("document.querySelectorAll('details').length")
        assert isinstance(shown, int)
        assert shown >= len(API_HANDLERS)
        loaded = browser.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
        assert loaded == []
        assert browser.evaluate("document.scripts.length") == 0
        inside = "document.querySelector('details p').checkVisibility()"
        assert browser.evaluate(inside) is False
        browser.press("summary")
        assert browser.evaluate(inside) is True
        assert not [line for line in browser.log if "Content Security Policy" in line]
