"""Who answers on a port: this data directory's HTTP shell, something else, or nobody."""

import http.client
import json
from typing import Final

ANSWER_SECONDS_MAX: Final = 3.0
ANSWER_BYTES_MAX: Final = 4_096
SOMETHING_ELSE: Final = "something else"


def answering_identity(host: str, port: int) -> str | None:
    """The identity of the Monitr listening there; SOMETHING_ELSE; None when nobody listens."""
    asked = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(asked, port, timeout=ANSWER_SECONDS_MAX)
    try:
        connection.request("GET", "/health")
        answer = json.loads(connection.getresponse().read(ANSWER_BYTES_MAX))
        return str(answer["monitr"])
    except ConnectionRefusedError:
        return None
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return SOMETHING_ELSE
    finally:
        connection.close()
