"""Refuses what another site's page has a person's browser do.

A browser adds what it knows of the person by itself: a cookie, a login, or where it is, which is all that an open API
on loopback goes by. Clients that are no browsers say none of what is looked at here, and are not affected.
Source: W3C, "Fetch Metadata Request Headers"; OWASP, "Cross-Site Request Forgery Prevention".
"""

import re
from urllib.parse import urlsplit

from flask import request
from werkzeug.exceptions import Forbidden

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})  # none: typed, a bookmark, or a tool
#: A name that somebody may have in DNS: with a dot, and no address.
_NAME = re.compile(r"([\w-]+\.)+(?!localhost\b)[\w-]*[a-z_-][\w-]*\.?", re.IGNORECASE | re.ASCII)


def refuse_other_sites() -> None:
    """End a change that another site asked for.

    Raises:
        Forbidden: the browser says so; or it is an old one, and the Origin is not this host.
    """
    if request.method in _SAFE:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        refused = site not in _OWN
    else:
        origin = request.headers.get("Origin")
        refused = origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("Host", "").lower()
    if refused:
        raise Forbidden("another site's page asked for this change: only this one's own may")


def refuse_other_names() -> None:
    """End a browser's request to an API on loopback by a name of the internet.

    A page whose name is first its own server's and then 127.0.0.1 would be of this site to a browser (DNS rebinding).
    Names without a dot, those below localhost and addresses are nobody's to give away. By Accept-Language, which no
    script can leave out, a browser is told from a client that may well know the machine by another name.

    Raises:
        Forbidden: the host is such a name.
    """
    if "Accept-Language" in request.headers and _NAME.fullmatch(request.headers.get("Host", "").partition(":")[0]):
        raise Forbidden("this API is for its own machine alone, and answers browsers by no name but localhost")
