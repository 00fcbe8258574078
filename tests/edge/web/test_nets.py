import json
from pathlib import Path

import nodejs
import numpy as np
import pytest
from edge_cifar import Classifier
from edge_cifar.edge.model.shipped_models import FAMILY, model_file


@pytest.mark.parametrize("name", FAMILY)
def test_a_net_in_webassembly_answers_as_the_native_runtime(runtime: Path, name: str, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 4), np.uint8)
    pixels[..., 3] = 255
    (tmp_path / "pixels").write_bytes(pixels.tobytes())
    said = json.loads(nodejs.run("edge/web/nets.mjs", nodejs.PAGE, runtime, model_file(name), tmp_path / "pixels"))
    classifier = Classifier(name)
    assert np.array_equal(np.array(said["logits"], np.float32), classifier.model.logits(pixels[None])[0])
    assert said["golden"] == {"passed": True, "identical": 16, "n": 16, "difference": 0, "exact": True}
    expected = classifier.predict(pixels).to_dict()
    assert [each["label"] for each in said["prediction"]["top"]] == [each["label"] for each in expected["top"]]
    assert said["prediction"]["confidence"] == pytest.approx(expected["confidence"], rel=1e-12)
    assert (said["prediction"]["label"], said["prediction"]["abstained"]) == (expected["label"], expected["abstained"])
    assert np.allclose(said["heat"], classifier.explain(pixels).heat.ravel(), rtol=1e-12, atol=0)
