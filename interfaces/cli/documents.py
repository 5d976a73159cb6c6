"""The JSON shapes. Amounts are decimal strings, instants ISO 8601 in UTC; no field is a secret."""

import datetime as dt
from collections.abc import Mapping
from typing import TypeAlias

from core.domain.books import LedgerAccount
from core.domain.failures import Trouble
from core.domain.import_run import ImportRun
from core.domain.integration import Administration, Integration
from core.domain.money import text_of
from core.domain.proof import Proof
from core.ports.books import CellChange, Generation, LineRow, TrialBalanceRow
from core.ports.storage import Event
from core.services.adopting import ReconnectReview
from core.services.budgets import BudgetLeft
from core.services.connecting import Connection
from core.services.nights import NextSlot
from core.services.onboarding import Choice
from core.services.reading import EntityStatus
from interfaces.cli.output import Document

Accounts: TypeAlias = Mapping[str, LedgerAccount]
"""Ledger accounts by key: lines and changes name an account by its key only."""


def _iso(instant: dt.datetime | None) -> str | None:
    return instant.astimezone(dt.UTC).isoformat() if instant is not None else None


def _amount(amount_e4: int | None) -> str | None:
    return text_of(amount_e4) if amount_e4 is not None else None


def choice(found: Choice) -> Document:
    entry = found.entry
    return {
        "key": entry.key,
        "name": entry.name,
        "category": entry.category.value,
        "auth": entry.auth.value,
        "connects_by": found.connects_by.value,
        "note": entry.note,
        "onboarding": entry.onboarding,
        "contract": entry.contract.value,
        "available": found.available,
        "refusal": found.refusal,
    }


def trouble(found: Trouble | None) -> Document | None:
    if found is None:
        return None
    return {
        "code": found.code,
        "action": found.action.value,
        "sentence": found.sentence,
        "retry_at": _iso(found.retry_at),
        "setting": found.setting,
    }


def integration(found: Integration) -> Document:
    account = found.account
    return {
        "id": found.id,
        "provider": found.provider,
        "status": found.status.value,
        "account": None
        if account is None
        else {"key": account.key, "name": account.name, "email": account.email},
        "fields": dict(found.fields),
        "created_at": _iso(found.created_at),
        "authorised_at": _iso(found.authorised_at),
        "expires_at": _iso(found.expires_at),
        "checked_at": _iso(found.checked_at),
        "trouble": trouble(found.trouble),
    }


def budget(found: BudgetLeft) -> Document:
    return {
        "provider": found.provider,
        "limit": found.limit.scope,
        "calls": found.limit.calls,
        "seconds": found.limit.seconds,
        "calls_left": found.calls_left,
        "free_at": _iso(found.free_at),
    }


def administration(found: Administration) -> Document:
    return {
        "key": found.key,
        "name": found.name,
        "currency": found.currency,
        "country": found.country,
        "importable": found.importable,
        "obstacle": found.obstacle,
    }


def review(found: ReconnectReview | None) -> Document | None:
    if found is None:
        return None
    before = found.account_before
    return {
        "account_before": before.name if before is not None else None,
        "account_now": found.account_now.name,
        "lost": list(found.lost),
        "sentence": found.sentence,
    }


def connection(found: Connection, next_command: str) -> Document:
    return {
        "integration": integration(found.integration),
        "administrations": [administration(one) for one in found.administrations],
        "warnings": list(found.warnings),
        "review": review(found.review),
        "next": next_command,
    }


def proof(found: Proof | None) -> Document | None:
    if found is None:
        return None
    return {
        "verdict": found.verdict.value,
        "cells": found.cells,
        "accounts": found.accounts,
        "difference": _amount(found.difference_e4),
        "residuals": [
            {
                "account_key": residual.cell.account_key,
                "year": residual.cell.year,
                "period": residual.period,
                "ours": _amount(residual.ours_e4),
                "theirs": _amount(residual.theirs_e4),
            }
            for residual in found.residuals
        ],
        "residual_count": found.residual_count,
        "findings": [
            {
                "kind": finding.kind.value,
                "key": finding.key,
                "amount": _amount(finding.amount_e4),
            }
            for finding in found.findings
        ],
        "finding_count": found.finding_count,
    }


