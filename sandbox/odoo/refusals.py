"""Odoo's refusals: the exception's name and message, and how each protocol wraps them."""

from attrs import frozen

TRACEBACK = 'Traceback (most recent call last):\n  File "/opt/odoo/http.py", line 2273, in _serve\n'
"""Stands for the 1 to 9 kB of server internals in every error: no client may show or log it."""

ACCOUNT_GROUPS = (
    "Accounting/Administrator",
    "Accounting/Invoicing",
    "Purchase/Administrator",
    "Purchase/User",
    "Sales/User: Own Documents Only",
    "Role / Portal",
    "Show Accounting Features - Readonly",
)


@frozen
class Refusal(Exception):
    """Status is JSON-2's; ``fault`` is the code of ``/xmlrpc/2`` (1: the text is a traceback)."""

    status: int
    name: str
    message: str
    fault: int = 1

    def __str__(self) -> str:
        return self.message

    @property
    def document(self) -> dict[str, object]:
        """The five names of every JSON error."""
        http = self.name.startswith("werkzeug.")
        return {
            "name": self.name,
            "message": self.message,
            "arguments": [self.message, self.status] if http else [self.message],
            "context": {},
            "debug": f"{TRACEBACK}{self.name}: {self.message}\n",
        }

    @property
    def fault_string(self) -> str:
        if self.fault != 1:
            return self.message
        return f"{TRACEBACK}{self.name.removeprefix('builtins.')}: {self.message}\n"


def invalid_key() -> Refusal:
    return Refusal(401, "werkzeug.exceptions.Unauthorized", "Invalid apikey")


def no_key() -> Refusal:
    return Refusal(
        401,
        "werkzeug.exceptions.Unauthorized",
        "User not authenticated, use an API Key with a Bearer Authorization header.",
    )


def access_denied() -> Refusal:
    return Refusal(403, "odoo.exceptions.AccessDenied", "Access Denied", 3)


def access_error(message: str) -> Refusal:
    return Refusal(403, "odoo.exceptions.AccessError", message, 4)


def may_not_read(label: str, model: str) -> Refusal:
    groups = "\n".join(f"\t- {group}" for group in ACCOUNT_GROUPS)
    return access_error(
        f"You are not allowed to access '{label}' ({model}) records.\n\nThis operation is allowed "
        f"for the following groups:\n{groups}\n\nContact your administrator to request access if "
        "necessary."
    )


def foreign_company() -> Refusal:
    return access_error("Access to unauthorized or invalid companies.")


def unknown_model(model: str) -> Refusal:
    return Refusal(404, "werkzeug.exceptions.NotFound", f"the model '{model}' does not exist", 2)


def unknown_method(model: str, method: str) -> Refusal:
    return Refusal(
        404, "werkzeug.exceptions.NotFound", f"The method '{model}.{method}' does not exist"
    )


def unprocessable(message: str) -> Refusal:
    return Refusal(422, "werkzeug.exceptions.UnprocessableEntity", message)


def value_error(message: str) -> Refusal:
    return Refusal(500, "builtins.ValueError", message)


def user_error(message: str) -> Refusal:
    return Refusal(422, "odoo.exceptions.UserError", message, 2)


NO_DATABASE_PAGE = """<!DOCTYPE html>
<title>404 Not Found</title>
<h1>Not Found</h1>
<p>No database is selected and the requested URL was not found in the server-wide controllers.</p>
<p>Please verify the hostname, <a href=/web/login>login</a> and try again.</p>

<!-- Alternatively, use the X-Odoo-Database header. -->
"""

NOT_FOUND_PAGE = """<!doctype html>
<html lang=en>
<title>404 Not Found</title>
<h1>Not Found</h1>
<p>The requested URL was not found on the server. If you entered the URL manually please check \
your spelling and try again.</p>
"""

UNSUPPORTED_PAGE = """<!doctype html>
<html lang=en>
<title>415 Unsupported Media Type</title>
<h1>Unsupported Media Type</h1>
<p>Request inferred type is compatible with [&#39;http&#39;] but \
&#39;/json/2/&lt;__model__&gt;/&lt;__method__&gt;&#39; is type=&#39;json2&#39;.</p>
"""
