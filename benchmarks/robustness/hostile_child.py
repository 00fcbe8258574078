"""`python -m edge_cifar.benchmarks.robustness.hostile_child FOLDER` reads each photo of a folder and times it.

A line of JSON a photo, written at once, so that after a crash it is known which photo it was.
"""

import json
import sys
import time
from pathlib import Path

from ...edge.errors import PhotoError
from ...edge.inference.classifier import Classifier
from ...edge.photos.pillow_remarks import quieten_pillow


def main(folder: Path) -> None:
    """Classify the photos in the order of their names, as quietly as the command line does."""
    quieten_pillow()
    classifier = Classifier(threads=1)
    for path in sorted(folder.iterdir()):
        sys.stdout.write(f'{{"path": {json.dumps(str(path))}, ')
        sys.stdout.flush()
        started = time.perf_counter()
        try:
            read = bool(classifier.predict(path).label)
        except PhotoError:
            read = False
        sys.stdout.write(f'"seconds": {time.perf_counter() - started}, "read": {json.dumps(read)}}}\n')


if __name__ == "__main__":
    main(Path(sys.argv[1]))
