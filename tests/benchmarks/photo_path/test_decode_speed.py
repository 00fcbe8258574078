from pathlib import Path

import numpy as np
import pytest
from edge_cifar.benchmarks.photo_path import decode_speed as module
from edge_cifar.benchmarks.photo_path.decode_speed import encode, natural, photo_path, whole
from edge_cifar.edge.data.synthetic_shapes import write_photos
from edge_cifar.edge.photos.contract import read_photo


def test_each_photo_of_a_folder_gets_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = write_photos(tmp_path, per_label=1, seed=0)
    for path in paths[2:]:
        path.unlink()
    photo_path(tmp_path, rounds=1)
    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [path.name for path in sorted(paths[:2])]
    assert all(float(line.split()[-1]) < 1 for line in lines)  # mean difference


def test_made_up_photos_take_more_bytes_the_more_detail_they_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SIDES", (400, 300))
    soft, sharp = (encode(natural(fall)) for fall in (1.8, 1.2))
    assert len(soft) < len(sharp)
    difference = np.abs(read_photo(sharp, module.SIZE)[..., :3].astype(int) - whole(sharp))
    assert difference.mean() < 1
