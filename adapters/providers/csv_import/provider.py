"""The provider ``csv``: one administration per company the operator names, books from uploads."""

from typing import Final

from attrs import frozen

from adapters.providers.csv_import.source import COMPANIES, CURRENCY, FileSource, companies_of
from adapters.providers.kit.calls import Kit
from core.domain.catalogue import CatalogueEntry, entry_of
from core.domain.failures import FixSettings
from core.ports.files import ConfirmedUploads
from core.ports.provider import ConnectForm, Credentials, FormField, Limit, OAuthFlow, Source

KEY: Final = "csv"
COMPANY_CHARACTERS_MAX: Final = 200
CURRENCY_CHARACTERS: Final = 3

FORM: Final = ConnectForm(
    fields=(
        FormField(
            name=COMPANIES,
            label="Companies",
            help="Whose books the files hold; several are separated by semicolons.",
        ),
        FormField(
            name=CURRENCY,
            label="Currency",
            help="Three letters: the currency the amounts are in.",
            default="EUR",
        ),
    ),
    preparation=(
        "Each company becomes an entity. Its books come from files you upload: audit files (XAF, "
        "SAF-T), or general ledger exports as CSV or XLSX. Prefer an audit file where the software "
        "makes one."
    ),
)


@frozen(kw_only=True)
class FilesKit(Kit):
    """What providers are given, and where uploads lie."""

    uploads: ConfirmedUploads


@frozen
class CsvImport:
    """Implements core.ports.provider.Provider."""

    kit: Kit

    @property
    def entry(self) -> CatalogueEntry:
        return entry_of(KEY)

    @property
    def form(self) -> ConnectForm:
        return FORM

    @property
    def oauth(self) -> OAuthFlow | None:
        return None

    @property
    def limits(self) -> tuple[Limit, ...]:
        return ()

    def open(self, credentials: Credentials) -> Source:
        """FixSettings for no company, a name that is too long, or a currency that is none."""
        names = companies_of(credentials.fields)
        if not names or any(len(name) > COMPANY_CHARACTERS_MAX for name in names):
            raise FixSettings(
                f"Name the companies, each in at most {COMPANY_CHARACTERS_MAX} characters.",
                code="bad-field",
                setting=COMPANIES,
            )
        currency = credentials.fields.get(CURRENCY, "")
        if len(currency) != CURRENCY_CHARACTERS or not currency.isascii() or not currency.isupper():
            raise FixSettings(
                "The currency is three capital letters, such as EUR.",
                code="bad-field",
                setting=CURRENCY,
            )
        if not isinstance(self.kit, FilesKit):
            raise FixSettings(
                "This Monitr was started without a place for uploads: use the monitr command.",
                code="no-uploads",
            )
        return FileSource(credentials, self.kit.uploads)
