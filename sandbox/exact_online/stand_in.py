"""Exact Online as one stand-in."""

from typing import ClassVar

from sandbox.stand_in import Administration, StandIn
from sandbox.wire import WireRequest, WireResponse


class ExactOnline(StandIn):
    key: ClassVar[str] = "exact-online"

    def handle(self, request: WireRequest) -> WireResponse:
        return WireResponse(404, body=request.path.encode())

    def administrations(self) -> list[Administration]:
        return [
            Administration(str(700_000 + number), books.company.name, books, importable=True)
            for number, books in self.world.books.items()
        ]
