"""Somebody else's net is measured and told of without torch, which takes seconds to import."""

import subprocess
import sys


def test_evidence_and_the_search_for_int8_need_no_torch() -> None:
    rooms = "from edge_cifar.export import evidence, quantization"
    modules = "import edge_cifar.export.evidence.html_report, edge_cifar.export.evidence.export_json"
    more = "import edge_cifar.export.evidence.flipped_images, edge_cifar.export.pipeline.foreign_data"
    code = f"{rooms}; {modules}; {more}; import sys; print([name for name in sys.modules if name == 'torch'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
