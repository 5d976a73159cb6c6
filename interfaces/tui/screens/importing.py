"""Asking for imports, the same from every screen."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from interfaces.tui.screen import MonitrScreen
from interfaces.tui.widgets.dialogs import Confirm
from interfaces.tui.widgets.words import count

if TYPE_CHECKING:
    from core.services.importing import Requested
    from core.services.services import Services


def import_now(screen: MonitrScreen, entity_ids: Sequence[str] | None) -> None:
    """Request imports (None: of every entity) and say what became of the request."""
    organisation_id, operator = screen.organisation_id, screen.monitr.operator

    def question(services: "Services") -> "tuple[Requested, ...]":
        return services.importing.request(organisation_id, entity_ids, operator=operator)

    screen.ask(question, partial(_say, screen), group="import")


def import_all(screen: MonitrScreen, entities: int) -> None:
    """Ask first: it may be thousands."""
    if entities == 0:
        import_now(screen, None)
        return

    def answered(yes: bool | None) -> None:  # noqa: FBT001 - Textual's callback
        if yes:
            import_now(screen, None)

    words = (
        f"Import {count(entities, 'entity', 'entities')} now? "
        "Those already being imported are left alone."
    )
    screen.app.push_screen(Confirm("Import all", words), answered)


def _say(screen: MonitrScreen, answers: "tuple[Requested, ...]") -> None:
    refused = [one.refusal for one in answers if one.refusal is not None]
    begun = sum(1 for one in answers if one.refusal is None)
    if begun:
        words = f"{count(begun, 'import')} requested."
        screen.notify(words, markup=False)
    if refused:
        screen.show_failure(refused[0])
        if len(refused) > 1:
            words = (
                f"{count(len(refused), 'entity', 'entities')} refused; the first reason is shown."
            )
            screen.notify(words, severity="warning", markup=False)
    if not answers:
        screen.notify("No entity is followed yet: nothing to import.", markup=False)
    screen.load()
