"""What is registered, as an input: shared by the first registration and by further ones."""

from __future__ import annotations

from datetime import datetime

import strawberry

from caseway.cases.registration import Entry, PetitionerEntry
from caseway.cases.workflow import Channel


@strawberry.input(description="A petitioner, or a representative of a group: the minimum data.")
class PetitionerInput:
    """Translated to ``registration.PetitionerEntry``."""

    name: str = strawberry.field(description="Name, up to 100 characters.")
    phone: str | None = strawberry.field(default=None, description="Telephone number, up to 40 characters.")
    address: str | None = strawberry.field(default=None, description="Address for notices, up to 300 characters.")
    residence_code: str | None = strawberry.field(default=None, description="Division code of the town of residence.")


@strawberry.input(description="What was brought in, how and by whom.")
class EntryInput:
    """Translated to ``registration.Entry``."""

    channel: Channel = strawberry.field(description="How it came in.")
    received_at: datetime = strawberry.field(description="When it reached the office; not in the future.")
    title: str = strawberry.field(description="Title, up to 200 characters.")
    claim: str = strawberry.field(description="Request, facts and reasons, up to 20,000 characters.")
    petitioners: list[PetitionerInput] = strawberry.field(
        default_factory=list,
        description="Petitioners or, for a group, its representatives: at most five (art. 20). May be empty: nobody is "
        "turned away for lack of a name.",
    )
    group_size: int = strawberry.field(default=1, description="How many people raise it.")
    name_consent: bool = strawberry.field(
        default=False, description="Accusations: whether the informant agrees that the competent body learns the name."
    )

    def value(self) -> Entry:
        """The domain's entry."""
        people = tuple(
            PetitionerEntry(name=each.name, phone=each.phone, address=each.address, residence_code=each.residence_code)
            for each in self.petitioners
        )
        return Entry(
            channel=self.channel,
            received_at=self.received_at,
            title=self.title,
            claim=self.claim,
            petitioners=people,
            group_size=self.group_size,
            name_consent=self.name_consent,
        )
