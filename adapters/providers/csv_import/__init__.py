"""CSV Import: books from uploaded files, through the same door as any provider's."""

from adapters.providers.csv_import.provider import CsvImport

__all__ = ["CsvImport"]
