"""The OAuth half of connecting: beginning an authorisation and taking its answer."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import attrs
from attrs import frozen

from core.domain.catalogue import entry_of
from core.domain.failures import CorrectRequest, Failure
from core.domain.integration import Integration, IntegrationStatus
from core.domain.onboarding import OnboardingStep
from core.ports.connections import OAuthAttempt
from core.ports.provider import OAuthFlow
from core.services.adopting import (
    NewCredentials,
    ReconnectReview,
    adopt,
    put_grant,
    review,
    same_account,
    stage,
    trial_source,
)
from core.services.attending import for_a_person
from core.services.ending import forget_secrets
from core.services.ports import Ports, organisation_of
from core.services.secrets import SecretStore, attempt_row, fields_row
from core.services.sources import ask, split_secrets

AUTHORISATION_MINUTES: Final = 10
"""How long an OAuth state may be used."""

STATE_CHARACTERS_MAX: Final = 512
CODE_CHARACTERS_MAX: Final = 8_192

_ENDED: Final = "disconnected"


def callback_path(provider_key: str) -> str:
    """The HTTP path a provider sends its answer to: one per provider, so answers cannot mix."""
    return f"/oauth/{provider_key}/callback"


@frozen(kw_only=True)
class Completion:
    """What an answer led to. ``sentence`` is for the landing page and the waiting front end."""

    organisation_id: str
    integration_id: str
    connected: bool
    sentence: str
    review: ReconnectReview | None = None


@frozen(kw_only=True)
class Began:
    """For whom an authorisation was begun, and by whom."""

    organisation_name: str
    operator: str


@frozen
class AuthorisingService:
    ports: Ports

    def begin(
        self,
        integration: Integration,
        flow: OAuthFlow,
        values: Mapping[str, str],
        *,
        operator: str,
        redirect_base: str,
    ) -> tuple[str, OAuthAttempt]:
        """(authorize URL, stored attempt). Saves the integration and its form values."""
        state, verifier = self.ports.ids.secret(), self.ports.ids.secret()
        redirect_uri = redirect_base.rstrip("/") + callback_path(integration.provider)
        now = self.ports.clock.now()
        attempt = OAuthAttempt(
            state_sha256=_sha256(state),
            organisation_id=integration.organisation_id,
            operator=operator,
            provider=integration.provider,
            integration_id=integration.id,
            redirect_uri=redirect_uri,
            created_at=now,
            expires_at=now + timedelta(minutes=AUTHORISATION_MINUTES),
        )
        url = flow.authorize_url(values, redirect_uri=redirect_uri, state=state, verifier=verifier)
        with self.ports.storage.writing() as uow:
            if uow.integrations.get(integration.id) is None:
                plain, secret = split_secrets(
                    self.ports.provider(integration.provider).form, values
                )
                uow.integrations.save(attrs.evolve(integration, fields=plain))
                SecretStore(self.ports).put(uow, fields_row(integration.id), secret)
            uow.oauth_attempts.add(attempt)
            SecretStore(self.ports).put(
                uow, attempt_row(attempt.state_sha256), {"verifier": verifier, **_prefixed(values)}
            )
            uow.commit()
        return url, attempt

    def complete(
        self,
        provider_key: str,
        answer: Mapping[str, str],
        *,
        organisation_id: str | None = None,
        operator: str | None = None,
    ) -> Completion:
        """Take the query a provider sent to its callback path.

        Each state works once, for its own provider, for ten minutes. Front ends that know who
        hands the answer over say so: it then counts for that operator of that organisation only.
        CorrectRequest (unknown, reused, expired, foreign state) changes no connection. Any other
        failure of the provider is recorded on the attempt and raised.
        """
        attempt, document = self._take(
            provider_key, answer.get("state", ""), organisation_id, operator
        )
        try:
            with for_a_person():
                return self._answered(attempt, document, answer)
        except Failure as failure:
            self._end(attempt, failure.sentence, failed=True)
            raise

    def began(self, provider_key: str, state: str) -> Began:
        """Who waits for the answer with that state: for the person at the browser to agree to.

        Uses nothing up. CorrectRequest when no such answer is waited for.
        """
        with self.ports.storage.reading() as uow:
            attempt = uow.oauth_attempts.get(_sha256(state[:STATE_CHARACTERS_MAX]))
            if (
                attempt is None
                or attempt.used_at is not None
                or attempt.provider != provider_key
                or self.ports.clock.now() >= attempt.expires_at
            ):
                raise _refused("belongs to no connection that waits for it", "state-unknown")
            organisation = organisation_of(uow, attempt.organisation_id)
        return Began(organisation_name=organisation.name, operator=attempt.operator)

    def _answered(
        self, attempt: OAuthAttempt, document: Mapping[str, str], answer: Mapping[str, str]
    ) -> Completion:
        entry = entry_of(attempt.provider)
        code = answer.get("code", "")
        if "error" in answer or not code:
            sentence = (
                f"{entry.name} reports that access was not granted. Nothing was connected: "
                "start again and choose to allow access."
            )
            self._end(attempt, sentence, failed=True)
            return Completion(
                organisation_id=attempt.organisation_id,
                integration_id=attempt.integration_id,
                connected=False,
                sentence=sentence,
            )
        if len(code) > CODE_CHARACTERS_MAX:
            raise CorrectRequest("The answer's code is too long to be one.", code="bad-code")
        flow = self.ports.provider(attempt.provider).oauth
        assert flow is not None, "attempts exist for OAuth providers only"
        values = _unprefixed(document)
        issuer = flow.issuer(values)
        if issuer is not None and answer.get("iss", issuer) != issuer:
            raise _refused("was sent by another sign-in service", "issuer-foreign")
        grant = flow.exchange(
            values,
            redirect_uri=attempt.redirect_uri,
            code=code,
            verifier=document["verifier"],
            answer=answer,
        )
        try:
            return self._granted(attempt, NewCredentials(values=values, grant=grant))
        except CorrectRequest as refusal:
            if refusal.code == _ENDED and grant.refresh_token:
                flow.end_grant(
                    values, grant.refresh_token
                )  # given a moment too late: not left over
            raise

    def _granted(self, attempt: OAuthAttempt, new: NewCredentials) -> Completion:
        """A consent was given: it is stored before it is used, so that nothing can lose it."""
        with self.ports.storage.writing() as uow:
            integration = uow.integrations.get(attempt.integration_id)
            assert integration is not None, "integrations are never deleted"
            if integration.status is IntegrationStatus.DISCONNECTED:
                raise _refused("is for a connection that was ended meanwhile", _ENDED)
            first = integration.account is None
            if first and new.grant is not None:
                put_grant(self.ports, uow, integration.id, new.grant)
            uow.commit()
        if not first:
            stage(self.ports, integration, new)
        checked = ask(trial_source(self.ports, integration, new))
        if first:
            older = same_account(self.ports, integration, checked)
            if older is not None:
                self._fold_into(older, integration)
                integration = older
        found = review(self.ports, integration, checked)
        if found is not None:
            stage(self.ports, integration, new)
            return self._end(attempt, found.sentence, integration=integration, found=found)
        integration = adopt(self.ports, integration, new, checked, actor=attempt.operator)
        with self.ports.storage.writing() as uow:
            organisation = uow.organisations.get(attempt.organisation_id)
            assert organisation is not None, "organisations are never deleted"
            uow.organisations.save(organisation.at(OnboardingStep.SELECT_ENTITIES, integration.id))
            uow.commit()
        return self._end(
            attempt,
            f"{entry_of(attempt.provider).name} is connected as {checked.health.account.name}: "
            f"{len(checked.administrations)} administrations found. "
            "Go back to Monitr and choose which to import.",
            integration=integration,
        )

    def _fold_into(self, older: Integration, newer: Integration) -> None:
        """The same account was connected before: the unfinished newcomer ends."""
        with self.ports.storage.writing() as uow:
            uow.integrations.save(newer.moved(IntegrationStatus.DISCONNECTED))
            forget_secrets(uow, newer.id)
            self.ports.event(
                uow,
                newer.organisation_id,
                "integration.folded",
                "The same account was connected before: that connection was renewed instead.",
                integration_id=older.id,
            )
            uow.commit()

    def _take(
        self, provider_key: str, state: str, organisation_id: str | None, operator: str | None
    ) -> tuple[OAuthAttempt, dict[str, str]]:
        """Use up the attempt of that state; refusals say which of these things is wrong."""
        if not state or len(state) > STATE_CHARACTERS_MAX:
            raise _refused("carries no state Monitr gave out", "state-unknown")
        now = self.ports.clock.now()
        with self.ports.storage.writing() as uow:
            attempt = uow.oauth_attempts.get(_sha256(state))
            if attempt is None:
                raise _refused("belongs to no connection begun here", "state-unknown")
            if attempt.used_at is not None:
                raise _refused("was used before", "state-reused")
            row = attempt_row(attempt.state_sha256)
            document = SecretStore(self.ports).get(uow, row)
            wrong_path = attempt.provider != provider_key
            expired = now >= attempt.expires_at
            refusal = None
            if not document:
                refusal = _refused("is for a connection that was ended meanwhile", _ENDED)
            elif organisation_id not in {None, attempt.organisation_id} or operator not in {
                None,
                attempt.operator,
            }:
                refusal = _refused("belongs to a connection somebody else began", "state-foreign")
            elif wrong_path:
                refusal = _refused("came in on another provider's address", "state-foreign")
            elif expired:
                refusal = _refused(
                    f"came after more than {AUTHORISATION_MINUTES} minutes", "state-expired"
                )
            uow.oauth_attempts.save(
                attrs.evolve(
                    attempt,
                    used_at=now,
                    failed=refusal is not None,
                    outcome=refusal.sentence if refusal is not None else None,
                )
            )
            uow.secrets.delete(row)
            uow.commit()
        if refusal is not None:
            raise refusal
        return attempt, document

    def _end(
        self,
        attempt: OAuthAttempt,
        sentence: str,
        *,
        failed: bool = False,
        integration: Integration | None = None,
        found: ReconnectReview | None = None,
    ) -> Completion:
        with self.ports.storage.writing() as uow:
            stored = uow.oauth_attempts.get(attempt.state_sha256) or attempt
            uow.oauth_attempts.save(attrs.evolve(stored, outcome=sentence, failed=failed))
            self.ports.event(
                uow,
                attempt.organisation_id,
                "authorisation.failed" if failed else "authorisation.answered",
                sentence,
                actor=attempt.operator,
                integration_id=attempt.integration_id,
            )
            uow.commit()
        return Completion(
            organisation_id=attempt.organisation_id,
            integration_id=integration.id if integration else attempt.integration_id,
            connected=not failed and found is None,
            sentence=sentence,
            review=found,
        )


def _refused(what: str, code: str) -> CorrectRequest:
    return CorrectRequest(
        f"This answer {what}, so nothing was connected. Start the connection again in Monitr.",
        code=code,
    )


def _sha256(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


def _prefixed(values: Mapping[str, str]) -> dict[str, str]:
    return {f"field.{name}": value for name, value in values.items()}


def _unprefixed(document: Mapping[str, str]) -> dict[str, str]:
    prefix = "field."
    return {
        name.removeprefix(prefix): value
        for name, value in document.items()
        if name.startswith(prefix)
    }
