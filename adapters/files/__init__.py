"""Readers of files that hold books, and the shelf their bytes and staged forms lie on."""
