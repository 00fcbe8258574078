"""`python -m edge_cifar.benchmarks.fresh ...` is `edge-cifar ...`; its last line is the memory it came to hold."""

import sys

from ..edge.cli import main
from .memory import peak_bytes

if __name__ == "__main__":
    try:
        main()
    finally:
        sys.stdout.write(f"{peak_bytes()}\n")
