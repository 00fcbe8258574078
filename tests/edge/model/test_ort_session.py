import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.model.contract import Model
from edge_cifar.edge.model.ort_session import Session

FORKING = """
import os, signal, sys
import numpy as np
from edge_cifar.edge.model.contract import Model

model = Model(sys.argv[1], threads=2)
pixels = np.zeros((8, 32, 32, 4), np.uint8)
expected = model.logits(pixels)
for use in (True, False):  # a child that uses the model, and one that only ends
    if (child := os.fork()) == 0:
        signal.alarm(30)  # ends what hangs
        assert not use or np.array_equal(model.logits(pixels), expected)
        sys.exit(0)  # takes the interpreter down, and every session with it
    assert os.waitpid(child, 0)[1] == 0
assert np.array_equal(model.logits(pixels), expected)
"""

POOLING = """
import multiprocessing, signal, sys
from edge_cifar import Classifier
from PIL import Image

classifier = Classifier(sys.argv[1], threads=2)
photos = [Image.new("RGB", (40, 40), (i, 0, 0)) for i in range(8)]
expected = [classifier.predict(photo) for photo in photos]

def predict(i):
    return classifier.predict(photos[i])

with multiprocessing.get_context("fork").Pool(2, signal.alarm, [30]) as pool:
    assert pool.map(predict, range(8)) == expected
"""

STARVING = """
import resource, sys
from pathlib import Path
import numpy as np
from edge_cifar.edge.model.ort_session import Session

path = Path(sys.argv[1])
session = Session(path.read_bytes(), 1, path)
(name, _, _), (output, _, _) = session.tensors()
pixels = np.zeros((1000, 32, 32, 4), np.uint8)
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 4_000_000, -1))
try:
    session.run(output, {name: pixels})
except MemoryError as error:
    print(type(error.__cause__).__module__.split(".")[0])
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="this system doesn't tell how much memory is used")
def test_a_lack_of_memory_is_not_blamed_on_the_model(tiny_int8_model: Path) -> None:
    command = [sys.executable, "-c", STARVING, tiny_int8_model]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("onnxruntime\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("program", [FORKING, POOLING])
def test_a_model_works_in_processes_forked_after_use(program: str, tiny_int8_model: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", program, tiny_int8_model]  # Python 3.12 warns of any such fork
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_session_has_the_threads_that_were_asked_for_and_they_do_not_spin(small_model: Path) -> None:
    for threads in (1, 2):
        options = Session(small_model.read_bytes(), threads, small_model)._session.get_session_options()
        assert options.intra_op_num_threads == threads
        assert options.inter_op_num_threads == 1
        assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert Model(small_model)._session._session.get_session_options().intra_op_num_threads == 1


def test_what_onnxruntime_refuses_is_told_of_the_file(small_model: Path) -> None:
    with pytest.raises(ModelError, match=r"^here/a\.onnx: onnxruntime [\d.]+ can't load it \(.+\); a newer one may$"):
        Session(small_model.read_bytes()[:-20], 1, Path("here/a.onnx"))
    session = Session(small_model.read_bytes(), 1, Path("here/a.onnx"))
    with pytest.raises(ModelError, match=r"^here/a\.onnx: onnxruntime can't run it \(.+\); export it again$"):
        session.run("logits", {"image": np.zeros((1, 3, 2, 4), np.uint8)})


def test_a_closed_session_says_so(small_model: Path) -> None:
    session = Session(small_model.read_bytes(), 1, small_model)
    assert session.run("logits", {"image": np.zeros((3, 2, 2, 4), np.uint8)}).shape == (3, 2)
    session.close()
    with pytest.raises(ValueError, match="the model is closed"):
        session.run("logits", {"image": np.zeros((3, 2, 2, 4), np.uint8)})
