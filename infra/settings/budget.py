"""What a stack may cost before somebody is told."""

from pydantic import Field

from infra.mistakes import Number
from infra.settings.model import Model


class BudgetSettings(Model):
    """A monthly budget of the stack, by its tags."""

    monthly_usd: Number = Field(gt=0, description="US dollars a month; told at 80 % forecast and at 100 % spent")
