"""What every import has to arrive at: the books' own totals under the provider's codes."""

from sandbox.stand_in import Administration, StandIn


def decimal_text(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def truth_of(known: Administration) -> dict[str, object]:
    """One administration: counts, totals, and what moved per account, fiscal year and period.

    ``lines`` counts postings; ``remarks`` counts lines without an account (zero cents).
    Cells in which lines exist but cancel out are listed with ``"0.00"``.
    """
    books = known.books
    lines = remarks = debit = credit = 0
    for line in books.live_lines():
        if line.account is None:
            remarks += 1
            continue
        lines += 1
        if line.cents > 0:
            debit += line.cents
        else:
            credit -= line.cents
    balances = [
        {"account": code, "year": year, "period": period, "amount": decimal_text(cents)}
        for (code, year, period), cents in sorted(books.trial_balance().items())
    ]
    return {
        "code": known.code,
        "name": known.name,
        "importable": known.importable,
        "currency": books.company.currency,
        "accounts": len(books.accounts),
        "contacts": len(books.contacts),
        "journals": len(books.journals),
        "entries": sum(1 for _ in books.live_entries()),
        "lines": lines,
        "remarks": remarks,
        "debit": decimal_text(debit),
        "credit": decimal_text(credit),
        "balances": balances,
    }


def truths_of(stand_in: StandIn) -> list[dict[str, object]]:
    return [truth_of(known) for known in stand_in.administrations()]
