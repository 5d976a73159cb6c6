"""What every provider's adapter is built from.

``calls``        one request and its answer as values, limits, and the Kit handed to providers
``transport``    the one place that speaks HTTP: deadlines, sizes, budgets, retries, log
``retry_table``  what an answer means, as rows of data per provider
``bearer``       reading with an access token that is renewed once when refused
``oauth``        the authorisation-code flow from a declaration; token answers judged here
``decoding``     bytes to exact values; pure
``loose``        rows whose form is only assumed, read by declared names
``yearly``       control totals where balances are told by whole fiscal year
``begun``        entries cut by the end of a page, remembered in a bookmark
``xml``, ``soap``  hardened XML read while it arrives, and calls and faults of SOAP 1.1
``origins``, ``outgoing``, ``waiting``, ``watchdog``, ``paying``   addresses, checks, until when,
             the deadline, budgets
``reaching``     which machines may be called at all
"""
