"""A coverage-guided fuzzer of the file readers, in a process of its own.

python -m tests.fire.fuzz_files SECONDS CORPUS [audit]

``audit``: audit files only, with the words they are made of.

Every input must be read or refused with a Failure, within 10 seconds per MB and 200 MiB; libFuzzer
ends the process otherwise and leaves the input in the directory for temporary files. Other files
go beside the corpus: libFuzzer ends a process without any cleaning up.
"""

import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

import atheris

with atheris.instrument_imports(include=["adapters.files", "core.domain"]):
    from adapters.files import (
        account_kinds,
        archives,
        audit_masters,
        audit_parts,
        audit_readers,
        audit_text,
        audit_totals,
        audit_walk,
        csv_rows,
        detecting,
        kept,
        keys,
        plain_lines,
        quick_rows,
        readers,
        saft,
        staging,
        table_parts,
        table_readers,
        text_lines,
        values,
        xaf,
        xlsx_rows,
    )

from core.domain.failures import Failure
from sandbox.files import saft_no, saft_pt
from tests.files.audit_files import CLAIR2, OPENING, SALE, YEAR, books, small, transaction
from tests.files.test_hostile import WORKBOOK
from tests.files.test_tables import HEADER, PRESETS, TWO

INPUT_BYTES_MAX: Final = 65_536
INPUT_SECONDS: Final = 10
MEMORY_MIB: Final = 512
"""libFuzzer's own limit on the whole process: 200 MiB for the readers beside the instrumented
interpreter, its coverage maps and the corpus."""

MEASURED: Final = (
    account_kinds, archives, audit_masters, audit_parts, audit_readers, audit_text, audit_totals,
    audit_walk, csv_rows, detecting, kept, keys, plain_lines, quick_rows, readers, saft,
    staging, table_parts, table_readers, text_lines, values, xaf, xlsx_rows,
)  # fmt: skip


def shortened(content: bytes) -> bytes:
    """The ends of a file: its header and first accounts, its last transactions."""
    return content[:8_000] + content[-8_000:]


AUDIT: Final = {
    "xaf": small(before=OPENING).encode(),
    "xaf-long": small(transaction(SALE * 6) * 4).encode(),
    "xaf-wide": small().encode("utf-16"),
    "clair2": CLAIR2.encode("latin-1"),
    "saft-no": shortened(saft_no(books(), YEAR)),
    "saft-pt": shortened(saft_pt(books(), YEAR)),
}
_WORDS: Final = re.compile(rb"</?[A-Za-z]+/?>")


def seeds(corpus: Path, *, audit: bool) -> None:
    """Valid files to begin with."""
    for name, content in AUDIT.items():
        (corpus / name).write_bytes(content)
    if audit:
        return
    for at, text in enumerate([HEADER + TWO, *PRESETS.values()]):
        (corpus / f"table-{at}").write_bytes(text.encode())
        (corpus / f"wide-{at}").write_bytes(text.encode("utf-16"))
    (corpus / "workbook").write_bytes(WORKBOOK)


def words(path: Path) -> None:
    """What libFuzzer puts into inputs beside bytes of its own: every tag of the audit files."""
    found = sorted({word for content in AUDIT.values() for word in _WORDS.findall(content)})
    path.write_text("".join(f'"{word.decode()}"\n' for word in found))


def main() -> None:
    seconds = int(sys.argv[1])
    corpus = Path(sys.argv[2])
    audit = "audit" in sys.argv[3:]
    corpus.mkdir(parents=True, exist_ok=True)
    seeds(corpus, audit=audit)
    path, staged = corpus.parent / "input", corpus.parent / "staged"
    dictionary = corpus.parent / "words"
    words(dictionary)

    def one(data: bytes) -> None:
        path.write_bytes(data)
        staged.mkdir()
        try:
            with archives.unpacked(path) as plain:
                reader = readers.AllReaders().recognise(plain, "x")
                look = reader.look(plain, "x")
                staging.stage(reader.read(plain, look), look, staged)
        except Failure:
            pass
        finally:
            shutil.rmtree(staged)

    atheris.Setup(
        [
            sys.argv[0],
            str(corpus),
            *([f"-dict={dictionary}"] if audit else []),
            f"-max_total_time={seconds}",
            f"-max_len={INPUT_BYTES_MAX}",
            f"-timeout={INPUT_SECONDS}",
            f"-rss_limit_mb={MEMORY_MIB}",
            "-print_final_stats=1",
            f"-artifact_prefix={tempfile.gettempdir()}/monitr-fuzz-",
        ],
        one,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
