"""Stand-ins: small servers that speak each provider's wire protocol with made-up, coherent books.

They exist so that Monitr can be tried, tested and measured without an account anywhere. They are
written from what is known of each provider's wire, never from our own adapters.

In a test or a demo::

    from sandbox.server import Sandbox

    with Sandbox(seed=7, lines=2_000) as sandbox:
        url = sandbox.url("exact-online")          # http://127.0.0.1:<port>
        sandbox.edit("exact-online", {"kind": "night"})
        sandbox.advance(600)                       # the clock of the stand-ins, nobody sleeps
        sandbox.add_fault("exact-online", {"kind": "truncated", "path": "*/sync/*", "nth": 2})
        truth = sandbox.truth("exact-online")      # what every import must arrive at, to the cent

From a shell (``sandbox.server.serve_forever``): ``monitr sandbox --port 9400 --lines 2000``.
Each provider listens on its own port: the given one plus its place in ``sandbox.catalogue.KEYS``.
Every server offers the same control API below ``/__sandbox__/`` (see ``sandbox.control``).

Where things are:

``clock``, ``identity``   time that can be moved, ids that follow from the seed
``records``, ``books``    one company's books and the edits they take
``generator``, ``world``  how books are made up, and which companies there are
``wire``, ``stand_in``    a request, an answer, and what a provider's stand-in has to offer
``faults``, ``request_log``, ``control``   misbehaviour on demand, proof of what was asked
``asgi``, ``server``      one uvicorn server for all providers, on loopback only
``browser``               answers a consent page for tests and demos without a browser
``catalogue``             the one table in which a new stand-in is registered

The same companies stand behind every provider of one ``Sandbox``, so an edit made through one
stand-in is seen by all.
"""
