"""The keys that a machine needs, as `outreach doctor` asks for them; none of them is shown."""

from collections.abc import Iterator

from outreach.app.context import Context
from outreach.channels.adapter import Check
from outreach.errors import SetupError


def machine_keys(context: Context) -> Iterator[Check]:
    """The keys of a database that several machines may share.

    On the embedded default each is made where it is needed first, and there is nothing to say.
    """
    environment = context.environment
    if environment.embedded:
        return
    try:
        environment.secret_keys()
    except SetupError as error:
        yield Check("secret key", False, f"{error.message}, so nothing is sent; {error.hint}")
    else:
        yield Check("secret key", True, "set")
    if environment.erasure_key is None:
        why = "OUTREACH_ERASURE_KEY is unset; only `customers forget` needs it"
        yield Check("erasure key", True, why)
