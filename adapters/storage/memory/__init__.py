"""Storage in the memory of one process: what tests run on, with the semantics of the real one."""

from adapters.storage.memory.storage import MemoryStorage

__all__ = ["MemoryStorage"]
