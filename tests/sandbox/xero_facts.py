"""Facts of Xero's official OpenAPI documents, 16.1.0 (2026-07-13): fields, types and words.

Written down from https://github.com/XeroAPI/Xero-OpenAPI (``xero_accounting.yaml`` and
``xero-identity.yaml``). ``msdate`` is text like ``/Date(1767225600000+0000)/``.
"""

from typing import Final

FIELDS: Final[dict[str, dict[str, str]]] = {
    "Organisation": {
        "guid": "OrganisationID",
        "string": (
            "APIKey Name LegalName Version OrganisationType BaseCurrency CountryCode "
            "OrganisationStatus RegistrationNumber EmployerIdentificationNumber TaxNumber "
            "SalesTaxBasis SalesTaxPeriod DefaultSalesTax DefaultPurchasesTax Timezone "
            "OrganisationEntityType ShortCode Class Edition LineOfBusiness"
        ),
        "boolean": "PaysTax IsDemoCompany",
        "integer": "FinancialYearEndDay FinancialYearEndMonth",
        "msdate": "PeriodLockDate EndOfYearLockDate CreatedDateUTC",
        "array": "Addresses Phones ExternalLinks",
        "object": "PaymentTerms",
    },
    "Account": {
        "string": (
            "Code Name Type BankAccountNumber Status Description BankAccountType "
            "CurrencyCode TaxType Class SystemAccount ReportingCode ReportingCodeName"
        ),
        "guid": "AccountID",
        "boolean": "EnablePaymentsToAccount ShowInExpenseClaims HasAttachments AddToWatchlist",
        "msdate": "UpdatedDateUTC",
        "array": "ValidationErrors",
    },
    "Contact": {
        "guid": "ContactID MergedToContactID",
        "string": (
            "ContactNumber AccountNumber ContactStatus Name FirstName LastName "
            "CompanyNumber EmailAddress BankAccountDetails TaxNumber TaxNumberType "
            "AccountsReceivableTaxType AccountsPayableTaxType SalesDefaultLineAmountType "
            "PurchasesDefaultLineAmountType DefaultCurrency XeroNetworkKey "
            "SalesDefaultAccountCode PurchasesDefaultAccountCode TrackingCategoryName "
            "TrackingCategoryOption Website StatusAttributeString"
        ),
        "array": (
            "ContactPersons Addresses Phones SalesTrackingCategories "
            "PurchasesTrackingCategories ContactGroups Attachments ValidationErrors"
        ),
        "boolean": "IsSupplier IsCustomer HasAttachments HasValidationErrors",
        "object": "PaymentTerms BrandingTheme BatchPayments Balances",
        "msdate": "UpdatedDateUTC",
        "number": "Discount",
    },
    "Address": {
        "string": (
            "AddressType AddressLine1 AddressLine2 AddressLine3 AddressLine4 City Region "
            "PostalCode Country AttentionTo"
        ),
    },
    "Phone": {
        "string": "PhoneType PhoneNumber PhoneAreaCode PhoneCountryCode",
    },
    "TaxRate": {
        "string": "Name TaxType Status ReportTaxType",
        "array": "TaxComponents",
        "boolean": (
            "CanApplyToAssets CanApplyToEquity CanApplyToExpenses CanApplyToLiabilities "
            "CanApplyToRevenue"
        ),
        "number": "DisplayTaxRate EffectiveRate",
    },
    "TaxComponent": {
        "string": "Name",
        "number": "Rate",
        "boolean": "IsCompound IsNonRecoverable",
    },
    "Invoice": {
        "string": (
            "Type LineAmountTypes InvoiceNumber Reference Url CurrencyCode Status "
            "UpdatedDateUTCString StatusAttributeString"
        ),
        "object": "Contact",
        "array": (
            "LineItems Payments Prepayments Overpayments CreditNotes Attachments "
            "ValidationErrors Warnings InvoiceAddresses"
        ),
        "msdate": (
            "Date DueDate ExpectedPaymentDate PlannedPaymentDate FullyPaidOnDate UpdatedDateUTC"
        ),
        "guid": "BrandingThemeID InvoiceID RepeatingInvoiceID",
        "number": (
            "CurrencyRate CISDeduction CISRate SubTotal TotalTax Total TotalDiscount "
            "AmountDue AmountPaid AmountCredited"
        ),
        "boolean": "SentToContact HasAttachments IsDiscounted HasErrors",
    },
    "CreditNote": {
        "string": (
            "Type Status LineAmountTypes UpdatedDateUTCString CurrencyCode "
            "CreditNoteNumber Reference StatusAttributeString"
        ),
        "object": "Contact",
        "msdate": "Date DueDate UpdatedDateUTC FullyPaidOnDate",
        "array": "LineItems Allocations Payments ValidationErrors Warnings InvoiceAddresses",
        "number": (
            "SubTotal TotalTax Total CISDeduction CISRate CurrencyRate RemainingCredit "
            "AppliedAmount"
        ),
        "guid": "CreditNoteID BrandingThemeID",
        "boolean": "SentToContact HasAttachments HasErrors",
    },
    "LineItem": {
        "guid": "LineItemID AccountID RepeatingInvoiceID",
        "string": "Description ItemCode AccountCode TaxType Taxability",
        "number": (
            "Quantity UnitAmount TaxAmount LineAmount DiscountRate DiscountAmount SalesTaxCodeId"
        ),
        "object": "Item",
        "array": "Tracking TaxBreakdown",
    },
    "Payment": {
        "object": "Invoice CreditNote Prepayment Overpayment BatchPayment Account",
        "string": (
            "InvoiceNumber CreditNoteNumber Code Reference Status PaymentType "
            "UpdatedDateUTCString BankAccountNumber Particulars Details "
            "StatusAttributeString"
        ),
        "msdate": "Date UpdatedDateUTC",
        "number": "CurrencyRate Amount BankAmount",
        "boolean": "IsReconciled HasAccount HasValidationErrors",
        "guid": "PaymentID BatchPaymentID",
        "array": "ValidationErrors Warnings",
    },
    "BankTransaction": {
        "string": "Type Reference CurrencyCode Url Status LineAmountTypes StatusAttributeString",
        "object": "Contact BankAccount",
        "array": "LineItems ValidationErrors",
        "boolean": "IsReconciled HasAttachments",
        "msdate": "Date UpdatedDateUTC",
        "number": "CurrencyRate SubTotal TotalTax Total",
        "guid": "BankTransactionID PrepaymentID OverpaymentID",
    },
    "BankTransfer": {
        "object": "FromBankAccount ToBankAccount",
        "number": "Amount CurrencyRate",
        "msdate": "Date CreatedDateUTC",
        "guid": "BankTransferID FromBankTransactionID ToBankTransactionID",
        "boolean": "FromIsReconciled ToIsReconciled HasAttachments",
        "string": "Reference Status",
        "array": "FromTracking ToTracking ValidationErrors",
    },
    "ManualJournal": {
        "string": "Narration LineAmountTypes Status Url StatusAttributeString",
        "array": "JournalLines Warnings ValidationErrors Attachments",
        "msdate": "Date UpdatedDateUTC",
        "boolean": "ShowOnCashBasisReports HasAttachments",
        "guid": "ManualJournalID",
    },
    "ManualJournalLine": {
        "number": "LineAmount TaxAmount",
        "string": "AccountCode Description TaxType",
        "guid": "AccountID",
        "array": "Tracking",
        "boolean": "IsBlank",
    },
    "Journal": {
        "guid": "JournalID SourceID",
        "msdate": "JournalDate CreatedDateUTC",
        "integer": "JournalNumber",
        "string": "Reference SourceType",
        "array": "JournalLines",
    },
    "JournalLine": {
        "guid": "JournalLineID AccountID",
        "string": "AccountCode AccountType AccountName Description TaxType TaxName",
        "number": "NetAmount GrossAmount TaxAmount",
        "array": "TrackingCategories",
    },
    "ReportWithRow": {
        "string": "ReportID ReportName ReportTitle ReportType ReportDate",
        "array": "ReportTitles Rows Fields",
        "msdate": "UpdatedDateUTC",
    },
    "ReportRows": {
        "string": "RowType Title",
        "array": "Cells Rows",
    },
    "ReportRow": {
        "string": "RowType Title",
        "array": "Cells",
    },
    "ReportCell": {
        "string": "Value",
        "array": "Attributes",
    },
    "Pagination": {
        "integer": "page pageSize pageCount itemCount",
    },
    "Connection": {
        "guid": "id tenantId authEventId",
        "string": "tenantType tenantName createdDateUtc updatedDateUtc",
    },
}
"""Per schema, the names of each type. Nothing is required in answers, says the document."""

