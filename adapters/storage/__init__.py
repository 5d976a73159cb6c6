"""Everything Monitr remembers: in memory for tests, in SQL for real."""
