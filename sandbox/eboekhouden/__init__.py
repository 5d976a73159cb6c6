"""e-Boekhouden.nl as its clients see it: REST v1 and the older SOAP service, same books."""

from sandbox.eboekhouden.sessions import (
    SANDBOX_CODE_1,
    SANDBOX_CODE_2,
    SANDBOX_USER,
    token_of,
)
from sandbox.eboekhouden.stand_in import Eboekhouden

__all__ = ["SANDBOX_CODE_1", "SANDBOX_CODE_2", "SANDBOX_USER", "Eboekhouden", "token_of"]
