"""Other people's importers, to be measured against. Each script runs in an environment of its own.

``<name>.in`` names what a peer needs, ``<name>.lock`` pins it; ``bench._peers`` builds the
environment at first use. Nothing of this is installed with Monitr or for its tests.
"""
