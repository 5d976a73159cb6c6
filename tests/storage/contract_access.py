"""What every storage promises about API tokens and repeatable requests."""

import attrs

from core.domain.access import ApiToken, Scope
from core.ports.access import Repeat
from core.ports.storage import Storage
from tests.storage.makers import NOW, later


def token(key: str, organisation_id: str = "org_1", seconds: float = 0) -> ApiToken:
    return ApiToken(
        id=key,
        organisation_id=organisation_id,
        name="Café",
        scope=Scope.OPERATE,
        secret_sha256="ab" * 32,
        created_at=later(seconds),
        created_by="cli:me",
    )


def repeat(key: str, organisation_id: str = "org_1", seconds: float = 0) -> Repeat:
    return Repeat(
        organisation_id=organisation_id,
        key_sha256=key,
        request_sha256="r",
        began_at=later(seconds),
    )


class AccessContract:
    """Subclasses give the fixture ``storage``."""

    def test_api_tokens(self, storage: Storage) -> None:
        second, first, other = token("tok_a", seconds=2), token("tok_b"), token("tok_c", "org_2")
        used = attrs.evolve(first, last_used_at=later(5), revoked_at=later(6), scope=Scope.ADMIN)
        with storage.writing() as unit:
            for row in (second, first, other):
                unit.api_tokens.save(row)
            unit.api_tokens.save(used)
            unit.commit()
        with storage.writing() as unit:
            unit.api_tokens.save(token("tok_never"))
        with storage.reading() as unit:
            assert unit.api_tokens.get("tok_b") == used
            assert unit.api_tokens.get("tok_never") is None
            assert list(unit.api_tokens.of("org_1")) == [used, second]
            assert list(unit.api_tokens.of("org_2")) == [other]

    def test_repeats(self, storage: Storage) -> None:
        young, old, foreign = repeat("k2", seconds=9), repeat("k1"), repeat("k1", "org_2", 1)
        answered = attrs.evolve(young, answered=True, request_sha256="q")
        with storage.writing() as unit:
            for row in (young, old, foreign, answered):
                unit.repeats.save(row)
            unit.repeats.save(repeat("gone"))
            unit.repeats.delete("org_1", "gone")
            unit.repeats.delete("org_1", "never there")
            unit.commit()
        with storage.reading() as unit:
            assert unit.repeats.get("org_1", "k1") == old
            assert unit.repeats.get("org_2", "k1") == foreign
            assert unit.repeats.get("org_1", "k2") == answered
            assert unit.repeats.get("org_1", "gone") is None
            assert list(unit.repeats.begun_before(later(9), limit=9)) == [old, foreign]
            assert list(unit.repeats.begun_before(later(10), limit=1)) == [old]
            assert list(unit.repeats.begun_before(NOW, limit=9)) == []
