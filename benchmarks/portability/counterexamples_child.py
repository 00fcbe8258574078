"""What runs on each CPU: answer each model in a folder, and leave its graph as onnxruntime rewrote it there.

Started as `python -m edge_cifar.benchmarks.portability.counterexamples_child FOLDER`, with NAME.onnx in FOLDER and what
it is shown as NAME.npy. Writes NAME.answer.npy and NAME.rewritten, neither for a model that this onnxruntime can't run.
Needs numpy and onnxruntime.
"""

import sys
from pathlib import Path

import numpy as np

from ...edge.model.onnxruntime_loader import load_onnxruntime


def main(folder: Path) -> None:
    """Answer every model in `folder`."""
    onnxruntime = load_onnxruntime()
    for path in sorted(folder.glob("*.onnx")):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        options.optimized_model_filepath = str(path.with_suffix(".rewritten"))
        try:
            session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's have no common class of their own
            sys.stderr.write(f"{path.name}: {error}\n")
            continue
        shown = np.load(path.with_suffix(".npy"), allow_pickle=False)
        [answer] = session.run(None, {session.get_inputs()[0].name: shown})
        np.save(path.with_suffix(".answer.npy"), answer)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
