import importlib.util
from pathlib import Path

import pytest
from edge_cifar.benchmarks.peers.photo_ways import WAYS
from edge_cifar.edge.data.synthetic_shapes import write_photos
from edge_cifar.edge.inference.classifier import Classifier
from edge_cifar.edge.model.shipped_models import SHIPPED_DEFAULT


@pytest.mark.filterwarnings("ignore:The image decoding:DeprecationWarning")  # torchvision's decoders will go
@pytest.mark.parametrize("way", WAYS)
def test_every_way_leads_to_the_same_label(way: str, tmp_path: Path) -> None:
    if "OpenCV" in way and importlib.util.find_spec("cv2") is None:
        pytest.skip("OpenCV is in the extra [peers]")
    photos = write_photos(tmp_path, 1, seed=0)[:5]
    label = WAYS[way].open(SHIPPED_DEFAULT, 1)
    expected = [Classifier(SHIPPED_DEFAULT).predict(photo).guess for photo in photos]
    same = sum(label(photo) == answer for photo, answer in zip(photos, expected, strict=True))
    assert same >= 0.8 * len(photos)
