"""What a settings section is, and how it treats a name it does not know."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict


def listed(value: object) -> object:
    """Read a comma-separated text as a list, as Spring does."""
    if not isinstance(value, str):
        return value
    return [item.strip() for item in value.split(",") if item.strip()]


NameList = Annotated[tuple[str, ...], BeforeValidator(listed)]
"""A YAML list, or names with commas between them."""


class Section(BaseModel):
    """A group of settings; an unknown name is an error unless the section is `tolerant`.

    Tolerant sections are those whose names Spring owns: what means nothing here is listed at
    `/info` and has no effect.
    """

    tolerant: ClassVar[bool] = False
    model_config = ConfigDict(
        frozen=True, extra="forbid", coerce_numbers_to_str=True, hide_input_in_errors=True
    )


class TolerantSection(Section):
    """A section with names of Spring's that have no effect here."""

    tolerant: ClassVar[bool] = True
