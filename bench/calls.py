"""Calls of a full import and of a changed night, per provider, beside the fewest there can be.

``python -m bench calls`` runs the counting test of every provider's conformance kit, whose own rule
for the fewest calls comes from how the provider pages; the target allows a tenth more. A provider
with several ways (REST and SOAP, with and without journals, versions) has a line for each.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

SECONDS_MAX: Final = 900
MARGIN: Final = 1.1
_TOLD: Final = re.compile(
    r"^(\S+): (full import|changed night) (\d+) calls, fewest (\d+)$", re.MULTILINE
)
_NAMES: Final = {"full import": "full", "changed night": "night"}


def main() -> None:
    """Print ``name value target`` lines."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and tests
        [
            *(sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider"),
            *("-m", "not live", "-k", "calls_are_the_fewest_possible", "tests/providers"),
        ],
        check=False,
        stdout=subprocess.PIPE,
        text=True,
        timeout=SECONDS_MAX,
        cwd=Path(__file__).parent.parent,
    )
    found = _TOLD.findall(done.stdout)
    for provider, import_kind, calls, fewest in sorted(set(found)):
        most = int(int(fewest) * MARGIN)
        print(f"calls_{_NAMES[import_kind]}_{provider} {calls} <={max(most, int(fewest))}")
    if done.returncode != 0 or not found:
        print(done.stdout[-2_000:], file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
