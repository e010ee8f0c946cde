"""What a client may send and what it gets: the models that check the bodies also describe them (OpenAPI)."""

from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
)

from backlog_todos.todos import FIELDS

_LONGEST_TITLE, _LONGEST_DESCRIPTION, _LONGEST_NAME, _LONGEST_ZONE = 10_000, 100_000, 200, 64  # characters
_MOST_MINUTES = 40_320  # four weeks
_MOST_OPERATIONS = 10_000
LARGEST_ID = 2**63 - 1
#: Outside of these years offsets overflow and PostgreSQL and iCalendar part ways.
_YEARS = range(1, 9999)


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain a NUL character")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must not contain half of a surrogate pair")
    return text


class Deadline(NamedTuple):
    """A moment, and the day of it as it was written; `is_day` when there was nothing but the day."""

    moment: datetime
    day: datetime
    is_day: bool


def _deadline(value: Any) -> Deadline:
    """ISO 8601 text, a date or a date with a time; without an offset it means UTC."""
    if not isinstance(value, str):
        raise ValueError("must be a date and time in ISO 8601, such as 2030-01-31T17:00:00Z")  # noqa: TRY004 - pydantic's protocol
    try:
        written = datetime.fromisoformat(value.strip())
        moment = (written if written.tzinfo else written.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a date and time in ISO 8601, such as 2030-01-31T17:00:00Z") from None
    if moment.year not in _YEARS or written.year not in _YEARS:
        raise ValueError(f"must be in a year from {_YEARS.start} to {_YEARS.stop - 1}")
    return Deadline(moment, written.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC), _is_day(value))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text.strip())
    except ValueError:
        return False
    return True


def _told(value: Any) -> Any:
    if value is None:
        raise ValueError("must not be null")
    return value


