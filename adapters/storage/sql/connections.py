"""Organisations, and their integrations with the administrations found in them."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from adapters.storage.sql.documents import (
    from_json,
    from_json_or_none,
    to_json,
    to_json_or_none,
)
from adapters.storage.sql.remembering import Prepared, as_stored, remembered
from adapters.storage.sql.rows import get, put, rows, table_of
from adapters.storage.sql.tables import AdministrationsRow, IntegrationRow, OrganisationRow
from core.domain.failures import Trouble
from core.domain.integration import Account, Administration, Integration, IntegrationStatus
from core.domain.onboarding import OnboardingStep, Organisation
from core.ports.storage import LIST_MAX


class SqlOrganisations:
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, organisation_id: str) -> Organisation | None:
        row = get(self._session, OrganisationRow, organisation_id)
        return None if row is None else _organisation(row)

    def all(self) -> Sequence[Organisation]:
        query = select(OrganisationRow).order_by(
            col(OrganisationRow.created_at), col(OrganisationRow.id)
        )
        return [_organisation(row) for row in rows(self._session, query.limit(LIST_MAX))]

    def save(self, organisation: Organisation) -> None:
        put(
            self._session,
            OrganisationRow(
                id=organisation.id,
                name=organisation.name,
                time_zone=organisation.time_zone,
                created_at=organisation.created_at,
                step=organisation.step.value,
                onboarding_integration_id=organisation.onboarding_integration_id,
            ),
        )


def _organisation(row: OrganisationRow) -> Organisation:
    return Organisation(
        id=row.id,
        name=row.name,
        time_zone=row.time_zone,
        created_at=row.created_at,
        step=OnboardingStep(row.step),
        onboarding_integration_id=row.onboarding_integration_id,
    )


class SqlIntegrations:
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, integration_id: str) -> Integration | None:
        found = _BY_ID.rows(self._session.connection(), id=integration_id)
        return _remembered(found[0]) if found else None

    def of(self, organisation_id: str) -> Sequence[Integration]:
        query = (
            select(IntegrationRow)
            .where(col(IntegrationRow.organisation_id) == organisation_id)
            .order_by(col(IntegrationRow.created_at), col(IntegrationRow.id))
            .limit(LIST_MAX)
        )
        return [_integration(row) for row in rows(self._session, query)]

    def save(self, integration: Integration) -> None:
        put(
            self._session,
            IntegrationRow(
                id=integration.id,
                organisation_id=integration.organisation_id,
                provider=integration.provider,
                status=integration.status.value,
                created_at=integration.created_at,
                fields_json=to_json(integration.fields),
                account_json=to_json_or_none(integration.account),
                authorised_at=integration.authorised_at,
                expires_at=integration.expires_at,
                checked_at=integration.checked_at,
                trouble_json=to_json_or_none(integration.trouble),
            ),
        )

    def administrations(self, integration_id: str) -> Sequence[Administration]:
        row = get(self._session, AdministrationsRow, integration_id)
        return (
            () if row is None else from_json(row.administrations_json, tuple[Administration, ...])
        )

    def save_administrations(
        self, integration_id: str, administrations: Sequence[Administration]
    ) -> None:
        document = to_json(tuple(administrations))
        put(
            self._session,
            AdministrationsRow(integration_id=integration_id, administrations_json=document),
        )


def _integration(row: IntegrationRow) -> Integration:
    return Integration(
        id=row.id,
        organisation_id=row.organisation_id,
        provider=row.provider,
        status=IntegrationStatus(row.status),
        created_at=row.created_at,
        fields=from_json(row.fields_json, dict[str, str]),
        account=from_json_or_none(row.account_json, Account),
        authorised_at=row.authorised_at,
        expires_at=row.expires_at,
        checked_at=row.checked_at,
        trouble=from_json_or_none(row.trouble_json, Trouble),
    )


_INTEGRATIONS: Final = table_of(IntegrationRow)
_remembered: Final = remembered(_INTEGRATIONS, _integration)
_BY_ID: Final = Prepared(
    core_select(*as_stored(_INTEGRATIONS)).where(_INTEGRATIONS.c.id == bindparam("id"))
)
"""Asked at the fence, before every write of an import."""
