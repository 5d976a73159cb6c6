"""A new consent that differs counts only once it is confirmed, and until then the list says so."""

from litestar import Litestar
from litestar.testing import TestClient

from tests.fake_provider import GOOD_KEY
from tests.http.street import Street


def test_a_consent_that_differs_is_listed_until_it_is_confirmed(
    client: TestClient[Litestar], street: Street
) -> None:
    headers = street.here.headers()
    path = f"/v1/integrations/{street.here.integration_id}"

    def awaiting() -> list[str]:
        listed = client.get("/v1/integrations", headers=headers).json()["items"]
        single = client.get(path, headers=headers).json()["integration"]
        found = [one["id"] for one in listed if one["awaits_confirmation"]]
        assert single["awaits_confirmation"] == (single["id"] in found)
        return found

    assert awaiting() == []
    street.house.odoo.change_account("acct-2", "Grace Hopper")
    body = {"fields": {"api_key": GOOD_KEY}}
    answer = client.post(f"{path}/reconnect", json=body, headers=headers).json()
    assert "Grace Hopper" in answer["review"]["sentence"]
    assert answer["integration"]["awaits_confirmation"]
    assert awaiting() == [street.here.integration_id]
    confirmed = client.post(f"{path}/confirm", headers=headers).json()
    assert confirmed["integration"]["account"]["name"] == "Grace Hopper"
    assert not confirmed["integration"]["awaits_confirmation"]
    assert awaiting() == []