def generation(found: Generation | None) -> Document | None:
    if found is None:
        return None
    return {
        "number": found.number,
        "run_id": found.run_id,
        "published_at": _iso(found.published_at),
        "counts": {kind.value: count for kind, count in found.counts.items()},
        "added": found.added,
        "changed": found.changed,
        "removed": found.removed,
        "proof": proof(found.proof),
    }


def run(found: ImportRun | None) -> Document | None:
    if found is None:
        return None
    progress = found.progress
    return {
        "id": found.id,
        "entity_id": found.entity_id,
        "integration_id": found.integration_id,
        "status": found.status.value,
        "cause": found.cause.value,
        "late": found.late,
        "attempt": found.attempt,
        "requested_at": _iso(found.requested_at),
        "due_at": _iso(found.due_at),
        "started_at": _iso(found.started_at),
        "finished_at": _iso(found.finished_at),
        "progress": {
            "stage": progress.stage,
            "batches": progress.batches,
            "records": progress.records,
            "lines": progress.lines,
            "expected_lines": progress.expected_lines,
            "changed": progress.changed,
            "calls": progress.calls,
        },
        "trouble": trouble(found.trouble),
        "proof": proof(found.proof),
    }


def entity(found: EntityStatus) -> Document:
    held = found.entity
    return {
        "id": held.id,
        "name": held.name,
        "currency": held.currency,
        "links": [
            {
                "id": link.id,
                "integration_id": link.integration_id,
                "administration_key": link.administration_key,
                "provider": link.provider,
                "role": link.role.value,
            }
            for link in held.links
        ],
        "integration_status": found.integration.status.value if found.integration else None,
        "run": run(found.run),
        "published": generation(found.published),
    }


def slot(found: NextSlot) -> Document:
    return {
        "entity_id": found.entity.id,
        "entity": found.entity.name,
        "local_date": found.local_date.isoformat(),
        "ordinal": found.ordinal,
        "due_at": _iso(found.due_at),
    }


def event(found: Event) -> Document:
    return {
        "sequence": found.sequence,
        "at": _iso(found.at),
        "kind": found.kind,
        "text": found.text,
        "actor": found.actor,
        "integration_id": found.integration_id,
        "entity_id": found.entity_id,
        "run_id": found.run_id,
        "data": dict(found.data),
    }


def balance_row(row: TrialBalanceRow) -> Document:
    account = row.account
    return {
        "account_key": row.account_key,
        "code": account.code if account is not None else None,
        "name": account.name if account is not None else None,
        "class": account.account_class.value if account is not None else None,
        "opening": text_of(row.opening_e4),
        "debit": text_of(row.debit_e4),
        "credit": text_of(row.credit_e4),
        "closing": text_of(row.closing_e4),
        "lines": row.lines,
    }


def line(row: LineRow, accounts: Accounts) -> Document:
    found, entry = row.line, row.entry
    account = accounts.get(found.account_key)
    return {
        "date": found.date.isoformat(),
        "year": found.year,
        "period": found.period,
        "journal_key": entry.journal_key if entry is not None else None,
        "entry_key": found.entry_key,
        "number": entry.number if entry is not None else None,
        "position": found.position,
        "key": found.key,
        "account_key": found.account_key,
        "account_code": account.code if account is not None else None,
        "account": account.name if account is not None else None,
        "amount": text_of(found.amount_e4),
        "currency": found.currency,
        "foreign_amount": _amount(found.foreign_e4),
        "contact_key": found.contact_key,
        "tax_key": found.tax_key,
        "description": found.description,
    }


def cell_change(found: CellChange, accounts: Accounts) -> Document:
    account = accounts.get(found.cell.account_key)
    return {
        "year": found.cell.year,
        "period": found.cell.period,
        "account_key": found.cell.account_key,
        "account_code": account.code if account is not None else None,
        "account": account.name if account is not None else None,
        "added": found.added,
        "changed": found.changed,
        "removed": found.removed,
        "closed": found.closed,
        "before": text_of(found.before_e4),
        "after": text_of(found.after_e4),
        "difference": text_of(found.after_e4 - found.before_e4),
    }
