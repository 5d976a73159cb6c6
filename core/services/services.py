"""Every use case in one value: what a front end is given."""

from attrs import frozen

from core.services.access import AccessService
from core.services.authorising import AuthorisingService
from core.services.budgets import BudgetsService
from core.services.closing import ClosingService
from core.services.connecting import ConnectingService
from core.services.importing import ImportingService
from core.services.keeping_alive import KeepingAliveService
from core.services.linking import LinkingService
from core.services.nights import NightsService
from core.services.onboarding import OnboardingService
from core.services.overview import OverviewService
from core.services.ports import Ports
from core.services.reading import ReadingService
from core.services.repeating import RepeatingService
from core.services.reports import ReportsService
from core.services.retaining import RetainingService
from core.services.uploading import UploadingService


@frozen
class Services:
    """The services over one set of ports. Cheap to make; holds no state of its own."""

    ports: Ports

    @property
    def onboarding(self) -> OnboardingService:
        return OnboardingService(self.ports)

    @property
    def connecting(self) -> ConnectingService:
        return ConnectingService(self.ports)

    @property
    def authorising(self) -> AuthorisingService:
        return AuthorisingService(self.ports)

    @property
    def linking(self) -> LinkingService:
        return LinkingService(self.ports)

    @property
    def importing(self) -> ImportingService:
        return ImportingService(self.ports)

    @property
    def nights(self) -> NightsService:
        return NightsService(self.ports)

    @property
    def budgets(self) -> BudgetsService:
        return BudgetsService(self.ports)

    @property
    def keeping_alive(self) -> KeepingAliveService:
        return KeepingAliveService(self.ports)

    @property
    def reading(self) -> ReadingService:
        return ReadingService(self.ports)

    @property
    def closing(self) -> ClosingService:
        return ClosingService(self.ports)

    @property
    def reports(self) -> ReportsService:
        return ReportsService(self.ports)

    @property
    def retaining(self) -> RetainingService:
        return RetainingService(self.ports)

    @property
    def overview(self) -> OverviewService:
        return OverviewService(self.ports)

    @property
    def access(self) -> AccessService:
        return AccessService(self.ports)

    @property
    def uploading(self) -> UploadingService:
        return UploadingService(self.ports)

    @property
    def repeating(self) -> RepeatingService:
        return RepeatingService(self.ports)
