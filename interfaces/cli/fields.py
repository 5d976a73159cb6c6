"""Collecting a connect form's values: options, environment, files, stdin, and asking."""

import getpass
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import typer

from core.domain.failures import CorrectRequest, FixSettings
from core.ports.provider import ConnectForm, FormField
from core.services.connecting import Connection
from interfaces.cli.output import say

FIELD_BYTES_MAX: Final = 16_384
"""Read at most so much of a file or of stdin for one field."""

ENVIRONMENT_PREFIX: Final = "MONITR_FIELD_"
_HINT: Final = "--field"
_MISSING: Final = "missing-field"


def from_environment(form: ConnectForm | None, environ: Mapping[str, str]) -> dict[str, str]:
    """``MONITR_FIELD_CLIENT_ID`` is ``client_id``; names the form does not have are left alone."""
    if form is None:
        return {}
    names = {field.name: variable_of(field) for field in form.fields}
    return {name: environ[variable] for name, variable in names.items() if environ.get(variable)}


def variable_of(field: FormField) -> str:
    return ENVIRONMENT_PREFIX + field.name.upper()


def given(options: Sequence[str] | None, form: ConnectForm | None) -> dict[str, str]:
    """The values at hand; options win over the environment."""
    values = from_environment(form, os.environ)
    stdin_read = False
    for option in options or ():
        name, equals, value = option.partition("=")
        if not equals or not name:
            # The text is not repeated: a value given without its name may be the secret.
            raise typer.BadParameter("write it as NAME=VALUE", param_hint=_HINT)
        if value == "-":
            if stdin_read:
                raise typer.BadParameter("only one field can come from stdin", param_hint=_HINT)
            stdin_read = True
            value = _bounded(sys.stdin.read(FIELD_BYTES_MAX + 1), name)
        elif value.startswith("@@"):
            value = value[1:]
        elif value.startswith("@"):
            value = _bounded(_file(Path(value[1:]), name), name)
        values[name] = value
    return values


def _file(path: Path, name: str) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(FIELD_BYTES_MAX + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise typer.BadParameter(
            f"the file for {name} cannot be read ({reason})", param_hint=_HINT
        ) from None


def _bounded(text: str, name: str) -> str:
    if len(text) > FIELD_BYTES_MAX:
        raise typer.BadParameter(
            f"the value of {name} is longer than {FIELD_BYTES_MAX} characters", param_hint=_HINT
        )
    return text.strip("\r\n")


def asking(
    attempt: Callable[[dict[str, str]], Connection],
    values: dict[str, str],
    form: ConnectForm | None,
    *,
    kept: bool = False,
) -> Connection:
    """Try; ask for what is missing, where somebody is there to answer.

    ``kept``: what is left out stays as it is, so only the service can tell what is missing.
    """
    fields = {field.name: field for field in form.fields} if form is not None else {}
    prepared = form is None or not form.preparation
    for _ in range(len(fields) + 1):
        why = ""
        try:
            return attempt(values)
        except CorrectRequest as refused:
            field = fields.get(refused.setting or "")
            if refused.code != _MISSING or field is None:
                raise
        except FixSettings as refused:
            field = fields.get(refused.setting or "")
            if kept or field is None or not _left_empty(field, values):
                raise
            why = refused.sentence
        if not sys.stdin.isatty():
            raise _missing(field, why)
        if not prepared and form is not None:
            say(form.preparation)
            prepared = True
        if why:
            say(why)
        values[field.name] = _ask(field)
    return attempt(values)


def _left_empty(field: FormField, values: Mapping[str, str]) -> bool:
    """Whether a field that the form calls optional was left out, and the provider wants it: some
    need one of two sets of fields, which a form cannot say.
    """
    return not (field.required or field.default or values.get(field.name, "").strip())


def _ask(field: FormField) -> str:
    if field.help:
        say(field.help)
    prompt = f"{field.label}: "
    try:
        if field.secret:
            return getpass.getpass(prompt, stream=sys.stderr)
        sys.stderr.write(prompt)
        sys.stderr.flush()
        answer = sys.stdin.readline()
    except EOFError:
        raise _missing(field) from None
    if not answer:
        raise _missing(field)
    return answer.strip()


def _missing(field: FormField, why: str = "") -> CorrectRequest:
    """``why``: the provider's sentence, where it was the provider who missed the field."""
    how = f"--field {field.name}=..."
    if field.secret:
        how = f"--field {field.name}=@FILE, {field.name}=- (stdin)"
    told = f"{why} Give {field.label}" if why else f"{field.label} is missing: give it"
    return CorrectRequest(
        f"{told} with {how} or in the environment as {variable_of(field)}.",
        code=_MISSING,
        setting=field.name,
    )
