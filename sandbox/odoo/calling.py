"""One call of a method by a user, whatever protocol brought it."""

from typing import Any

from sandbox.odoo.fields import Context, Model
from sandbox.odoo.master_models import MODELS
from sandbox.odoo.methods import Arguments, Method, check_arguments, find_method, find_model
from sandbox.odoo.people import User
from sandbox.odoo.refusals import foreign_company, unprocessable, user_error
from sandbox.odoo.store import Store


def context_of(store: Store, user: User, version: int, given: object) -> Context:
    """``allowed_company_ids``: its first is the current company; none but the user's own."""
    document = given if isinstance(given, dict) else {}
    asked = document.get("allowed_company_ids") or []
    if any(number not in user.companies for number in asked):
        raise foreign_company()
    return Context(
        store=store,
        user=user,
        company=asked[0] if asked else user.default_company,
        allowed=tuple(asked) or user.companies,
        version=version,
        active_test=document.get("active_test", True) is not False,
    )


def call_by_name(store: Store, user: User, version: int, path: tuple[str, str], body: Any) -> Any:  # noqa: ANN401
    """JSON-2: named arguments, ``ids`` and ``context`` beside them."""
    model = find_model(path[0])
    method = find_method(model, path[1], version)
    given: Arguments = dict(body)
    ctx = context_of(store, user, version, given.pop("context", None))
    if not method.of_records and "ids" in given:
        raise unprocessable(f"cannot call {model.name}.{path[1]} with ids")
    if method.of_records:
        given.setdefault("ids", [])
    return _run(model, method, ctx, given)


def call_by_position(
    store: Store, user: User, version: int, path: tuple[str, str], arguments: tuple[Any, Any]
) -> Any:  # noqa: ANN401
    """``execute_kw``: positional arguments, the ids first for methods of records."""
    if path[0] not in MODELS:
        raise user_error(f"Object {path[0]} doesn't exist")
    model = find_model(path[0])
    method = find_method(model, path[1], version)
    positional, named = arguments
    names = (("ids",) if method.of_records else ()) + method.names
    if len(positional) > len(names):
        raise unprocessable(f"takes {len(names)} positional arguments but more were given")
    given: Arguments = dict(zip(names, positional, strict=False))
    further = dict(named)
    ctx = context_of(store, user, version, further.pop("context", None))
    return _run(model, method, ctx, given | further)


def _run(model: Model, method: Method, ctx: Context, given: Arguments) -> Any:  # noqa: ANN401
    check_arguments(method, given)
    return method.run(model, ctx, given)
