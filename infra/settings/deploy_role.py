"""Roles that GitHub's workflows take."""

from pydantic import Field

from infra.settings.model import Model


class DeployRoleSettings(Model):
    """Roles for plans and deployments of this stack from GitHub (infra/components/deploy_role.py)."""

    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$", description="the repository on GitHub, as owner/name")
    environment: str = Field(
        pattern=r"^[\w.-]+$", description="the environment on GitHub that deploys; plans are made in it with `-read`"
    )
    provider_arn: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:iam::\d{12}:oidc-provider/token\.actions\.githubusercontent\.com$",
        description="GitHub's identity provider, where the account has it: it takes one of each; made without",
    )
