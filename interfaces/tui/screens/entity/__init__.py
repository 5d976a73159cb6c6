"""One entity: overview, books, imports and settings, each a pane of one screen."""
