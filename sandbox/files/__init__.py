"""General ledger exports of the made-up companies, as software and people write them."""

from sandbox.files.exports import dutch_csv, workbook, years_of

__all__ = ["dutch_csv", "workbook", "years_of"]
