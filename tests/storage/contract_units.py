"""What every storage promises about units of work and the small repositories."""

import threading
from collections.abc import Callable

import attrs
import pytest

from core.domain.entity import Entity, Link, LinkRole
from core.domain.failures import Action, OurBug, Trouble
from core.domain.integration import Account, Administration, Integration, IntegrationStatus
from core.domain.onboarding import OnboardingStep, Organisation
from core.domain.schedule import SkipReason, Slot, SlotRecord
from core.ports.connections import OAuthAttempt, TokenRow
from core.ports.storage import LIST_MAX, Event, Storage
from tests.storage.makers import ENT, NOW, day, later

TROUBLE = Trouble(
    action=Action.WAIT, sentence="Wait.", detail="429", code="x", retry_at=later(9), setting="é"
)


def organisation(key: str, seconds: float = 0) -> Organisation:
    return Organisation(
        id=key, name=f"Café {key}", time_zone="Europe/Brussels", created_at=later(seconds)
    )


def integration(key: str, organisation_id: str = "org_1", seconds: float = 0) -> Integration:
    return Integration(
        id=key,
        organisation_id=organisation_id,
        provider="xero",
        status=IntegrationStatus.PENDING,
        created_at=later(seconds),
    )


def link(key: str, integration_id: str = "int_1", role: LinkRole = LinkRole.PRIMARY) -> Link:
    return Link(
        id=key, integration_id=integration_id, administration_key="7", provider="xero", role=role
    )


def entity(key: str, *links: Link, organisation_id: str = "org_1") -> Entity:
    return Entity(
        id=key,
        organisation_id=organisation_id,
        name="Bakkerij",
        currency="EUR",
        created_at=NOW,
        links=links,
    )


def token(version: int, integration_id: str = "int_1") -> TokenRow:
    return TokenRow(
        integration_id=integration_id,
        version=version,
        sealed=bytes([0, 255, version]),
        obtained_at=NOW,
        expires_at=later(600),
    )


def attempt(state: str, seconds: float = 0, integration_id: str = "int_1") -> OAuthAttempt:
    return OAuthAttempt(
        state_sha256=state,
        organisation_id="org_1",
        operator="me",
        provider="xero",
        integration_id=integration_id,
        redirect_uri="http://127.0.0.1/x",
        created_at=later(seconds),
        expires_at=later(seconds + 600),
    )


class UnitContract:
    """Units of work. Subclasses give the fixture ``storage``."""

    def test_leaving_without_commit_forgets(self, storage: Storage) -> None:
        with storage.writing() as unit:
            unit.settings.put("a", "1")
            unit.commit()
        with storage.writing() as unit:
            unit.settings.put("a", "2")
            unit.secrets.put("row", b"x")
            assert unit.settings.get("a") == "2"
        with storage.reading() as unit:
            assert (unit.settings.get("a"), unit.secrets.rows()) == ("1", [])

    def test_an_error_forgets_too(self, storage: Storage) -> None:
        def fail() -> None:
            with storage.writing() as unit:
                unit.settings.put("a", "1")
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        with storage.reading() as unit:
            assert unit.settings.get("a") is None

    def test_what_was_committed_stays_when_the_block_fails_later(self, storage: Storage) -> None:
        def fail() -> None:
            with storage.writing() as unit:
                unit.settings.put("a", "1")
                unit.commit()
                unit.settings.put("a", "2")
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        with storage.reading() as unit:
            assert unit.settings.get("a") == "1"

    def test_a_reader_keeps_the_state_it_began_with(self, storage: Storage) -> None:
        with storage.reading() as reader:
            with storage.writing() as unit:
                unit.settings.put("a", "1")
                assert reader.settings.get("a") is None
                unit.commit()
            assert reader.settings.get("a") is None
        with storage.reading() as reader:
            assert reader.settings.get("a") == "1"

    def test_a_reading_unit_cannot_be_committed(self, storage: Storage) -> None:
        with storage.reading() as unit:
            unit.settings.put("a", "1")
            with pytest.raises(OurBug):
                unit.commit()
        with storage.reading() as unit:
            assert unit.settings.get("a") is None

    def test_writers_take_turns(self, storage: Storage) -> None:
        with storage.writing() as unit:
            unit.settings.put("n", "0")
            unit.commit()

        def add() -> None:
            for _ in range(25):
                with storage.writing() as unit:
                    number = int(unit.settings.get("n") or "0")
                    unit.settings.put("n", str(number + 1))
                    unit.commit()

        in_threads(add, 4)
        with storage.reading() as unit:
            assert unit.settings.get("n") == "100"


def in_threads(work: Callable[[], None], count: int) -> None:
    """Run the same work in threads; their errors are raised here."""
    failed: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failed.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


