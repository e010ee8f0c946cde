"""POST /qr: a text as a QR code. It is sent in the body, for a calendar's address is a secret that no log may hold."""

import io
from typing import Annotated

import segno
from flask import Blueprint, Response
from pydantic import BaseModel, ConfigDict, Field

from backlog_api import request as incoming

blueprint = Blueprint("qr", __name__)


class Text(BaseModel):
    """What the code says: an address, as a rule. More would be too fine for a camera."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=500, strict=True)]


@blueprint.post("/qr")
def draw() -> Response:
    """Black on white, in every theme: cameras read nothing else as well."""
    drawn = io.BytesIO()
    segno.make_qr(incoming.body(Text).text, error="m").save(
        drawn, kind="svg", border=4, scale=6, dark="#000", light="#fff", xmldecl=False
    )
    return Response(drawn.getvalue(), content_type="image/svg+xml", headers={"Cache-Control": "no-store"})
