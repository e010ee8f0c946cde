"""/sign-in and /sign-out: a person shows a token once, and the browser keeps it where no script can read it."""

from flask import Blueprint, Response, current_app, g, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound

from backlog_api.access import PLAIN_COOKIE, SECURE_COOKIE, Access, address, of

blueprint = Blueprint("sign_in", __name__)

_WITH_FORMS = frozenset({"page.get_page", "sign_in.get_form", "sign_in.post_form"})
#: Addresses from which nothing goes over a wire.
_OWN = frozenset({"127.0.0.1", "::1"})
_KEPT = 30 * 24 * 3600  # seconds


@blueprint.before_request
def only_by_token() -> None:
    """There is nothing to sign in to where the stack is open, or the login is the load balancer's."""
    if _access().settings.kind != "token":
        raise NotFound


@blueprint.get("/sign-in")
def get_form() -> Response:
    """The form."""
    return _form()


@blueprint.post("/sign-in")
def post_form() -> Response:
    """Take a token: with a right one to the page, with a wrong one to the form again.

    From an address that has shown too many wrong ones, no more are looked at for a while.
    """
    if (standing := _access().failures.standing(address())).refused:
        answer = _form(f"Too many wrong tokens were tried. Try again in {standing.retry_after} seconds.", 429)
        answer.headers["Retry-After"] = str(standing.retry_after)
        return answer
    token = request.form.get("token", "").strip()
    if _access().bearer(token, by_browser=True) is None:
        return _form("This is no valid token.", 401)
    answer = make_response(redirect(url_for("page.get_page"), 303))
    secure = request.is_secure
    answer.set_cookie(
        SECURE_COOKIE if secure else PLAIN_COOKIE,
        token,
        max_age=_KEPT,
        path="/",
        secure=secure,
        httponly=True,
        samesite="Strict",
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/sign-out")
def post_sign_out() -> Response:
    """Have the browser forget the token; it stays valid until it is revoked."""
    answer = make_response(redirect(url_for("sign_in.get_form"), 303))
    for name, secure in ((SECURE_COOKIE, True), (PLAIN_COOKIE, False)):
        answer.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="Strict")
    return answer


@blueprint.after_app_request
def tell_own_forms(response: Response) -> Response:
    """A browser that is to tell no page where it came from says "null" of its own forms too, and csrf.py refuses it."""
    if request.endpoint in _WITH_FORMS and _access().settings.kind == "token":
        response.headers["Referrer-Policy"] = "same-origin"
    return response


@blueprint.app_context_processor
def signed_in() -> dict[str, bool]:
    """For every template: whether there is something to sign out of."""
    return {"signed_in": _access().settings.kind == "token" and "client" in g}


def _form(mistake: str | None = None, status: int = 200) -> Response:
    readable = not request.is_secure and address() not in _OWN
    answer = make_response(render_template("sign_in.html", mistake=mistake, readable=readable), status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _access() -> Access:
    return of(current_app)
