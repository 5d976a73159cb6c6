"""Query parameters nobody documented are refused: a filter with a slip in its name would else pass
for a filter, and a program would read everything while it believes to read a part.
"""

from typing import Final
from urllib.parse import parse_qsl

from attrs import define, field
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.types import HTTPScope

from core.domain.failures import CorrectRequest

PARAMETERS_MAX: Final = 100
NAME_CHARACTERS_SHOWN: Final = 40


@define
class Documented:
    """The query parameters of each documented route, read off the application once it is built."""

    _known: dict[tuple[str, str], dict[str, bool]] = field(factory=dict, init=False)
    """Whether each may be given more than once."""

    async def learn(self, app: Litestar) -> None:
        """A start-up hook of the application."""
        for route in app.routes:
            if not isinstance(route, HTTPRoute):
                continue
            for method, (handler, model) in route.route_handler_map.items():
                if handler.resolve_include_in_schema():
                    self._known[route.path_format, str(method)] = {
                        one.field_alias: one.is_sequence for one in model.expected_query_params
                    }

    def require(self, scope: HTTPScope) -> None:
        """CorrectRequest for a query with any other parameter, or with one twice that is one."""
        known = self._known.get((str(scope["path_template"]), scope["method"]))
        query = scope["query_string"]
        if known is None or not query:
            return
        try:
            pairs = parse_qsl(
                query.decode("latin-1"), keep_blank_values=True, max_num_fields=PARAMETERS_MAX
            )
        except ValueError:
            raise _refused("has too many parameters") from None
        seen: set[str] = set()
        for name, _ in pairs:
            if name not in known:
                shown = ascii(name[:NAME_CHARACTERS_SHOWN])
                raise _refused(f"has a parameter {shown} that this address does not take")
            if name in seen and not known[name]:
                raise _refused(f"gives {name} twice")
            seen.add(name)


def _refused(what: str) -> CorrectRequest:
    return CorrectRequest(f"The query {what}: look at the documentation.", code="bad-request")
