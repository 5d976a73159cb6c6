"""General ledger exports of the made-up companies, as software and people write them."""

from sandbox.files.audit import Dialect, Oddity, xaf
from sandbox.files.exports import dutch_csv, workbook, years_of

__all__ = ["Dialect", "Oddity", "dutch_csv", "workbook", "xaf", "years_of"]
