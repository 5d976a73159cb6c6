"""The few pages people see in a browser: no script, nothing loaded from elsewhere."""

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Final

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --edge: #0b6e4f; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaed; --paper: #16191d; --edge: #5ad1a5; }
}
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.6 system-ui, sans-serif; }
main { max-width: 38rem; margin: 12vh auto 2rem; padding: 0 1.25rem 0 1.5rem;
  border-left: .3rem solid var(--edge); overflow-wrap: anywhere; }
main.refused { border-left-style: double; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .75rem; }
p { margin: 0 0 .75rem; }
code { font: .95em ui-monospace, monospace; }
button { font: inherit; padding: .4rem 1rem; color: var(--paper); background: var(--edge);
  border: 0; border-radius: .2rem; cursor: pointer; }
"""

_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Whatever ends up in a page, a browser runs and loads nothing but this one style sheet."""

FORM_POLICY: Final = CONTENT_SECURITY_POLICY.replace("form-action 'none'", "form-action 'self'")
"""Of the one page that asks something: it may send its answer here, and nowhere else."""


def page(
    title: str,
    *paragraphs: str,
    commands: tuple[str, ...] = (),
    well: bool = True,
    asking: tuple[str, Mapping[str, str]] | None = None,
) -> str:
    """A whole HTML page. All text is escaped here, nowhere else. ``asking``: a button's words and
    what pressing it sends back to the page's own address.
    """
    body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs if paragraph)
    body += "".join(f"<p><code>{escape(command)}</code></p>" for command in commands)
    if asking is not None:
        body += _form(*asking)
    kind = "" if well else ' class="refused"'
    return shell(
        title,
        f'<main{kind} role="{"status" if well else "alert"}"><h1>{escape(title)}</h1>{body}</main>',
    )


def _form(words: str, sent: Mapping[str, str]) -> str:
    # action="?": the address's path without its query, which holds a code and is sent as a field.
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in sent.items()
    )
    return f'<form method="post" action="?">{fields}<button>{escape(words)}</button></form>'


def shell(title: str, body: str) -> str:
    """A page around markup that is escaped already."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} - Monitr</title><style>{_STYLE}</style></head>"
        f"<body>{body}</body></html>"
    )


def welcome() -> str:
    return page(
        "Monitr is running",
        "Monitr pulls the books out of your accounting software into one place you own. "
        "This address answers the providers you connect; the work is done in the terminal:",
        commands=("monitr", "monitr providers", "monitr --help"),
    )
