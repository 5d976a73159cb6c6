"""Access tokens of a connection in a House: what several subjects of tests set up."""

from datetime import timedelta

from core.domain.integration import IntegrationStatus
from core.ports.connections import TokenRow
from core.services.tokens import IntegrationTokens
from tests.fake_provider import ACCESS_SECONDS
from tests.services.house import House


def tokens_of(house: House, integration_id: str) -> IntegrationTokens:
    return IntegrationTokens(
        ports=house.ports,
        integration_id=integration_id,
        provider_name="Exact Online",
        flow=house.exact.flow,
        fields={},
    )


def row_of(house: House, tokens: IntegrationTokens) -> TokenRow:
    with house.storage.reading() as uow:
        row = uow.tokens.get(tokens.integration_id)
    assert row is not None
    return row


def status_of(house: House, tokens: IntegrationTokens) -> IntegrationStatus:
    return house.services.connecting.get(house.org, tokens.integration_id).integration.status


def expire(house: House) -> None:
    house.clock.advance(timedelta(seconds=ACCESS_SECONDS))
