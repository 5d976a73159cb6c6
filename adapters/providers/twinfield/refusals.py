"""Answers with status 200 that say no: ``result="0"`` and the finder's error messages.

Their texts are in the user's language: they are quoted in the log and never compared.
"""

from typing import Final

from adapters.providers.kit.xml import Element, text_at
from adapters.providers.twinfield.declaration import PROVIDER
from core.domain.failures import FixSettings

REFUSED: Final = "refused"
_MESSAGES_MAX: Final = 3
_MESSAGE_CHARACTERS_MAX: Final = 200


def check_result(element: Element, about: str) -> None:
    """FixSettings when the document is refused. A warning leaves its data usable."""
    if element.get("result") != "0":
        return
    said = [
        message[:_MESSAGE_CHARACTERS_MAX]
        for one in element.iter()
        if one.get("msgtype") == "error" and (message := one.get("msg"))
    ]
    if said or element.get("msgtype") == "error":
        raise refused(about, "; ".join(said[:_MESSAGES_MAX]))


def check_finder(answer: Element, about: str) -> None:
    for message in answer.iterfind("{*}SearchResult/{*}MessageOfErrorCodes"):
        if text_at(message, "{*}Type") == "Error":
            raise refused(about, text_at(message, "{*}Code") or "no code")


def refused(about: str, said: str) -> FixSettings:
    return FixSettings(
        f"{PROVIDER} refuses to show {about}: give the user who gave consent the right to see it "
        "in this company, or reconnect with another user.",
        detail=f"{about}: {said}",
        code=REFUSED,
    )
