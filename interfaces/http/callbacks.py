"""OAuth callbacks: one path per provider, each handing its answer to the authorising service.

Only GET is answered: a HEAD (link checkers send it) must not use up a state that works once.
"""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from core.domain.catalogue import CATALOGUE, AuthKind, CatalogueEntry
from core.domain.failures import Failure
from core.services.authorising import Completion, callback_path
from core.services.services import Services
from interfaces.http.pages import page
from interfaces.http.problems import HTTP_STATUS, AnyRequest, forgotten
from interfaces.oauth_answer import parameters

HTML: Final = "text/html"
RETRY_AFTER_SECONDS: Final = 60

_log: Final = logging.getLogger("monitr.http")

Opener = Callable[[], Services]


def callback_handlers(services: Opener) -> list[HTTPRouteHandler]:
    """A handler for every provider of the catalogue that is connected by OAuth."""
    return [_handler(entry, services) for entry in CATALOGUE if entry.auth is AuthKind.OAUTH]


def _handler(entry: CatalogueEntry, services: Opener) -> HTTPRouteHandler:
    @get(callback_path(entry.key), sync_to_thread=True, name=f"callback-{entry.key}")
    def callback(request: AnyRequest) -> Response[str]:
        try:
            query = request.scope["query_string"].decode("latin-1")
            completion = services().authorising.complete(entry.key, parameters(query))
        except Failure as failure:
            _log.info("callback %s refused: %s", entry.key, failure.code)
            return _refusal(entry, failure)
        except Exception as error:  # noqa: BLE001 - a person waits for an answer in a browser
            _log.error("callback %s: %s", entry.key, type(error).__name__)
            return _refusal(entry, forgotten(error))
        return _answer(entry, completion)

    return callback


def _answer(entry: CatalogueEntry, completion: Completion) -> Response[str]:
    if completion.review is not None:
        title, commands = (
            f"{entry.name}: please confirm",
            (f"monitr reconnect {completion.integration_id} --confirm",),
        )
        after = "Nothing has changed yet. Go back to Monitr to confirm:"
    elif completion.connected:
        title, commands = (
            f"{entry.name} is connected",
            (f"monitr select {completion.integration_id}",),
        )
        after = "You can close this page."
    else:
        title, commands = f"{entry.name} was not connected", (f"monitr connect {entry.key}",)
        after = "You can close this page and start again in Monitr."
    well = completion.connected or completion.review is not None
    return Response(
        page(title, completion.sentence, after, commands=commands, well=well), media_type=HTML
    )


def _refusal(entry: CatalogueEntry, failure: Failure) -> Response[str]:
    status = HTTP_STATUS[failure.action]
    html = page(
        f"{entry.name} was not connected",
        failure.sentence,
        "You can close this page and go on in Monitr.",
        commands=(f"monitr connect {entry.key}",),
        well=False,
    )
    headers = {}
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return Response(html, status_code=status, media_type=HTML, headers=headers)
