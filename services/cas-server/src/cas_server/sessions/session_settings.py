"""How long sessions and consents live, and how many sessions a user may have."""

from pydantic import Field

from chassis.config import Duration, Section


class SessionSettings(Section):
    """A session ends unused after `idle`, in any case after `validity`; in seconds.

    A user has `max_per_user` sessions; the one that began first goes first. What a user allowed to
    a client is asked again after `consent_validity`.
    """

    idle: Duration = Field(default=30 * 60.0, ge=1)
    validity: Duration = Field(default=10 * 3600.0, ge=1)
    max_per_user: int = Field(default=20, ge=1)
    consent_validity: Duration = Field(default=90 * 86400.0, ge=1)
