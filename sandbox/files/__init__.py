"""General ledger exports of the made-up companies, as software and people write them."""

from sandbox.files.audit import Dialect, Oddity, xaf
from sandbox.files.exports import dutch_csv, workbook, years_of
from sandbox.files.saft import saft_no, saft_pt

__all__ = ["Dialect", "Oddity", "dutch_csv", "saft_no", "saft_pt", "workbook", "xaf", "years_of"]
