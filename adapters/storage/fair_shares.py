"""Who may take one of the calls that are left, when several parties want them. Pure arithmetic.

While several parties want calls of one window, each may take an equal share of what is left
together with what they took. Beyond its share a party takes only what the others' shares leave
over. A party that stopped asking wants nothing any more, and its share is everybody's: who calls
alone has it all.

A party wants calls for a while after it asked, and, when it was sent away until a window opens,
for a while after that instant: who comes first then must not take it all. How long depends on the
window. Where it slides (up to 300 s) who wants calls comes at once; a day's quota is also wanted
by runs that were put back in the queue.
"""

from collections.abc import Mapping
from typing import Final

from attrs import frozen

_SECOND_US: Final = 1_000_000


@frozen(kw_only=True)
class Patience:
    """How long a party is thought to want more calls, in microseconds."""

    after_asking_us: int
    after_promise_us: int
    """After the instant it was told to come back at."""


SHORT: Final = Patience(after_asking_us=_SECOND_US, after_promise_us=3 * _SECOND_US)
LONG: Final = Patience(after_asking_us=60 * _SECOND_US, after_promise_us=3_600 * _SECOND_US)


@frozen(kw_only=True)
class Party:
    """What one party took in the window that begins at ``window_us``, and until when it wants more.

    Long windows are the provider's; for sliding ones the count begins anew with each length of them
    since 1970, which is near enough for fairness.
    """

    window_us: int
    calls: int
    until_us: int

    def taken(self, window_us: int) -> int:
        return self.calls if self.window_us == window_us else 0


def after_call(before: Party | None, window_us: int, now_us: int, patience: Patience) -> Party:
    """The party once a call of it was counted."""
    calls = 1 + (before.taken(window_us) if before is not None else 0)
    return Party(window_us=window_us, calls=calls, until_us=now_us + patience.after_asking_us)


def sent_away(before: Party | None, window_us: int, promised_us: int, patience: Patience) -> Party:
    """The party once it was told to come back at that instant."""
    until_us = promised_us + patience.after_promise_us
    if before is not None:
        until_us = max(until_us, before.until_us)
    calls = before.taken(window_us) if before is not None else 0
    return Party(window_us=window_us, calls=calls, until_us=until_us)


def lapse_of_claims(
    parties: Mapping[str, Party], asking: str, *, left: int, window_us: int
) -> int | None:
    """None: one of the ``left`` calls is for who asks. Otherwise when a claim of others lapses."""
    others = [party for name, party in parties.items() if name != asking]
    if not others:
        return None
    mine = parties[asking].taken(window_us) if asking in parties else 0
    taken = sum(party.taken(window_us) for party in others)
    share = -(-(left + mine + taken) // (len(others) + 1))
    behind = [party for party in others if party.taken(window_us) < share]
    claimed = sum(share - party.taken(window_us) for party in behind)
    if mine < share or left > claimed:
        return None
    return min(party.until_us for party in behind)
