"""What every storage promises about uploads and saved mappings."""

import datetime as dt

import attrs

from core.domain.file_import import (
    ColumnMapping,
    DateOrder,
    Declared,
    EntriesBy,
    FileFormat,
    Look,
    Remark,
    Summary,
    Target,
    Upload,
    UploadStatus,
    Weight,
)
from core.ports.storage import Storage
from tests.storage.makers import NOW, later

MAPPING = ColumnMapping(
    columns={Target.DATE: 0, Target.AMOUNT: 3, Target.ACCOUNT: 1},
    decimal=",",
    date_order=DateOrder.DMY,
    entries_by=EntriesBy.DATE,
    sheet="Blad 1",
)


def upload(key: str, entity_id: str = "ent_1", **changes: object) -> Upload:
    made = Upload(
        id=key,
        organisation_id="org_1",
        entity_id=entity_id,
        integration_id="int_1",
        administration_key="blom",
        name="Café 2024.csv",
        sha256="ab" * 32,
        size_bytes=2**33,
        status=UploadStatus.STAGED,
        created_at=NOW,
        created_by="cli:me",
        look=Look(
            format=FileFormat.CSV,
            label="CSV",
            mapping=MAPPING,
            columns=("Datum", "Rekening"),
            sample=((2, ("1-1-2024", "1000")),),
            remarks=(Remark(weight=Weight.WARNING, code="c", sentence="s"),),
        ),
        reading_sha256="cd" * 32,
        summary=Summary(
            lines=2,
            debit_e4=2**62,
            first=dt.date(2024, 1, 1),
            last_day=dt.date(2024, 12, 31),
            declared=Declared(lines=2, first=dt.date(2024, 1, 1), fiscal_year="2024"),
        ),
    )
    return attrs.evolve(made, **changes)  # type: ignore[arg-type]  # checked by the class


class UploadContract:
    """Subclasses give the fixture ``storage``."""

    def test_uploads(self, storage: Storage) -> None:
        older, newer, other = upload("upl_1"), upload("upl_2"), upload("upl_3", "ent_2")
        with storage.writing() as unit:
            for row in (newer, older, other):
                unit.uploads.save(row)
            unit.commit()
        with storage.writing() as unit:
            unit.uploads.save(upload("upl_9"))
        with storage.reading() as unit:
            assert unit.uploads.get("upl_2") == newer
            assert unit.uploads.get("upl_9") is None
            assert list(unit.uploads.of("ent_1")) == [newer, older]
            assert list(unit.uploads.of("ent_1", limit=1)) == [newer]
            assert list(unit.uploads.of("ent_1", before="upl_2")) == [older]
            assert list(unit.uploads.active("int_1", "blom")) == []

    def test_active_ones_come_in_the_order_they_were_confirmed(self, storage: Storage) -> None:
        late = upload("upl_1").confirmed(later(9))
        early = upload("upl_2").confirmed(later(1))
        undone = upload("upl_3").confirmed(later(2)).undone(later(3))
        elsewhere = upload("upl_4", administration_key="rose").confirmed(later(1))
        with storage.writing() as unit:
            for row in (late, early, undone, elsewhere, upload("upl_5").discarded()):
                unit.uploads.save(row)
            unit.commit()
        with storage.reading() as unit:
            assert list(unit.uploads.active("int_1", "blom")) == [early, late]
            assert unit.uploads.uses("ab" * 32) == 4
            assert unit.uploads.uses("00" * 32) == 0

    def test_a_mapping_is_remembered_per_organisation_and_source(self, storage: Storage) -> None:
        with storage.writing() as unit:
            unit.uploads.save_mapping("org_1", "s", attrs.evolve(MAPPING, decimal="."))
            unit.uploads.save_mapping("org_1", "s", MAPPING)
            unit.commit()
        with storage.reading() as unit:
            assert unit.uploads.mapping("org_1", "s") == MAPPING
            assert unit.uploads.mapping("org_2", "s") is None
            assert unit.uploads.mapping("org_1", "t") is None
