"""`monitr token`: made once, listed without the secret, revoked."""

import json

from tests.interfaces.stage import Stage


def test_a_token_is_shown_once_and_ends_when_revoked(stage: Stage) -> None:
    made = stage.run("token", "create", "--scope", "operate", "--name", "reporting", "--json")
    document = json.loads(made.out)
    assert made.code == 0
    assert document["scope"] == "operate"
    held = stage.services.access.authenticate(document["token"])
    listed = stage.run("token", "list", "--json")
    assert document["token"] not in listed.out
    assert json.loads(listed.out)["items"][0]["last_used_at"] == held.last_used_at.isoformat()  # type: ignore[union-attr]  # used a moment ago
    ended = stage.run("token", "revoke", document["id"])
    assert (ended.code, "no longer works" in ended.err) == (0, True)
    assert json.loads(stage.run("token", "list", "--json").out)["items"][0]["revoked_at"]


def test_only_the_token_goes_to_standard_output(stage: Stage) -> None:
    made = stage.run("token", "create", "--scope", "read")
    assert stage.services.access.authenticate(made.out.strip()).usable
    assert "shown only now" in made.err


def test_what_cannot_be_is_said(stage: Stage) -> None:
    assert stage.run("token", "create").code == 2
    assert stage.run("token", "create", "--scope", "owner").code == 2
    unknown = stage.run("token", "revoke", "tok_x")
    assert (unknown.code, "unknown-token" in unknown.err) == (2, True)
