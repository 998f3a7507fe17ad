"""The workers of a Dask cluster: how tasks are sent to them, and what goes wrong between here and there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from latently.core.backends import Backend, R, SerialBackend, T
from latently.core.errors import ClusterError
from latently.core.libraries import single_threaded_libraries

TRIES = 3  # of some work, if what was sent to a worker went down with it
LARGE = 2**40  # bytes of params, from which on Dask says that they are large


class ClusterBackend(Backend):
    """The workers of a Dask cluster.

    Parameters
    ----------
    client : Client
        Of the cluster.
    """

    def __init__(self, client: Any) -> None:
        super().__init__()
        self._client = client

    def map(self, task: Callable[[T], R], pieces: Any) -> Iterator[R]:
        """The results, in the order of the pieces, which are worked on here."""
        return map(task, pieces)

    def share(self, task: Callable[[T], R], pieces: Any) -> Iterator[R]:
        """The results, each from a worker, in the order of the pieces."""
        import cloudpickle

        packed = [cloudpickle.dumps((task, piece)) for piece in pieces]
        with talking(self._client):
            return iter(self._client.gather(self._client.map(_alone, packed, pure=False)))

    def __reduce__(self) -> Any:
        return SerialBackend, ()  # to whom it is sent works by itself


@contextmanager
def talking(client: Any, *, patient: bool = False) -> Iterator[None]:
    """What goes wrong between here and the scheduler, as one line.

    Raises a ClusterError if the scheduler cannot be reached, or a worker died again and again. If patient,
    lost results are no error yet.
    """
    from distributed import CancelledError, KilledWorker
    from distributed.comm.core import CommClosedError

    try:
        yield
    except KilledWorker as error:
        raise ClusterError(
            f"workers of the Dask cluster died again and again at one task ({error}): give them more memory, "
            "or cut the data into smaller partitions"
        ) from None
    except Exception as error:
        if client.status == "running":
            if patient and isinstance(error, (CancelledError, CommClosedError)):
                return
            raise
        where = getattr(getattr(client, "scheduler", None), "address", "")
        raise ClusterError(
            f"the Dask scheduler {where} cannot be reached any more ({type(error).__name__}): start it, make "
            "a client and fit again"
        ) from None


def tried(client: Any, work: Callable[[], R]) -> R:
    """What some work comes to, again if what was sent to a worker went down with it."""
    for last in (False,) * (TRIES - 1) + (True,):
        with talking(client, patient=not last):
            return work()
    raise AssertionError("the last try returns or raises")


def gathered(client: Any, task: Callable[..., R], *arguments: Sequence[Any]) -> list[R]:
    """What a task makes of each of the arguments, brought here."""
    with talking(client):
        found: list[R] = client.gather(client.map(task, *arguments, pure=False))
        return found


def packed_for(task: Callable[..., object]) -> bytes:
    """A task as it is sent to workers."""
    import cloudpickle

    found: bytes = cloudpickle.dumps(task)
    return found


def submitted(client: Any, work: Callable[..., object], workers: list[str] | None, *arguments: Any) -> Any:
    """The future of some work: at these workers as long as they are there, else anywhere."""
    from dask import config

    where = {"workers": workers, "allow_other_workers": True} if workers else {}
    with config.set({"distributed.admin.large-graph-warning-threshold": LARGE}):
        return client.submit(work, *arguments, pure=False, **where)


def unpacked(packed: bytes) -> Any:
    """What was packed."""
    import cloudpickle

    return cloudpickle.loads(packed)


def _alone(packed: bytes) -> Any:
    task, piece = unpacked(packed)
    with single_threaded_libraries():
        return task(piece)
