"""Words of Intuit's published schemas: what a field may say. See ``quickbooks_facts``."""

from typing import Final

WORDS: Final[dict[tuple[str, str], frozenset[str]]] = {
    ("account", "AccountType"): frozenset(
        {
            "Bank",
            "Accounts Receivable",
            "Other Current Asset",
            "Fixed Asset",
            "Other Asset",
            "Accounts Payable",
            "Credit Card",
            "Other Current Liability",
            "Long Term Liability",
            "Equity",
            "Income",
            "Cost of Goods Sold",
            "Expense",
            "Other Income",
            "Other Expense",
            "Non-Posting",
        }
    ),
    ("account", "Classification"): frozenset(
        {"Asset", "Equity", "Expense", "Liability", "Revenue"}
    ),
    ("company", "FiscalYearStartMonth"): frozenset(
        {
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        }
    ),
    ("accounting preferences", "FirstMonthOfFiscalYear"): frozenset(
        {
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        }
    ),
    ("tax rate", "SpecialTaxType"): frozenset(
        {"NONE", "ZERO_RATE", "FOREIGN_TAX", "REVERSE_CHARGE", "ADJUSTMENT_RATE"}
    ),
    ("line", "DetailType"): frozenset(
        {
            "PaymentLineDetail",
            "DiscountLineDetail",
            "TaxLineDetail",
            "SalesItemLineDetail",
            "ItemBasedExpenseLineDetail",
            "AccountBasedExpenseLineDetail",
            "DepositLineDetail",
            "PurchaseOrderItemLineDetail",
            "ItemReceiptLineDetail",
            "JournalEntryLineDetail",
            "GroupLineDetail",
            "DescriptionOnly",
            "SubTotalLineDetail",
            "SalesOrderItemLineDetail",
            "TDSLineDetail",
            "ReimburseLineDetail",
            "ItemAdjustmentLineDetail",
        }
    ),
    ("report header", "ReportBasis"): frozenset({"Accrual", "Cash"}),
    ("row", "type"): frozenset({"Section", "Data"}),
    ("tax rate detail", "TaxTypeApplicable"): frozenset(
        {"TaxOnAmount", "TaxOnAmountPlusTax", "TaxOnTax"}
    ),
}

