"""`python -m edge_cifar.benchmarks.measure.fresh_process ...` is `edge-cifar ...`, then a line of JSON.

In it are the moments, on the clock that all processes share, at which Python reached this file, had imported everything
and had opened the model, and the most memory that it came to hold, in bytes.
"""

import gc
import sys
import time
from typing import Any


def run() -> None:
    """Run the command line, with the opening of the model timed."""
    moments = [time.monotonic()]
    gc.disable()  # as the command line does while it imports
    from ...edge.cli.main import main
    from ...edge.model.contract import Model
    from ...edge.model.onnxruntime_loader import load_onnxruntime

    opened = Model.__init__

    def timed_open(self: Model, *arguments: Any, **options: Any) -> None:
        load_onnxruntime()
        moments.append(time.monotonic())
        opened(self, *arguments, **options)
        moments.append(time.monotonic())

    Model.__init__ = timed_open  # type: ignore[method-assign]
    try:
        main()
    finally:
        import json

        from .process_memory import peak_bytes

        sys.stdout.write(f"{json.dumps({'moments': moments, 'peak_bytes': peak_bytes()})}\n")


if __name__ == "__main__":
    run()
