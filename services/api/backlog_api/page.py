"""The page at `/`: todos for people, by way of the API."""

from http import HTTPStatus
from pathlib import Path

from flask import Blueprint, Response, make_response, render_template

blueprint = Blueprint("page", __name__)

#: Everything is the app's own; nothing is inline, nothing comes from elsewhere, nobody may frame it.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

#: Headers that keep a browser from doing more than the app asks for.
PROTECTING = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

#: What the page's script imports: told to the browser at once, or it would find out module by module.
_MODULES = sorted(file.name for file in (Path(__file__).parent / "static").glob("*.js"))


@blueprint.get("/")
def get_page() -> Response:
    """The page."""
    return make_response(render_template("page.html", modules=_MODULES))


@blueprint.get("/favicon.ico")
def get_icon() -> Response:
    """Browsers ask for it by themselves."""
    return Response(status=204)


@blueprint.after_app_request
def protect(response: Response) -> Response:
    """Every answer has them, or its own in their place, but one that the client has already (RFC 9110, 15.4.5)."""
    if response.status_code == HTTPStatus.NOT_MODIFIED:
        return response
    for name, value in PROTECTING.items():
        response.headers.setdefault(name, value)
    return response
