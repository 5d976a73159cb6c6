"""What every provider's adapter is built from.

``calls``        one request and its answer as values, limits, and the Kit handed to providers
``transport``    the one place that speaks HTTP: deadlines, sizes, budgets, retries, log
``retry_table``  what an answer means, as rows of data per provider
``bearer``       reading with an access token that is renewed once when refused
``oauth``        the authorisation-code flow from a declaration; token answers judged here
``decoding``     bytes to exact values; pure
``origins``, ``outgoing``, ``waiting``, ``watchdog``   addresses, checks, until when, the deadline
``reaching``     which machines may be called at all
"""
