"""Imports the models' libraries in a process that is going to be forked.

Only imports: no model is built here. ONNX Runtime makes a session's threads with the session, and
they would be missing after the fork. Demucs's weights depend on what a job asks for, may have to be
fetched, and go to a GPU, whose context does not outlive a fork.
"""

from collections.abc import Callable

from scorewire.errors import SetupError


def preload() -> Callable[[], None]:
    """Import what separation and transcription need, on one thread.

    Returns:
        What each forked process calls first: it gives the process all of its threads.

    Raises:
        SetupError: a library has asked for the GPU, so that no forked process could use it.
    """
    import torch  # noqa: PLC0415 - seconds that only a process for models pays

    threads = torch.get_num_threads()
    # A pool that was started before the fork would be waited for after it, for ever.
    torch.set_num_threads(1)
    import demucs.apply  # noqa: PLC0415 - as above
    import demucs.pretrained  # noqa: F401, PLC0415 - as above
    import onnxruntime  # noqa: F401, PLC0415 - as above
    import soxr  # noqa: F401, PLC0415 - as above

    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call] # torch gives it no types
        message = "A library initialises CUDA when it is imported; use SCOREWIRE_WORKER=process."
        raise SetupError(message)
    return lambda: torch.set_num_threads(threads)