class RepositoryContract:
    """The small repositories. Subclasses give the fixture ``storage``."""

    def test_organisations(self, storage: Storage) -> None:
        first, second = organisation("org_b", 1), organisation("org_a", 2)
        with storage.writing() as unit:
            unit.organisations.save(second)
            unit.organisations.save(first)
            assert list(unit.organisations.all()) == [first, second]
            moved = first.at(OnboardingStep.SELECT_ENTITIES, "int_1")
            unit.organisations.save(moved)
            unit.commit()
        with storage.reading() as unit:
            assert unit.organisations.get("org_b") == moved
            assert unit.organisations.get("org_x") is None
            assert list(unit.organisations.all()) == [moved, second]

    def test_integrations(self, storage: Storage) -> None:
        plain = integration("int_2", seconds=1)
        full = attrs.evolve(
            integration("int_1", seconds=2),
            fields={"site": "nl", "été": "ß"},
            account=Account(key="7", name="Me", email="me@example.org"),
            authorised_at=NOW,
            expires_at=later(1),
            checked_at=later(2),
            trouble=TROUBLE,
        )
        with storage.writing() as unit:
            for row in (full, plain, integration("int_3", "org_2")):
                unit.integrations.save(row)
            unit.commit()
        with storage.reading() as unit:
            assert unit.integrations.get("int_1") == full
            assert unit.integrations.get("int_9") is None
            assert list(unit.integrations.of("org_1")) == [plain, full]

    def test_administrations_keep_the_providers_order(self, storage: Storage) -> None:
        found = [
            Administration(key=key, name="N", currency="EUR", importable=key != "1", obstacle="é")
            for key in ("9", "1", "5")
        ]
        with storage.writing() as unit:
            assert list(unit.integrations.administrations("int_1")) == []
            unit.integrations.save_administrations("int_1", found)
            assert list(unit.integrations.administrations("int_1")) == found
            unit.integrations.save_administrations("int_1", found[1:2])
            unit.commit()
        with storage.reading() as unit:
            assert list(unit.integrations.administrations("int_1")) == found[1:2]

    def test_entities_with_their_links(self, storage: Storage) -> None:
        both = entity("ent_2", link("lnk_9"), link("lnk_1", "int_2", LinkRole.ADDITIONAL))
        rows = [entity("ent_1", link("lnk_2")), both, entity("ent_3"), entity("ent_4")]
        with storage.writing() as unit:
            for row in reversed(rows):
                unit.entities.save(row)
            unit.entities.save(entity("ent_0", organisation_id="org_2"))
            unit.commit()
        with storage.reading() as unit:
            assert unit.entities.get("ent_2") == both
            assert unit.entities.get("ent_9") is None
            assert list(unit.entities.of("org_1")) == rows
            assert list(unit.entities.of("org_1", after="ent_1", limit=2)) == rows[1:3]
            assert list(unit.entities.linked("int_1")) == rows[:2]
            assert list(unit.entities.linked("int_2")) == rows[1:2]

    def test_every_linked_entity_is_listed_however_many(self, storage: Storage) -> None:
        ids = [f"ent_{number:05d}" for number in range(LIST_MAX + 1)]
        with storage.writing() as unit:
            for number, entity_id in enumerate(ids):
                unit.entities.save(entity(entity_id, link(f"lnk_{number}")))
            linked = unit.entities.linked("int_1")
        assert [row.id for row in linked] == ids
        assert all(row.links for row in linked)

    def test_saving_an_entity_replaces_its_links(self, storage: Storage) -> None:
        before = entity("ent_1", link("lnk_1"), link("lnk_2", "int_2", LinkRole.ADDITIONAL))
        after = attrs.evolve(
            before,
            links=before.links[1:],
            published_generation=3,
            published_at=later(5),
            time_zone="Europe/Amsterdam",
        )
        with storage.writing() as unit:
            unit.entities.save(before)
            unit.commit()
        with storage.writing() as unit:
            unit.entities.save(after)
            assert unit.entities.get("ent_1") == after
            unit.commit()
        with storage.reading() as unit:
            assert unit.entities.get("ent_1") == after
            assert list(unit.entities.linked("int_1")) == []

    def test_slots_open_once(self, storage: Storage) -> None:
        def record(date: int, ordinal: int, run_id: str | None) -> SlotRecord:
            slot = Slot(entity_id=ENT, local_date=day(date), ordinal=ordinal)
            skipped = None if run_id else SkipReason.TOO_LATE
            return SlotRecord(slot=slot, opened_at=NOW, late=True, run_id=run_id, skipped=skipped)

        first, second, third = record(1, 1, "run_1"), record(1, 2, None), record(2, 1, "run_3")
        with storage.writing() as unit:
            assert unit.slots.open(second)
            assert unit.slots.open(third)
            assert unit.slots.open(first)
            assert not unit.slots.open(record(1, 1, "run_9"))
            unit.commit()
        with storage.writing() as unit:
            assert not unit.slots.open(record(1, 2, "run_9"))
            assert unit.slots.get(first.slot) == first
            assert unit.slots.get(Slot(entity_id="x", local_date=day(1), ordinal=1)) is None
            assert list(unit.slots.of(ENT)) == [third, second, first]
            assert list(unit.slots.of(ENT, limit=1)) == [third]

    def test_activity_is_followed_by_sequence(self, storage: Storage) -> None:
        def event(text: str, organisation_id: str = "org_1") -> Event:
            return Event(
                organisation_id=organisation_id,
                at=NOW,
                kind="run.published",
                text=text,
                entity_id=ENT,
                data={"lines": "7"},
            )

        with storage.writing() as unit:
            for text in ("a", "b"):
                unit.activity.append(event(text))
            unit.activity.append(event("other", "org_2"))
            unit.commit()
        with storage.writing() as unit:
            unit.activity.append(event("never kept"))
        with storage.writing() as unit:
            unit.activity.append(event("c"))
            unit.commit()
        with storage.reading() as unit:
            seen = list(unit.activity.after("org_1", 0))
            assert [row.text for row in seen] == ["a", "b", "c"]
            assert attrs.evolve(seen[0], sequence=0) == event("a")
            numbers = [row.sequence for row in seen]
            assert 0 < numbers[0] < numbers[1] < numbers[2]
            assert list(unit.activity.after("org_1", numbers[0], limit=1)) == seen[1:2]
            assert list(unit.activity.after("org_1", numbers[2])) == []
            assert list(unit.activity.newest("org_1", limit=2)) == [seen[2], seen[1]]

    def test_secrets(self, storage: Storage) -> None:
        with storage.writing() as unit:
            unit.secrets.put("token:b", b"\x00\xff")
            unit.secrets.put("field:a", b"1")
            unit.secrets.put("field:a", b"2")
            unit.secrets.put("gone", b"3")
            unit.secrets.delete("gone")
            unit.secrets.delete("never there")
            unit.commit()
        with storage.reading() as unit:
            assert unit.secrets.get("token:b") == b"\x00\xff"
            assert unit.secrets.get("field:a") == b"2"
            assert unit.secrets.get("gone") is None
            assert list(unit.secrets.rows()) == ["field:a", "token:b"]

    def test_tokens_are_swapped_by_version(self, storage: Storage) -> None:
        uncertain = attrs.evolve(token(2), uncertain=True, refresh_expires_at=later(9))
        with storage.writing() as unit:
            assert not unit.tokens.swap(token(1), expected_version=0)
            assert unit.tokens.swap(token(1), expected_version=None)
            assert not unit.tokens.swap(token(9), expected_version=None)
            assert not unit.tokens.swap(token(9), expected_version=2)
            assert unit.tokens.get("int_1") == token(1)
            assert unit.tokens.swap(uncertain, expected_version=1)
            assert unit.tokens.swap(token(5, "int_0"), expected_version=None)
            unit.commit()
        with storage.writing() as unit:
            assert list(unit.tokens.all()) == [token(5, "int_0"), uncertain]
            unit.tokens.delete("int_1")
            unit.tokens.delete("int_9")
            assert unit.tokens.get("int_1") is None
            assert unit.tokens.swap(token(1), expected_version=None)

    def test_oauth_attempts(self, storage: Storage) -> None:
        used = attrs.evolve(attempt("b"), used_at=later(1), outcome="Denied.", failed=True)
        with storage.writing() as unit:
            unit.oauth_attempts.add(attempt("b"))
            unit.oauth_attempts.add(attempt("a", 5))
            unit.oauth_attempts.add(attempt("c", 9, "int_2"))
            unit.oauth_attempts.save(used)
            unit.commit()
        with storage.reading() as unit:
            assert unit.oauth_attempts.get("b") == used
            assert unit.oauth_attempts.get("z") is None
            assert unit.oauth_attempts.latest("int_1") == attempt("a", 5)
            assert unit.oauth_attempts.latest("int_9") is None

    def test_leases(self, storage: Storage) -> None:
        with storage.writing() as unit:
            leases = unit.leases
            assert leases.acquire("refresh", "a", now=NOW, until=later(10))
            assert not leases.acquire("refresh", "b", now=later(9), until=later(99))
            assert leases.acquire("other", "b", now=NOW, until=later(10))
            assert leases.acquire("refresh", "a", now=later(9), until=later(20))
            unit.commit()
        with storage.writing() as unit:
            leases = unit.leases
            assert leases.holder("refresh", now=later(19)) == "a"
            assert leases.holder("refresh", now=later(20)) is None
            leases.release("refresh", "b")
            assert leases.holder("refresh", now=later(19)) == "a"
            assert leases.acquire("refresh", "b", now=later(20), until=later(30))
            leases.release("refresh", "b")
            assert leases.holder("refresh", now=later(21)) is None
            leases.release("never held", "b")

    def test_settings(self, storage: Storage) -> None:
        with storage.writing() as unit:
            assert unit.settings.get("a") is None
            unit.settings.put("a", "1")
            unit.settings.put("a", "{}é")
            assert unit.settings.get("a") == "{}é"
