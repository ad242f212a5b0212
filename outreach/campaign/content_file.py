"""What a campaign's file says of its messages' content, besides their templates."""

from typing import Literal

from pydantic import Field

from outreach.campaign.attachment_file import Attachments
from outreach.campaign.model import Tracking
from outreach.documents import FileModel
from outreach.settings.utm_file import UtmRule
from outreach.settings.written import YesNo


class ContentFile(FileModel):
    """The keys of a campaign that are about its messages' content."""

    attachments: Attachments = Field(
        (),
        description="Files that go along with its mails.",
        examples=[["price-list.pdf", {"file": "visit.ics", "fill": True}]],
    )
    images: Literal["inline", "hosted"] | None = Field(
        None,
        description="Pictures of the template's folder stand in the mail, or are fetched from "
        "`public_url`. Left out: as outreach.yaml says.",
    )
    track_links: YesNo | None = Field(
        None, description="Whether its clicks are counted. Left out: as outreach.yaml says."
    )
    track_opens: YesNo | None = Field(
        None, description="Whether opened mails are counted. Left out: as outreach.yaml says."
    )
    utm: UtmRule | None = Field(
        None,
        description="Added to its links instead of what outreach.yaml says; `none`: nothing is.",
        examples=[{"campaign": "spring-2026"}],
    )

    def tracking(self) -> Tracking:
        """What it says of links and opening."""
        utm = None if self.utm is None else self.utm.utm()
        return Tracking(self.track_links, self.track_opens, utm)
