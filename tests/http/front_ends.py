"""Which service calls occur in which front end's source, and what each front end offers."""

import ast
import inspect
import typing
from collections.abc import Iterator
from pathlib import Path

import typer

from core.services.services import Services
from interfaces.cli.app import build_app
from interfaces.http.app import API_HANDLERS
from interfaces.http.openapi import PREFIX
from interfaces.launcher import Launcher

ROOT = Path(__file__).parents[2] / "interfaces"


def services() -> dict[str, type]:
    """Every service by the name front ends know it by."""
    return {
        name: typing.get_type_hints(held.fget)["return"]
        for name, held in vars(Services).items()
        if isinstance(held, property) and held.fget is not None
    }


def use_cases() -> set[str]:
    """Every public method of every service: ``reading.lines``."""
    return {
        f"{service}.{method}"
        for service, kind in services().items()
        for method, _ in inspect.getmembers(kind, inspect.isfunction)
        if not method.startswith("_")
    }


def calls_in(front_end: str) -> set[str]:
    """Every ``service.method`` the front end's source names, through local names too."""
    found: set[str] = set()
    for path in sorted((ROOT / front_end).rglob("*.py")):
        found |= set(_calls(ast.parse(path.read_text(encoding="utf-8"))))
    return found


def _calls(tree: ast.AST) -> Iterator[str]:
    known = set(services())
    names = {name: name for name in known}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute):
            for target in node.targets:
                if isinstance(target, ast.Name) and node.value.attr in known:
                    names[target.id] = node.value.attr
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        owner = node.value
        if isinstance(owner, ast.Name) and owner.id in names:
            yield f"{names[owner.id]}.{node.attr}"
        elif isinstance(owner, ast.Attribute) and owner.attr in known:
            yield f"{owner.attr}.{node.attr}"


def routes() -> set[str]:
    """``GET /v1/entities``."""
    return {
        f"{method} {PREFIX}{path.replace(':str}', '}')}"
        for handler in API_HANDLERS
        for path in handler.paths
        for method in handler.http_methods
    }


def commands() -> set[str]:
    """``books lines``."""

    def launcher(_: Path | None) -> Launcher:
        raise AssertionError("nothing is run")

    app = build_app(launcher)
    found = {str(one.name) for one in app.registered_commands}
    for group in app.registered_groups:
        inner = group.typer_instance
        assert isinstance(inner, typer.Typer)
        found |= {f"{group.name} {one.name}" for one in inner.registered_commands}
    return found