_SUBTYPES: Final = """
IncomeTaxPayable IntangibleAssetsOther AccountsPayable AccountsReceivable AccumulatedAdjustment
AccumulatedAmortization AccumulatedAmortizationOfOtherAssets AccumulatedDepletion
AccumulatedDepreciation AdvertisingPromotional AllowanceForBadDebts Amortization Auto BadDebts
BankCharges Buildings CashOnHand CharitableContributions Checking CommonStock CostOfLabor
CostOfLaborCos CreditCard DepletableAssets Depreciation DevelopmentCosts DirectDepositPayable
DiscountsRefundsGiven DividendIncome DuesSubscriptions EmployeeCashAdvances Entertainment
EntertainmentMeals EquipmentRental EquipmentRentalCos EstimatedTaxes ExchangeGainOrLoss
FederalIncomeTaxPayable FinanceCosts FixedAssetComputers FixedAssetCopiers FixedAssetFurniture
FixedAssetPhone FixedAssetPhotoVideo FixedAssetSoftware FixedAssetOtherToolsEquipment
FurnitureAndFixtures GlobalTaxExpense GlobalTaxPayable GlobalTaxSuspense GasAndFuel Goodwill
Gratuity DeferredRevenue Healthcare HealthSavingsAccountContributions HomeOffice
HomeownerRentalInsurance Insurance InsurancePayable IntangibleAssets InterestEarned InterestPaid
Inventory Investment_MortgageRealEstateLoans Investment_Other Investment_TaxExemptSecurities
Investment_USGovernmentObligations Land LeaseBuyout LeaseholdImprovements LegalProfessionalFees
Licenses LineOfCredit LoanPayable LoansToOfficers LoansToOthers LoansToStockholders
MachineryAndEquipment MoneyMarket MortgageInterestHomeOffice NonProfitIncome NotesPayable
OfficeGeneralAdministrativeExpenses OpeningBalanceEquity OrganizationalCosts
OtherBusinessExpenses OtherCostsOfServiceCos OtherCurrentAssets OtherCurrentLiabilities
OtherFixedAssets OtherHomeOfficeExpenses OtherInvestmentIncome OtherLongTermAssets
OtherLongTermLiabilities OtherMiscellaneousExpense OtherMiscellaneousIncome
OtherMiscellaneousServiceCost OtherPrimaryIncome OtherVehicleExpenses OwnersEquity
PaidInCapitalOrSurplus ParkingAndTolls PartnerContributions PartnerDistributions PartnersEquity
PayrollClearing PayrollExpenses PayrollTaxExpenses PayrollWageExpenses PayrollTaxPayable
PenaltiesSettlements PersonalExpense PersonalIncome PreferredStock PrepaidExpenses
PrepaidExpensesPayable PromotionalMeals PropertyTaxHomeOffice RentAndLeaseHomeOffice
RentOrLeaseOfBuildings RentsHeldInTrust RentsInTrustLiability RepairsAndMaintainceHomeOffice
RepairMaintenance Retainage RetainedEarnings SalesOfProductIncome SalesTaxPayable Savings
SecurityDeposits ServiceFeeIncome ShareholderNotesPayable ShippingFreightDelivery
ShippingFreightDeliveryCos StateLocalIncomeTaxPayable SuppliesMaterials SuppliesMaterialsCogs
TaxesPaid TaxExemptInterest Travel TravelMeals TreasuryStock TrustAccounts
TrustAccountsLiabilities UnappliedCashBillPaymentExpense UnappliedCashPaymentIncome
UndepositedFunds Utilities Communications UtilitiesHomeOffice Vehicle VehicleInsurance
VehicleLease VehicleLoan VehicleLoanInterest VehicleRegistration VehicleRepairs Vehicles
WashAndRoadServices WithholdingTaxSales WithholdingTaxPurchases WithholdingAssetAmount
WithholdingLiabilityAmount WithholdingTaxSuspense DevelopmentCosts ProvisionsCurrentAssets
OtherConsumables ExpenditureAuthorisationsAndLettersOfCredit InternalTransfers
ProvisionsFixedAssets AssetsInCourseOfConstruction ParticipatingInterests
CumulativeDepreciationOnIntangibleAssets ProvisionsNonCurrentAssets
OutstandingDuesMicroSmallEnterprise OutstandingDuesOtherThanMicroSmallEnterprise GlobalTaxRefund
GlobalTaxDeferred ProvisionsCurrentLiabilities StaffAndRelatedLiabilityAccounts
SocialSecurityAgencies SundryDebtorsAndCreditors ProvisionsNonCurrentLiabilities
DebtsRelatedToParticipatingInterests StaffAndRelatedLongTermLiabilityAccounts
GovernmentAndOtherPublicAuthorities GroupAndAssociates InvestmentGrants CashReceiptIncome
OwnWorkCapitalized OperatingGrants OtherCurrentOperatingIncome CostOfSales
CashExpenditureExpense ExternalServices OtherExternalServices PurchasesRebates OtherRentalCosts
ProjectStudiesSurveysAssessments Sundry StaffCosts OtherCurrentOperatingCharges
ExtraordinaryCharges AppropriationsToDepreciation AccrualsAndDeferredIncome CurrentTaxLiability
DeferredTax DistributionCosts Investments LongTermBorrowings OtherIntangibleAssets
PrepaymentsAndAccruedIncome ShortTermBorrowings ProvisionForLiabilities CalledUpShareCapital
CalledUpShareCapitalNotPaid LandAsset AvailableForSaleFinancialAssets
ProvisionForWarrantyObligations CurrentPortionEmployeeBenefitsObligations
LongTermEmployeeBenefitObligations ObligationsUnderFinanceLeases BankLoans InterestPayables
GainLossOnSaleOfInvestments GainLossOnSaleOfFixedAssets ShareCapital
CurrentPortionOfObligationsUnderFinanceLeases AssetsHeldForSale AccruedLiabilities
AccruedLongLermLiabilities AccruedVacationPayable CashAndCashEquivalents CommissionsAndFees
AmortizationExpense LossOnDiscontinuedOperationsNetOfTax ManagementCompensation
OtherSellingExpenses LiabilitiesRelatedToAssetsHeldForSale LongTermDebit
EquityInEarningsOfSubsiduaries OtherOperatingIncome RevenueGeneral DividendDisbursed
FreightAndDeliveryCos ShippingAndDeliveryExpense TravelExpensesGeneralAndAdminExpenses
TravelExpensesSellingExpense UnrealisedLossOnSecuritiesNetOfTax SalesRetail SalesWholesale
AccumulatedOtherComprehensiveIncome AssetsAvailableForSale LossOnDisposalOfAssets
NonCurrentAssets IncomeTaxExpense LongTermInvestments DividendsPayable TradeAndOtherReceivables
TradeAndOtherPayables CurrentLiabilities SavingsByTaxScheme BorrowingCost Depletion
ExceptionalItems PriorPeriodItems ExtraordinaryItems MatCredit OtherFreeReserves CapitalReserves
Funds MoneyReceivedAgainstShareWarrants ShareApplicationMoneyPendingAllotment
DeferredTaxLiabilities OtherLongTermProvisions CapitalWip IntangibleAssetsUnderDevelopment
OtherLongTermInvestments LongTermLoansAndAdvancesToRelatedParties OtherLongTermLoansAndAdvances
ShortTermInvestmentsInRelatedParties OtherEarmarkedBankAccounts
ShortTermLoansAndAdvancesToRelatedParties DeferredTaxExpense IncomeTaxOtherExpense
DutiesAndTaxes BalWithGovtAuthorities TaxRoundoffGainOrLoss OtherDebtors
RentARoomReliefRentsReceived UkTaxesWithheld ForeignTaxesIncurred PremiumsReceived PremiumsPaid
FinanceCostsRestricted CarriedForwardRelief RentARoomReliefReliefClaimed
"""
ACCOUNT_SUBTYPES: Final = frozenset(_SUBTYPES.split())