def _of_a_deadline(flag: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic's protocol
    if flag and "deadline_at" in info.data and info.data["deadline_at"] is None:
        raise ValueError("needs a deadline_at beside it")
    return flag


@cache
def _zones() -> frozenset[str]:
    """Names that mean the same on every machine."""
    return frozenset(available_timezones() - {"Factory", "localtime"})


def _zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("must be a time zone of the IANA database, such as Europe/Berlin")
    return name


#: Kept as it was sent, blanks around it included: clients compare what they get with what they gave.
Title = Annotated[
    str,
    Field(min_length=1, max_length=_LONGEST_TITLE, strict=True, pattern=r"\S"),
    AfterValidator(_storable),
]
Description = Annotated[str, Field(max_length=_LONGEST_DESCRIPTION, strict=True), AfterValidator(_storable)]
Flag = Annotated[bool, Field(strict=True)]
AllDay = Annotated[Flag, AfterValidator(_of_a_deadline)]
_ISO = PlainSerializer(lambda moment: moment.isoformat(), return_type=str)
Due = Annotated[Deadline, PlainValidator(_deadline, json_schema_input_type=str)]
Zone = Annotated[str, Field(max_length=_LONGEST_ZONE, strict=True), AfterValidator(_zone)]
Minutes = Annotated[int, Field(ge=0, le=_MOST_MINUTES, strict=True)]
Name = Annotated[
    str,
    Field(min_length=1, max_length=_LONGEST_NAME, strict=True, pattern=r"\S"),
    AfterValidator(_storable),
]
Shown = Annotated[datetime, _ISO]


#: An id that there can be at all: PostgreSQL's bigint.
Id = Annotated[int, Field(ge=1, le=LARGEST_ID, strict=True)]
_DEADLINE = "ISO 8601; without an offset it means UTC, and a date alone the whole day"
_DAY = "whether the deadline is a day, as one sent as a date is; true needs a deadline_at beside it, and keeps its day"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _TodoBody(_Body):
    def values(self) -> dict[str, Any]:
        """What was told of the todo, by its columns' names; `all_day` stands there where it is told or follows."""
        told = {name: getattr(self, name) for name in self.model_fields_set if name in FIELDS}
        deadline: Deadline | None = told.get("deadline_at")
        if deadline is not None:
            is_day = told.get("all_day", deadline.is_day)
            told["deadline_at"] = deadline.day if is_day else deadline.moment
            if is_day:
                told["all_day"] = True
        return told


class NewTodo(_TodoBody):
    """A todo to be made. `id` is taken and ignored, as clients that echo a todo send it."""

    id: Any = Field(None, exclude=True, description="ignored")
    title: Title
    description: Description | None = None
    completed: Flag = False
    deadline_at: Due | None = Field(None, description=_DEADLINE)


class TodoChange(_TodoBody):
    """Any of a todo's fields, with their new values."""

    id: Any = Field(None, exclude=True, description="may be sent, and must be the todo's own")
    title: Annotated[Title, BeforeValidator(_told)] = Field(default_factory=str)
    description: Description | None = None
    completed: Annotated[Flag, BeforeValidator(_told)] = Field(default_factory=bool)
    deadline_at: Due | None = Field(None, description=f"{_DEADLINE}; null takes it away")


class NewListTodo(NewTodo):
    """A todo to be made in a list. `id` is taken and ignored, as clients that echo a todo send it."""

    all_day: AllDay = Field(default_factory=bool, description=_DAY)


class ListTodoChange(TodoChange):
    """Any of the fields of a list's todo, with their new values."""

    all_day: AllDay = Field(default_factory=bool, description=_DAY)


class TodoOut(BaseModel):
    """A todo."""

    id: int
    title: str
    description: str | None
    completed: bool
    deadline_at: Shown | None
    created_at: Shown
    updated_at: Shown


class ListTodoOut(TodoOut):
    """A todo of a list."""

    list_id: int
    all_day: bool
    revision: int


#: What the routes of a list take and show where those of `/api/v1/todos`, which came first, keep to what they were.
IN_LIST: dict[Any, Any] = {NewTodo: NewListTodo, TodoChange: ListTodoChange, TodoOut: ListTodoOut}


class NewList(_Body):
    """A list to be made."""

    name: Name
    time_zone: Zone | None = Field(None, description="of the IANA database; null means UTC")
    remind_minutes: Minutes | None = Field(None, description="so long before a deadline its alarm goes off")


class ListChange(_Body):
    """Any of a list's fields, with their new values."""

    name: Annotated[Name, BeforeValidator(_told)] = Field(default_factory=str)
    time_zone: Zone | None = Field(None, description="of the IANA database; null means UTC")
    remind_minutes: Minutes | None = Field(None, description="null: no alarms")


class ListOut(BaseModel):
    """A list, and how many of its todos are open and done."""

    id: int
    name: str
    time_zone: str | None
    remind_minutes: int | None
    created_at: Shown
    updated_at: Shown
    open: int
    done: int


class NewFeed(_Body):
    """A feed to be made; its name tells people which calendar app it is for."""

    name: Name


class FeedOut(BaseModel):
    """A feed of a list, without its address."""

    id: int
    name: str
    created_at: Shown
    rotated_at: Shown | None


class FeedAddressOut(BaseModel):
    """A feed and its secret address, which is told this once; `webcal_url` opens in a calendar app."""

    id: int
    name: str
    url: str
    webcal_url: str
    created_at: Shown


class Create(NewListTodo):
    """Make a todo."""

    op: Literal["create"]


class Update(ListTodoChange):
    """Change a todo."""

    op: Literal["update"]
    id: Id


class _Named(_Body):
    id: Id

    def values(self) -> dict[str, Any]:
        """Nothing is told of it."""
        return {}


class Complete(_Named):
    """Tick a todo off."""

    op: Literal["complete"]


class Delete(_Named):
    """Delete a todo."""

    op: Literal["delete"]


Operation = Annotated[Create | Update | Complete | Delete, Field(discriminator="op")]


class Bulk(_Body):
    """Operations, which are done in their order."""

    operations: Annotated[list[Operation], Field(min_length=1, max_length=_MOST_OPERATIONS)]


class Done(BaseModel):
    """An operation that was done, and the id of its todo."""

    op: str
    id: int


class BulkOut(BaseModel):
    """What was done, in the order of the operations, and the list's version with all of it."""

    results: list[Done]
    version: int


class Mistake(BaseModel):
    """What is wrong with the operation of that index (from 0)."""

    index: int
    error: str
    fields: dict[str, str] | None = None


class BulkErrorOut(BaseModel):
    """Nothing was done: what is wrong with each operation, or with the body."""

    error: str
    items: list[Mistake] | None = None
    fields: dict[str, str] | None = None


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
