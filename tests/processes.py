"""Processes of their own, forked from one that has imported what they need and done nothing else.

A new interpreter takes a second or two to import Monitr, longer than most such processes here live.
They share nothing with the test that starts them but what they are given.
"""

import multiprocessing
from typing import Final

FORKED: Final = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(
    [
        "tests.budgets.hammer",
        "tests.connections.crowd",
        "tests.fire.one_attempt",
        "tests.fire.one_compaction",
        "tests.fire.one_migration",
    ]
)
