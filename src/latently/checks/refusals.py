"""Which errors were raised on purpose, to refuse what was asked, and which are a fault of latently's own."""

from __future__ import annotations

from dis import opmap

OURS = __name__.partition(".")[0]
RAISE = opmap["RAISE_VARARGS"]  # the instruction of a raise statement


def meant(error: BaseException) -> bool:
    """Whether an error was raised on purpose, to refuse what was asked.

    So is what has a class of latently's own, and a ValueError that a statement in latently raises. One that
    comes about otherwise, or for such a cause, is a fault, as where arrays do not fit together.

    Examples
    --------
    >>> from latently import GaussianMixture
    >>> for do in (GaussianMixture(0).fit, [].remove):
    ...     try:
    ...         do([[1.0], [2.0]])
    ...     except ValueError as error:
    ...         print(meant(error), error)
    True n_components=0: should be an integer of at least 1
    False list.remove(x): x not in list
    """
    if type(error).__module__.partition(".")[0] == OURS:
        return True
    if not (isinstance(error, ValueError) and _by_statement(error)):
        return False
    return not isinstance(error.__cause__, ValueError) or meant(error.__cause__)


def _by_statement(error: BaseException) -> bool:
    """Whether a raise statement in code of latently's raised it."""
    at = error.__traceback__
    if at is None:
        return False
    while at.tb_next is not None:
        at = at.tb_next
    name = str(at.tb_frame.f_globals.get("__name__"))
    return name.partition(".")[0] == OURS and at.tb_frame.f_code.co_code[at.tb_lasti] == RAISE
