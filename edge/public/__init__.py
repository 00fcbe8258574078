"""`edge_cifar` itself: `Classifier`, which classifies photos on a CPU, its answers and its errors.

The names are the runtime's, loaded when they are first used.
"""

TYPE_CHECKING = False  # True to type checkers; importing `typing` would take longer than all the rest here
if TYPE_CHECKING:
    from .edge import *  # noqa: F403
else:
    from .edge import __all__, __dir__, __getattr__  # noqa: F401
