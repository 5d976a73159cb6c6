"""OAuth callbacks: one path per provider, each handing its answer to the authorising service.

On a loopback address the browser is the operator's own, and an answer is taken at once. On an
address others can reach it need not be: somebody may begin an authorisation here and send the
provider's link, or a finished answer, to somebody else, whose consent would then feed the wrong
books (session fixation). There the first visit only shows who began it and for whom, and uses
nothing up; the answer counts when the person at the browser agrees.

Only GET is answered besides: a HEAD (link checkers send it) must not use up a state that works
once.
"""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.params import RawBody

from core.domain.catalogue import CATALOGUE, AuthKind, CatalogueEntry
from core.domain.failures import CorrectRequest, Failure
from core.services.authorising import AUTHORISATION_MINUTES, Began, Completion, callback_path
from core.services.services import Services
from interfaces.http import agreeing
from interfaces.http.pages import FORM_POLICY, page
from interfaces.http.problems import HTTP_STATUS, AnyRequest, forgotten
from interfaces.oauth_answer import QUERY_BYTES_MAX, parameters

HTML: Final = "text/html"
RETRY_AFTER_SECONDS: Final = 60

AGREEMENT_BYTES_MAX: Final = 4 * QUERY_BYTES_MAX
"""A form that carries a whole query, with most of it percent-encoded once more."""

_log: Final = logging.getLogger("monitr.http")

Opener = Callable[[], Services]


def callback_handlers(services: Opener, callback_base: str) -> list[HTTPRouteHandler]:
    """The handlers of every provider of the catalogue that is connected by OAuth.

    ``callback_base``: the address browsers are sent to, which tells whether others reach it.
    """
    entries = [entry for entry in CATALOGUE if entry.auth is AuthKind.OAUTH]
    if agreeing.is_loopback(callback_base):
        return [_direct(entry, services) for entry in entries]
    secure = callback_base.startswith("https:")
    return [
        handler
        for entry in entries
        for handler in (
            _asking(entry, services, secure=secure),
            _agreed(entry, services, secure=secure),
        )
    ]


def _direct(entry: CatalogueEntry, services: Opener) -> HTTPRouteHandler:
    @get(callback_path(entry.key), sync_to_thread=True, name=f"callback-{entry.key}")
    def callback(request: AnyRequest) -> Response[str]:
        return _told(
            entry, lambda: _answer(entry, _complete(entry, services, parameters(_query(request))))
        )

    return callback


def _asking(entry: CatalogueEntry, services: Opener, *, secure: bool) -> HTTPRouteHandler:
    """Shows who began this, and asks."""

    @get(callback_path(entry.key), sync_to_thread=True, name=f"callback-{entry.key}")
    def callback(request: AnyRequest) -> Response[str]:
        def asked() -> Response[str]:
            query = _query(request)
            answer = parameters(query)
            if "error" in answer:
                # A refusal only ends the attempt: there is nothing to agree to.
                return _answer(entry, _complete(entry, services, answer))
            state = answer.get("state", "")
            began = services().authorising.began(entry.key, state)
            # Kept when there is one: two connections may be under way in two tabs.
            nonce = agreeing.nonce_in(request.cookies, secure=secure) or agreeing.new_nonce()
            return _question(
                entry,
                began,
                {
                    agreeing.TOKEN_FIELD: agreeing.token(nonce, provider=entry.key, state=state),
                    agreeing.ANSWER_FIELD: query,
                },
                _cookie(nonce, secure=secure),
            )

        return _told(entry, asked)

    return callback


def _agreed(entry: CatalogueEntry, services: Opener, *, secure: bool) -> HTTPRouteHandler:
    """Takes the answer somebody agreed to, in the browser that was asked."""

    @post(
        callback_path(entry.key),
        status_code=HTTPStatus.OK,
        sync_to_thread=True,
        name=f"callback-{entry.key}-agreed",
        request_max_body_size=AGREEMENT_BYTES_MAX,
    )
    def agreed(request: AnyRequest, body: RawBody) -> Response[str]:
        def taken() -> Response[str]:
            form = parameters(body.decode("latin-1"), bytes_max=AGREEMENT_BYTES_MAX)
            answer = parameters(form.get(agreeing.ANSWER_FIELD, ""))
            fits = agreeing.fits(
                form.get(agreeing.TOKEN_FIELD, ""),
                agreeing.nonce_in(request.cookies, secure=secure),
                provider=entry.key,
                state=answer.get("state", ""),
                fetch_site=request.headers.get("sec-fetch-site"),
            )
            if not fits:
                raise CorrectRequest(
                    "This browser was not asked whether to connect, so nothing was connected. "
                    "Start the connection again in Monitr, and allow cookies for this address.",
                    code="not-agreed",
                )
            return _answer(entry, _complete(entry, services, answer))

        return _told(entry, taken)

    return agreed


def _query(request: AnyRequest) -> str:
    return request.scope["query_string"].decode("latin-1")


def _complete(entry: CatalogueEntry, services: Opener, answer: dict[str, str]) -> Completion:
    return services().authorising.complete(entry.key, answer)


def _told(entry: CatalogueEntry, work: Callable[[], Response[str]]) -> Response[str]:
    """What the work answers; a page also when it fails, because a person waits in a browser."""
    try:
        return work()
    except Failure as failure:
        _log.info("callback %s refused: %s", entry.key, failure.code)
        return _refusal(entry, failure)
    except Exception as error:  # noqa: BLE001 - see above
        _log.error("callback %s: %s", entry.key, type(error).__name__)
        return _refusal(entry, forgotten(error))


def _question(
    entry: CatalogueEntry, began: Began, fields: dict[str, str], cookie: Cookie
) -> Response[str]:
    html = page(
        f"Connect {entry.name}?",
        f"{began.operator} began connecting {entry.name} to Monitr for the organisation "
        f"{began.organisation_name}.",
        f"Go on only if that was you, within the last {AUTHORISATION_MINUTES} minutes: the books "
        "will be read into that organisation. If somebody sent you here, close this page; nothing "
        "has been connected.",
        asking=(f"Yes, connect {entry.name} to {began.organisation_name}", fields),
    )
    return Response(
        html,
        media_type=HTML,
        headers={"Content-Security-Policy": FORM_POLICY},
        cookies=[cookie],
    )


def _cookie(nonce: str, *, secure: bool) -> Cookie:
    return Cookie(
        key=agreeing.cookie_name(secure=secure),
        value=nonce,
        path="/",
        max_age=AUTHORISATION_MINUTES * 60,
        secure=secure,
        httponly=True,
        samesite="strict",
    )


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