WORDS: Final[dict[tuple[str, str], str]] = {
    ("Organisation", "Version"): (
        "AU NZ GLOBAL UK US AUONRAMP NZONRAMP GLOBALONRAMP UKONRAMP USONRAMP"
    ),
    ("Organisation", "OrganisationType"): (
        "ACCOUNTING_PRACTICE COMPANY CHARITY CLUB_OR_SOCIETY INDIVIDUAL LOOK_THROUGH_COMPANY "
        "NOT_FOR_PROFIT PARTNERSHIP S_CORPORATION SELF_MANAGED_SUPERANNUATION_FUND "
        "SOLE_TRADER SUPERANNUATION_FUND TRUST PERSONAL SINGLEMEMBERLLC CCORPORATIONLLC "
        "PARTNERSHIPLLC SCORPORATIONLLC LLC NOTLLC UNSPECIFIED"
    ),
    ("Organisation", "SalesTaxBasis"): (
        "PAYMENTS INVOICE NONE CASH ACCRUAL FLATRATECASH FLATRATEACCRUAL ACCRUALS"
    ),
    ("Organisation", "SalesTaxPeriod"): (
        "MONTHLY QUARTERLY1 QUARTERLY2 QUARTERLY3 ANNUALLY ONEMONTHS TWOMONTHS SIXMONTHS "
        "1MONTHLY 2MONTHLY 3MONTHLY 6MONTHLY QUARTERLY YEARLY NONE"
    ),
    ("Organisation", "OrganisationEntityType"): (
        "ACCOUNTING_PRACTICE COMPANY CHARITY CLUB_OR_SOCIETY INDIVIDUAL LOOK_THROUGH_COMPANY "
        "NOT_FOR_PROFIT PARTNERSHIP S_CORPORATION SELF_MANAGED_SUPERANNUATION_FUND "
        "SOLE_TRADER SUPERANNUATION_FUND TRUST PERSONAL SINGLEMEMBERLLC CCORPORATIONLLC "
        "PARTNERSHIPLLC SCORPORATIONLLC LLC NOTLLC UNSPECIFIED"
    ),
    ("Organisation", "Class"): (
        "DEMO TRIAL STARTER STANDARD PREMIUM PREMIUM_20 PREMIUM_50 PREMIUM_100 LEDGER "
        "GST_CASHBOOK NON_GST_CASHBOOK ULTIMATE LITE ULTIMATE_10 ULTIMATE_20 ULTIMATE_50 "
        "ULTIMATE_100 IGNITE GROW COMPREHENSIVE SIMPLE BASICLITE ULTRA"
    ),
    ("Organisation", "Edition"): "BUSINESS PARTNER",
    ("Account", "Type"): (
        "BANK CURRENT CURRLIAB DEPRECIATN DIRECTCOSTS EQUITY EXPENSE FIXED INVENTORY "
        "LIABILITY NONCURRENT OTHERINCOME OVERHEADS PREPAYMENT REVENUE SALES TERMLIAB PAYG"
    ),
    ("Account", "Status"): "ACTIVE ARCHIVED DELETED",
    ("Account", "BankAccountType"): "BANK CREDITCARD PAYPAL NONE",
    ("Account", "Class"): "ASSET EQUITY EXPENSE LIABILITY REVENUE",
    ("Account", "SystemAccount"): (
        "DEBTORS CREDITORS BANKCURRENCYGAIN GST GSTONIMPORTS HISTORICAL REALISEDCURRENCYGAIN "
        "RETAINEDEARNINGS ROUNDING TRACKINGTRANSFERS UNPAIDEXPCLM UNREALISEDCURRENCYGAIN "
        "WAGEPAYABLES CISASSETS CISASSET CISLABOUR CISLABOUREXPENSE CISLABOURINCOME "
        "CISLIABILITY CISMATERIALS"
    ),
    ("Contact", "ContactStatus"): "ACTIVE ARCHIVED GDPRREQUEST",
    ("Address", "AddressType"): "POBOX STREET",
    ("Phone", "PhoneType"): "DEFAULT DDI MOBILE FAX OFFICE",
    ("TaxRate", "Status"): "ACTIVE DELETED ARCHIVED PENDING",
    ("Invoice", "Type"): (
        "ACCPAY ACCPAYCREDIT APOVERPAYMENT APPREPAYMENT ACCREC ACCRECCREDIT AROVERPAYMENT "
        "ARPREPAYMENT"
    ),
    ("Invoice", "LineAmountTypes"): "Exclusive Inclusive NoTax",
    ("Invoice", "Status"): "DRAFT SUBMITTED DELETED AUTHORISED PAID VOIDED",
    ("CreditNote", "Type"): "ACCPAYCREDIT ACCRECCREDIT",
    ("CreditNote", "Status"): "DRAFT SUBMITTED DELETED AUTHORISED PAID VOIDED",
    ("CreditNote", "LineAmountTypes"): "Exclusive Inclusive NoTax",
    ("Payment", "Status"): "AUTHORISED DELETED",
    ("Payment", "PaymentType"): (
        "ACCRECPAYMENT ACCPAYPAYMENT ARCREDITPAYMENT APCREDITPAYMENT AROVERPAYMENTPAYMENT "
        "ARPREPAYMENTPAYMENT APPREPAYMENTPAYMENT APOVERPAYMENTPAYMENT"
    ),
    ("BankTransaction", "Type"): (
        "RECEIVE RECEIVE-OVERPAYMENT RECEIVE-PREPAYMENT SPEND SPEND-OVERPAYMENT SPEND- "
        "PREPAYMENT RECEIVE-TRANSFER SPEND-TRANSFER"
    ),
    ("BankTransaction", "Status"): "AUTHORISED DELETED VOIDED",
    ("BankTransaction", "LineAmountTypes"): "Exclusive Inclusive NoTax",
    ("BankTransfer", "Status"): "AUTHORISED DELETED",
    ("ManualJournal", "LineAmountTypes"): "Exclusive Inclusive NoTax",
    ("ManualJournal", "Status"): "DRAFT POSTED DELETED VOIDED ARCHIVED",
    ("Journal", "SourceType"): (
        "ACCREC ACCPAY ACCRECCREDIT ACCPAYCREDIT ACCRECPAYMENT ACCPAYPAYMENT ARCREDITPAYMENT "
        "APCREDITPAYMENT CASHREC CASHPAID TRANSFER ARPREPAYMENT APPREPAYMENT AROVERPAYMENT "
        "APOVERPAYMENT EXPCLAIM EXPPAYMENT MANJOURNAL PAYSLIP WAGEPAYABLE INTEGRATEDPAYROLLPE "
        "INTEGRATEDPAYROLLPT EXTERNALSPENDMONEY INTEGRATEDPAYROLLPTPAYMENT "
        "INTEGRATEDPAYROLLCN"
    ),
    ("JournalLine", "AccountType"): (
        "BANK CURRENT CURRLIAB DEPRECIATN DIRECTCOSTS EQUITY EXPENSE FIXED INVENTORY "
        "LIABILITY NONCURRENT OTHERINCOME OVERHEADS PREPAYMENT REVENUE SALES TERMLIAB PAYG"
    ),
    ("ReportRows", "RowType"): "Header Section Row SummaryRow",
    ("ReportRow", "RowType"): "Header Section Row SummaryRow",
}
"""Enumerations, as far as answers have them."""

NOT_IN_THE_DOCUMENT: Final = frozenset(
    {
        "Invoice.DateString",
        "Invoice.DueDateString",
        "CreditNote.DateString",
        "BankTransaction.DateString",
        "BankTransfer.DateString",
        "BankTransfer.CreatedDateUTCString",
    }
)
"""Twins of dates that stand in the document's examples only."""
