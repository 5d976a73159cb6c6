"""Counts of what was answered, per organisation, and Prometheus text."""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from attrs import define, field

BUCKETS_SECONDS: Final = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0)
CONTENT_TYPE: Final = "text/plain; version=0.0.4"


@define
class Counts:
    """Of this process since it started. Routes are templates, so there are few."""

    _answers: Counter[tuple[str, str, int]] = field(factory=Counter, init=False)
    _within: Counter[tuple[str, float]] = field(factory=Counter, init=False)
    _seconds: Counter[str] = field(factory=Counter, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def count(self, organisation_id: str, route: str, status: int, seconds: float) -> None:
        with self._lock:
            self._answers[organisation_id, route, status] += 1
            self._seconds[organisation_id] += seconds  # type: ignore[assignment]  # a sum of floats
            for bound in BUCKETS_SECONDS:
                if seconds <= bound:
                    self._within[organisation_id, bound] += 1

    def lines(self, organisation_id: str) -> list[str]:
        """The organisation's own, and nobody else's."""
        with self._lock:
            mine = [
                ({"route": route, "status": str(status)}, count)
                for (owner, route, status), count in sorted(self._answers.items())
                if owner == organisation_id
            ]
            total = sum(count for _, count in mine)
            within = [
                ({"le": str(bound)}, self._within[organisation_id, bound])
                for bound in BUCKETS_SECONDS
            ]
            seconds = float(self._seconds[organisation_id])
        name = "monitr_http_answer_seconds"
        return [
            *metric("monitr_http_answers_total", "counter", "Requests answered.", mine),
            *metric(f"{name}", "histogram", "Until an answer began.", within, suffix="_bucket"),
            sample(f"{name}_bucket", {"le": "+Inf"}, total),
            sample(f"{name}_sum", {}, seconds),
            sample(f"{name}_count", {}, total),
        ]


def metric(
    name: str,
    kind: str,
    help_: str,
    samples: Iterable[tuple[Mapping[str, str], float]],
    *,
    suffix: str = "",
) -> list[str]:
    return [
        f"# HELP {name} {help_}",
        f"# TYPE {name} {kind}",
        *(sample(name + suffix, labels, value) for labels, value in samples),
    ]


def sample(name: str, labels: Mapping[str, str], value: float) -> str:
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{inside}}} {value}" if inside else f"{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
