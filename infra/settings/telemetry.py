"""Where traces are sent."""

from pydantic import Field

from infra.settings.model import Model


class TelemetrySettings(Model):
    """Traces by OpenTelemetry; none without an endpoint."""

    otlp_endpoint: str | None = Field(
        default=None,
        pattern=r"^https://[A-Za-z0-9.-]+(:443)?(/[^\s?#]*)?$",
        description="URL of an OTLP/HTTP collector that takes traces of API and worker; tasks go out by HTTPS on port "
        "443 alone",
    )
