"""What a client may send and what it gets: the models that check the bodies also describe them (OpenAPI)."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

_LONGEST_TITLE, _LONGEST_DESCRIPTION = 10_000, 100_000  # characters
#: Outside of these years offsets overflow and PostgreSQL and iCalendar part ways.
_YEARS = range(1, 9999)


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain a NUL character")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must not contain half of a surrogate pair")
    return text


def _moment(value: Any) -> datetime:
    """ISO 8601 text, a date or a date with a time; without an offset it means UTC."""
    if not isinstance(value, str):
        raise ValueError("must be a date and time in ISO 8601, such as 2030-01-31T17:00:00Z")  # noqa: TRY004 - pydantic's protocol
    try:
        moment = datetime.fromisoformat(value.strip())
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a date and time in ISO 8601, such as 2030-01-31T17:00:00Z") from None
    if moment.year not in _YEARS:
        raise ValueError(f"must be in a year from {_YEARS.start} to {_YEARS.stop - 1}")
    return moment


Title = Annotated[str, Field(min_length=1, max_length=_LONGEST_TITLE, strict=True), AfterValidator(_storable)]
Description = Annotated[str, Field(max_length=_LONGEST_DESCRIPTION, strict=True), AfterValidator(_storable)]
Flag = Annotated[bool, Field(strict=True)]
_ISO = PlainSerializer(lambda moment: moment.isoformat(), return_type=str)
Moment = Annotated[datetime, BeforeValidator(_moment, json_schema_input_type=str)]
Shown = Annotated[datetime, _ISO]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewTodo(_Body):
    """A todo to be made. `id` is taken and ignored, as clients that echo a todo send it."""

    id: Any = Field(None, exclude=True, description="ignored")
    title: Title
    description: Description | None = None
    completed: Flag = False
    deadline_at: Moment | None = Field(None, description="ISO 8601; without an offset it means UTC")


class TodoChange(_Body):
    """Any of a todo's fields, with their new values."""

    id: Any = Field(None, exclude=True, description="may be sent, and must be the todo's own")
    title: Title | None = None
    description: Description | None = None
    completed: Flag | None = None
    deadline_at: Moment | None = Field(None, description="ISO 8601; without an offset it means UTC; null takes it away")


class TodoOut(BaseModel):
    """A todo."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    description: str | None
    completed: bool
    deadline_at: Shown | None
    created_at: Shown
    updated_at: Shown


class TaskOut(BaseModel):
    """A calendar that was asked for, and where to ask how it stands."""

    task_id: str
    task_url: str


class TaskStatusOut(BaseModel):
    """How a calendar stands: PENDING, STARTED, RETRY, SUCCESS or FAILURE."""

    task_id: str
    task_status: str
    result_url: str


class ErrorOut(BaseModel):
    """What was wrong; `fields` says it for each field of the body or the query."""

    error: str
    fields: dict[str, str] | None = None
