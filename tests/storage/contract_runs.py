"""What every storage promises about import runs."""

import attrs

from core.domain.failures import Action, Trouble
from core.domain.import_run import Progress, RunStatus
from core.domain.proof import Cell, Proof, Residual, Verdict
from core.domain.schedule import Slot
from core.ports.storage import Storage
from tests.storage.makers import ENT, NOW, day, import_run, later

TROUBLE = Trouble(
    action=Action.WAIT, sentence="Wait.", detail="429", code="x", retry_at=later(9), setting="é"
)


class RunContract:
    """Import runs. Subclasses give the fixture ``storage``."""

    def test_a_run_comes_back_whole(self, storage: Storage) -> None:
        cell = Cell(account_key="1000", year=2025, period=1)
        run = attrs.evolve(
            import_run("run_1", slot=Slot(entity_id=ENT, local_date=day(3), ordinal=2)),
            late=True,
            strikes=2,
            bookmark="…",
            generation=4,
            started_at=later(1),
            progress=Progress(batches=1, lines=7, stage="journal lines", expected_lines=9),
            trouble=TROUBLE,
            proof=Proof(
                verdict=Verdict.DIFFERS,
                residual_count=1,
                residuals=(Residual(cell=cell, ours_e4=1, theirs_e4=-(2**62)),),
            ),
        )
        with storage.writing() as unit:
            assert unit.runs.add(run)
            assert not unit.runs.add(run)
            unit.commit()
        with storage.reading() as unit:
            assert unit.runs.get("run_1") == run
            assert unit.runs.get("run_2") is None

    def test_at_most_one_unfinished_run_per_link(self, storage: Storage) -> None:
        with storage.writing() as unit:
            assert unit.runs.add(import_run("run_1"))
            assert not unit.runs.add(import_run("run_2"))
            assert unit.runs.add(import_run("run_3", link_id="lnk_2"))
            assert unit.runs.unfinished("lnk_1") == import_run("run_1")
            failed = import_run("run_1").unusable(now=NOW, trouble=TROUBLE)
            assert unit.runs.replace(import_run("run_1"), failed)
            assert unit.runs.unfinished("lnk_1") is None
            assert unit.runs.add(import_run("run_2"))
            assert unit.runs.get("run_1") == failed

    def test_at_most_one_run_per_slot(self, storage: Storage) -> None:
        slot = Slot(entity_id=ENT, local_date=day(1), ordinal=1)
        with storage.writing() as unit:
            assert unit.runs.add(import_run("run_1", slot=slot))
            assert not unit.runs.add(import_run("run_2", link_id="lnk_2", slot=slot))
            assert unit.runs.get("run_2") is None
            other = attrs.evolve(slot, ordinal=2)
            assert unit.runs.add(import_run("run_3", link_id="lnk_3", slot=other))

    def test_replace_is_compare_and_swap(self, storage: Storage) -> None:
        waiting = import_run("run_1")
        mine = waiting.claimed(owner="a", now=NOW, generation=1, bookmark=None)
        theirs = waiting.claimed(owner="b", now=NOW, generation=1, bookmark=None)
        with storage.writing() as unit:
            unit.runs.add(waiting)
            assert unit.runs.replace(waiting, mine)
            assert not unit.runs.replace(waiting, theirs)
            assert unit.runs.get("run_1") == mine
            missing = import_run("run_9")
            assert not unit.runs.replace(missing, missing)

    def test_a_finished_run_never_changes(self, storage: Storage) -> None:
        waiting = import_run("run_1")
        running = waiting.claimed(owner="a", now=NOW, generation=1, bookmark=None)
        done = running.published(now=later(1), proof=Proof(verdict=Verdict.PROVEN))
        with storage.writing() as unit:
            unit.runs.add(waiting)
            assert unit.runs.replace(waiting, running)
            assert unit.runs.replace(running, done)
            assert not unit.runs.replace(done, attrs.evolve(done, late=True))
            assert unit.runs.get("run_1") == done

    def test_the_fence(self, storage: Storage) -> None:
        waiting = import_run("run_1")
        running = waiting.claimed(owner="a", now=NOW, generation=1, bookmark=None)
        with storage.writing() as unit:
            unit.runs.add(waiting)
            assert unit.runs.held("run_1", 0) is None
            unit.runs.replace(waiting, running)
            assert unit.runs.held("run_1", 1) == running
            assert unit.runs.held("run_1", 0) is None
            assert unit.runs.held("run_1", 2) is None
            assert unit.runs.held("run_9", 1) is None
            back = running.put_back(due_at=NOW, trouble=TROUBLE, strike=True)
            unit.runs.replace(running, back)
            assert unit.runs.held("run_1", 1) is None

    def test_due_runs_come_the_longest_due_first(self, storage: Storage) -> None:
        with storage.writing() as unit:
            for number, seconds in ((1, 0.0), (2, -5.0), (3, 0.000001), (4, -1.0)):
                run = import_run(f"run_{number}", link_id=f"lnk_{number}", due_at=later(seconds))
                assert unit.runs.add(run)
            claimed = import_run("run_5", link_id="lnk_5", due_at=later(-9))
            unit.runs.add(claimed)
            unit.runs.replace(
                claimed, claimed.claimed(owner="a", now=NOW, generation=1, bookmark=None)
            )
            unit.commit()
        with storage.reading() as unit:
            ids = [run.id for run in unit.runs.due(NOW, 10)]
            assert ids == ["run_2", "run_4", "run_1"]
            assert [run.id for run in unit.runs.due(NOW, 1)] == ["run_2"]

    def test_runs_in_progress_come_by_the_end_of_their_lease(self, storage: Storage) -> None:
        with storage.writing() as unit:
            for number, seconds in ((1, 5.0), (2, -5.0), (3, 0.0)):
                run = import_run(f"run_{number}", link_id=f"lnk_{number}")
                unit.runs.add(run)
                at = later(seconds)
                unit.runs.replace(run, run.claimed(owner="a", now=at, generation=1, bookmark=None))
            unit.runs.add(import_run("run_4", link_id="lnk_4"))
            found = unit.runs.in_progress(10)
            assert [run.id for run in found] == ["run_2", "run_3", "run_1"]
            assert all(run.status is RunStatus.IN_PROGRESS for run in found)
            assert [run.id for run in unit.runs.in_progress(2)] == ["run_2", "run_3"]

    def test_lists_of_runs(self, storage: Storage) -> None:
        with storage.writing() as unit:
            for number in range(1, 6):
                unit.runs.add(
                    import_run(
                        f"run_{number}",
                        link_id=f"lnk_{number}",
                        entity_id=f"ent_{number % 2}",
                        organisation_id="org_2" if number == 5 else "org_1",
                    )
                )
            runs = unit.runs
            assert [run.id for run in runs.of("org_1")] == ["run_4", "run_3", "run_2", "run_1"]
            assert [run.id for run in runs.of("org_1", before="run_3", limit=1)] == ["run_2"]
            assert [run.id for run in runs.of("org_1", entity_id="ent_1")] == ["run_3", "run_1"]
            newest = runs.newest(["ent_0", "ent_1", "ent_9"])
            assert {key: run.id for key, run in newest.items()} == {
                "ent_0": "run_4",
                "ent_1": "run_5",
            }
            assert runs.newest([]) == {}
