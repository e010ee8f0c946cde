"""How tests show an access token: as a program does, and as a person on the page."""

WRONG = "blg_" + "a" * 32


def shown(token):
    return {"Authorization": f"Bearer {token}"}


def sign_in(client, token, **more):
    return client.post("/sign-in", data={"token": token}, **more)
