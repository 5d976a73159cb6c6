"""Run every measurement, each in a process of its own: ``python -m bench [NAME...]``.

A measurement is a module beside this one with a ``main()`` that prints lines ``name value`` or
``name value target``, a target being a bound such as ``<=180`` or ``>=0.4``. The exit code is 1
when a target is missed or a measurement breaks.
"""

import ast
import operator
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
BOUNDS: Final[dict[str, Callable[[float, float], bool]]] = {"<=": operator.le, ">=": operator.ge}


def measurements() -> Iterator[str]:
    """Names of the modules with a ``main``, without importing any: memory is measured too."""
    for path in sorted(HERE.glob("[!_]*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
            yield path.stem


def is_met(value: str, target: str) -> bool:
    """Whether ``value`` is within ``target``; ValueError for a target that is no bound."""
    bound, figure = target[:2], target[2:]
    if bound not in BOUNDS:
        raise ValueError(f"{target!r} is no bound such as <=180 or >=0.4")
    return BOUNDS[bound](float(value), float(figure))


def measure(name: str) -> bool:
    """Run one and print its figures; whether it ended well with every target met."""
    with subprocess.Popen(  # noqa: S603 - this interpreter, our own module
        [sys.executable, "-m", f"bench.{name}"], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        met = [_printed(line.split()) for line in child.stdout if line.strip()]
    if child.returncode != 0:
        print(f"{name} broke with exit code {child.returncode}", file=sys.stderr)
    return child.returncode == 0 and all(met)


def _printed(words: Sequence[str]) -> bool:
    name, value, target = (*words, "", "")[:3]
    met = not target or is_met(value, target)
    print(f"{name:40} {value:>14}  {target:10}{'' if met else ' MISSED'}".rstrip(), flush=True)
    return met


def main(asked: Sequence[str]) -> int:
    known = list(measurements())
    if unknown := sorted(set(asked) - set(known)):
        print(f"no such measurement: {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    met = [measure(name) for name in asked or known]  # every one, whatever the first says
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
