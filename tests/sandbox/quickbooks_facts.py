"""Facts of Intuit's published schemas of QuickBooks' entities and reports: fields, kinds, words.

Written down from the XML schemas in Intuit's Java SDK (github.com/intuit/QuickBooks-V3-Java-SDK,
``ipp-v3-java-data/src/main/xsd``), whose names are those of the JSON too. An amount is a number, a
moment text with an offset; every field may be absent.
"""

from typing import Final

Fields = dict[str, str]


def _fields(**named: str) -> Fields:
    """Names by kind, turned round."""
    return {name: kind.replace("_", "-") for kind, names in named.items() for name in names.split()}


FIELDS: Final[dict[str, Fields]] = {
    "company": _fields(
        array="CustomField AttachableRef OtherContactInfo OtherAddr NameValue",
        boolean="sparse SampleFile MultiByteCharsSupported",
        date="CompanyStartDate",
        date_time="LastImportedTime LastSyncTime",
        object=(
            "MetaData CompanyAddr CustomerCommunicationAddr LegalAddr CompanyEmailAddr "
            "CustomerCommunicationEmailAddr CompanyURL PrimaryPhone ShipAddr Mobile Fax "
            "Email WebAddr CompanyInfoEx"
        ),
        string=(
            "Id SyncToken domain status CompanyName LegalName CompanyFileName FlavorStratum "
            "CompanyUserId CompanyUserAdminEmail EmployerId FiscalYearStartMonth "
            "TaxYearStartMonth QBVersion Country SupportedLanguages DefaultTimeZone "
            "FifoCalculationStatus"
        ),
    ),
    "account": _fields(
        array="CustomField AttachableRef AccountPurposes",
        boolean="sparse SubAccount Active TaxAccount OnlineBankingEnabled",
        date="OpeningBalanceDate",
        number="OpeningBalance CurrentBalance CurrentBalanceWithSubAccounts",
        object="MetaData ParentRef CurrencyRef TaxCodeRef JournalCodeRef AccountEx",
        string=(
            "Id SyncToken domain status Name Description FullyQualifiedName AccountAlias "
            "TxnLocationType Classification AccountType AccountSubType AcctNum AcctNumExtn "
            "BankNum FIName"
        ),
    ),
    "customer": _fields(
        array="CustomField AttachableRef OtherContactInfo OtherAddr",
        boolean=(
            "sparse Organization Active Taxable Job BillWithParent TDSEnabled IsProject "
            "IsCISContractor"
        ),
        date="OpenBalanceDate",
        number=(
            "Level Balance BalanceWithJobs CreditLimit OverDueBalance TotalRevenue TotalExpense"
        ),
        object=(
            "MetaData PrimaryPhone AlternatePhone Mobile Fax PrimaryEmailAddr WebAddr "
            "DefaultTaxCodeRef BillAddr ShipAddr RootCustomerRef ParentRef CustomerTypeRef "
            "SalesTermRef SalesRepRef TaxGroupCodeRef TaxRateRef PaymentMethodRef CCDetail "
            "PriceLevelRef CurrencyRef JobInfo CustomerEx ARAccountRef"
        ),
        string=(
            "Id SyncToken domain status IntuitId Title GivenName MiddleName FamilyName "
            "Suffix FullyQualifiedName CompanyName DisplayName PrintOnCheckName UserId "
            "V4IDPseudonym ContactName AltContactName Notes AcctNum PreferredDeliveryMethod "
            "ResaleNum SecondaryTaxIdentifier PrimaryTaxIdentifier TaxExemptionReasonId "
            "BusinessNumber GSTIN GSTRegistrationType ClientCompanyId ClientEntityId Source "
            "TaxRegime"
        ),
    ),
    "vendor": _fields(
        array="CustomField AttachableRef OtherContactInfo OtherAddr",
        boolean=(
            "sparse Organization Active Vendor1099 T4AEligible T5018Eligible TDSEnabled "
            "TDSOverrideThreshold IsSubContractor HasTPAR"
        ),
        date="TaxIdEffectiveDate OpenBalanceDate",
        number="Balance BillRate CreditLimit TDSEntityTypeId TDSSectionTypeId CostRate",
        object=(
            "MetaData PrimaryPhone AlternatePhone Mobile Fax PrimaryEmailAddr WebAddr "
            "DefaultTaxCodeRef BillAddr ShipAddr ParentRef VendorTypeRef TermRef "
            "PrefillAccountRef CurrencyRef APAccountRef VendorEx VendorPaymentBankDetail"
        ),
        string=(
            "Id SyncToken domain status IntuitId Title GivenName MiddleName FamilyName "
            "Suffix FullyQualifiedName CompanyName DisplayName PrintOnCheckName UserId "
            "V4IDPseudonym ContactName AltContactName Notes TaxCountry TaxIdentifier "
            "BusinessNumber AcctNum TaxReportingBasis GSTIN GSTRegistrationType "
            "SubcontractorType CISRate Source"
        ),
    ),
    "employee": _fields(
        array="CustomField AttachableRef OtherContactInfo OtherAddr",
        boolean="sparse Organization Active BillableTime",
        date="BirthDate HiredDate ReleasedDate",
        number="BillRate CostRate",
        object=(
            "MetaData PrimaryPhone AlternatePhone Mobile Fax PrimaryEmailAddr WebAddr "
            "DefaultTaxCodeRef PrimaryAddr EmployeeEx"
        ),
        string=(
            "Id SyncToken domain status IntuitId Title GivenName MiddleName FamilyName "
            "Suffix FullyQualifiedName CompanyName DisplayName PrintOnCheckName UserId "
            "V4IDPseudonym EmployeeType EmployeeNumber SSN Gender UseTimeEntry Notes"
        ),
    ),
    "tax code": _fields(
        array="CustomField AttachableRef",
        boolean="sparse Active Hidden Taxable TaxGroup",
        object="MetaData SalesTaxRateList PurchaseTaxRateList AdjustmentTaxRateList TaxCodeEx",
        string="Id SyncToken domain status Name Description TaxCodeConfigType",
    ),
    "tax rate": _fields(
        array="CustomField AttachableRef EffectiveTaxRate",
        boolean="sparse Active",
        number="RateValue",
        object="MetaData AgencyRef TaxReturnLineRef TaxRateEx OriginalTaxRate",
        string="Id SyncToken domain status Name Description SpecialTaxType DisplayType",
    ),
    "invoice": _fields(
        array="CustomField AttachableRef LinkedTxn Line Tag invoiceStatusLog",
        boolean=(
            "sparse AutoDocNumber FreeFormAddress ApplyTaxAfterDiscount "
            "ShippingTaxIncludedInTotalTax FinanceCharge AllowIPNPayment AllowOnlinePayment "
            "AllowOnlineCreditCardPayment AllowOnlineACHPayment AllowOnlinePayPalPayment "
            "AutoPayEligible SchedulePayEligible GratuityEnabled"
        ),
        date="TxnDate DueDate ShipDate InvoiceLinkExpiryDate",
        date_time="ECloudStatusTimeStamp",
        number=(
            "ExchangeRate TotalCostAmount HomeTotalCostAmount TotalAmt HomeTotalAmt Balance "
            "HomeBalance DiscountRate DiscountAmt Deposit CfdiUse LessCIS"
        ),
        object=(
            "MetaData DepartmentRef CurrencyRef TxnTaxDetail TxnApprovalInfo RecurDataRef "
            "RecurringInfo ProjectRef CustomerRef CustomerMemo BillAddr ShipAddr "
            "ShipFromAddr RemitToRef ClassRef SalesTermRef SalesRepRef ShipMethodRef "
            "TemplateRef BillEmail BillEmailCc BillEmailBcc ARAccountRef PaymentMethodRef "
            "CheckPayment CreditCardPayment DepositToAccountRef DeliveryInfo "
            "TaxExemptionRef GlobalInfo InvoiceEx ConvenienceFeeDetail"
        ),
        string=(
            "Id SyncToken domain status DocNumber PrivateNote TxnStatus TxnSource "
            "TaxFormType TaxFormNum TransactionLocationType PONumber FOB TrackingNum "
            "GlobalTaxCalculation PrintStatus EmailStatus PaymentRefNum PaymentType "
            "GovtTxnRefIdentifier EInvoiceStatus Exportation invoiceStatus callToAction "
            "InvoiceLink PaymentDetailsMessage InvoiceLinkSecurityCode ScheduledPaymentId "
            "FinancingProductType SubscriptionPaymentsSetting"
        ),
    ),
    "credit memo": _fields(
        array="CustomField AttachableRef LinkedTxn Line Tag",
        boolean=(
            "sparse AutoDocNumber FreeFormAddress ApplyTaxAfterDiscount "
            "ShippingTaxIncludedInTotalTax FinanceCharge"
        ),
        date="TxnDate DueDate ShipDate",
        number=(
            "ExchangeRate TotalCostAmount HomeTotalCostAmount TotalAmt HomeTotalAmt Balance "
            "HomeBalance DiscountRate DiscountAmt RemainingCredit"
        ),
        object=(
            "MetaData DepartmentRef CurrencyRef TxnTaxDetail TxnApprovalInfo RecurDataRef "
            "RecurringInfo ProjectRef CustomerRef CustomerMemo BillAddr ShipAddr "
            "ShipFromAddr RemitToRef ClassRef SalesTermRef SalesRepRef ShipMethodRef "
            "TemplateRef BillEmail BillEmailCc BillEmailBcc ARAccountRef PaymentMethodRef "
            "CheckPayment CreditCardPayment DepositToAccountRef DeliveryInfo "
            "TaxExemptionRef InvoiceRef CreditMemoEx"
        ),
        string=(
            "Id SyncToken domain status DocNumber PrivateNote TxnStatus TxnSource "
            "TaxFormType TaxFormNum TransactionLocationType PONumber FOB TrackingNum "
            "GlobalTaxCalculation PrintStatus EmailStatus PaymentRefNum PaymentType "
            "GovtTxnRefIdentifier"
        ),
    ),
    "bill": _fields(
        array="CustomField AttachableRef LinkedTxn Line Tag",
        boolean="sparse IncludeInAnnualTPAR",
        date="TxnDate DueDate",
        number=(
            "ExchangeRate TotalCostAmount HomeTotalCostAmount TotalAmt Balance HomeBalance LessCIS"
        ),
        object=(
            "MetaData DepartmentRef CurrencyRef TxnTaxDetail TxnApprovalInfo RecurDataRef "
            "RecurringInfo ProjectRef VendorRef APAccountRef BillEmail ReplyEmail PayerRef "
            "SalesTermRef RemitToAddr ShipAddr VendorAddr BillEx"
        ),
        string=(
            "Id SyncToken domain status DocNumber PrivateNote TxnStatus TxnSource "
            "TaxFormType TaxFormNum TransactionLocationType Memo GlobalTaxCalculation"
        ),
    ),
    "vendor credit": _fields(
        array="CustomField AttachableRef LinkedTxn Line Tag",
        boolean="sparse IncludeInAnnualTPAR",
        date="TxnDate",
        number="ExchangeRate TotalCostAmount HomeTotalCostAmount TotalAmt Balance",
        object=(
            "MetaData DepartmentRef CurrencyRef TxnTaxDetail TxnApprovalInfo RecurDataRef "
            "RecurringInfo ProjectRef VendorRef APAccountRef BillEmail ReplyEmail "
            "VendorAddr VendorCreditEx"
        ),
        string=(
            "Id SyncToken domain status DocNumber PrivateNote TxnStatus TxnSource "
            "TaxFormType TaxFormNum TransactionLocationType Memo GlobalTaxCalculation"
        ),
    ),
    "journal entry": _fields(
        array="CustomField AttachableRef LinkedTxn Line Tag",
        boolean="sparse Adjustment HomeCurrencyAdjustment EnteredInHomeCurrency",
        date="TxnDate",
        number="ExchangeRate TotalCostAmount HomeTotalCostAmount TotalAmt HomeTotalAmt",
        object=(
            "MetaData DepartmentRef CurrencyRef TxnTaxDetail TxnApprovalInfo RecurDataRef "
            "RecurringInfo ProjectRef JournalEntryEx"
        ),
        string=(
            "Id SyncToken domain status DocNumber PrivateNote TxnStatus TxnSource "
            "TaxFormType TaxFormNum TransactionLocationType GlobalTaxCalculation"
        ),
    ),
    "payment": _fields(
        array="CustomField AttachableRef LinkedTxn Line Tag",
        boolean="sparse ProcessPayment",
        date="TxnDate",
        number="ExchangeRate TotalCostAmount HomeTotalCostAmount TotalAmt UnappliedAmt",
        object=(
            "MetaData DepartmentRef CurrencyRef TxnTaxDetail TxnApprovalInfo RecurDataRef "
            "RecurringInfo ProjectRef CustomerRef RemitToRef ARAccountRef "
            "DepositToAccountRef PaymentMethodRef CheckPayment CreditCardPayment PaymentEx"
        ),
        string=(
            "Id SyncToken domain status DocNumber PrivateNote TxnStatus TxnSource "
            "TaxFormType TaxFormNum TransactionLocationType PaymentRefNum PaymentType"
        ),
    ),
    "accounting preferences": _fields(
        array="OtherContactInfo",
        boolean=(
            "UseAccountNumbers RequiresAccounts TrackDepartments ClassTrackingPerTxn "
            "ClassTrackingPerTxnLine AutoJournalEntryNumber"
        ),
        date="BookCloseDate",
        object="DefaultARAccount DefaultAPAccount",
        string=(
            "DepartmentTerminology FirstMonthOfFiscalYear TaxYearMonth TaxForm CustomerTerminology"
        ),
    ),
    "currency preferences": _fields(
        boolean="MultiCurrencyEnabled",
        object="HomeCurrency",
    ),
    "line": _fields(
        array="LinkedTxn CustomField",
        number="LineNum Amount Received CostAmount HomeCostAmount",
        object=(
            "PaymentLineDetail DiscountLineDetail TaxLineDetail SalesItemLineDetail "
            "DescriptionLineDetail ItemBasedExpenseLineDetail AccountBasedExpenseLineDetail "
            "ReimburseLineDetail DepositLineDetail PurchaseOrderItemLineDetail "
            "SalesOrderItemLineDetail ItemReceiptLineDetail JournalEntryLineDetail "
            "GroupLineDetail SubTotalLineDetail TDSLineDetail ItemAdjustmentLineDetail "
            "LineEx ProjectRef"
        ),
        string="Id Description DetailType",
    ),
    "tax detail": _fields(
        array="TaxLine",
        boolean="UseAutomatedSalesTax",
        number="TotalTax",
        object="DefaultTaxCodeRef TxnTaxCodeRef",
        string="TaxReviewStatus",
    ),
    "tax rate detail": _fields(
        number="TaxOrder TaxOnTaxOrder",
        object="TaxRateRef",
        string="TaxTypeApplicable",
    ),
    "report header": _fields(
        array="Option",
        date_time="Time",
        string=(
            "ReportName DateMacro ReportBasis StartPeriod EndPeriod SummarizeColumnsBy "
            "Currency Customer Vendor Employee Item Class Department"
        ),
    ),
    "column": _fields(
        array="MetaData",
        object="Columns",
        string="ColTitle ColType",
    ),
    "row": _fields(
        array="ColData",
        object="Header Rows Summary",
        string="id parentId type group",
    ),
    "cell": _fields(
        object="Attributes",
        string="value id href",
    ),
}
