"""A bucket of S3 whose owner allows this and not that: what is refused is said in one line, and nothing is left."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from edge_cifar import Classifier
from edge_cifar.edge.bulk.bulk_run import BulkRun
from edge_cifar.edge.bulk.store import OutputFolder, open_store
from edge_cifar.edge.bulk.worker import Job, PartWorker
from edge_cifar.edge.errors import DataError

Begin = Callable[..., BulkRun]
Allow = Callable[..., None]


@pytest.fixture
def allow(s3_server: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Allow]:  # noqa: ARG001
    """From here on be a user who may do some actions of S3 and no others, and nothing with one object."""
    boto3 = pytest.importorskip("boto3")
    s3fs = pytest.importorskip("s3fs")
    settings = pytest.importorskip("moto.settings")
    user = f"user-{os.urandom(4).hex()}"

    def allow(*actions: str, but_not: str = "nothing") -> None:
        statements = [
            {"Effect": "Allow", "Action": [f"s3:{action}" for action in actions], "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:*", "Resource": f"arn:aws:s3:::{but_not}"},
        ]
        iam = boto3.client("iam")
        iam.create_user(UserName=user)
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName=user, PolicyName="some", PolicyDocument=policy)
        key = iam.create_access_key(UserName=user)["AccessKey"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        s3fs.S3FileSystem.clear_instance_cache()
        monkeypatch.setattr(settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)  # from the first request on

    yield allow
    s3fs.S3FileSystem.clear_instance_cache()


def test_a_bucket_that_must_not_be_listed_begins_nothing(
    begin: Begin, archive: str, allow: Allow, tmp_path: Path
) -> None:
    allow("GetObject")
    with pytest.raises(DataError, match=rf"{archive}: no rights \(.*\); check the credentials") as caught:
        begin(photos=(archive,))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_key_that_nobody_has_is_said_to_have_no_rights(
    begin: Begin, archive: str, allow: Allow, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow("*")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    with pytest.raises(DataError, match=rf"{archive}: no rights \(.*\); check the credentials"):
        begin(photos=(archive,))


def test_a_bucket_that_must_not_be_written_to_is_left_as_it_was(begin: Begin, archive: str, allow: Allow) -> None:
    store, path = open_store(archive)
    before = store.find(path.partition("/")[0])
    allow("ListBucket", "GetObject")
    out = f"{archive.removesuffix('photos/')}labels"
    with pytest.raises(DataError, match=rf"{out}/_lists-.*: no rights \(.*\); check the credentials"):
        begin(out, photos=(archive,))
    store, _ = open_store(archive)  # by the user's key
    assert store.find(path.partition("/")[0]) == before


def test_one_photo_that_must_not_be_read_is_a_row(
    begin: Begin, cat_or_dog: Classifier, archive: str, allow: Allow
) -> None:
    run = begin(photos=(archive,))
    allow("*", but_not=f"{archive.removeprefix('s3://')}001.png")
    results = {result.source: result.error for result, _ in worker(cat_or_dog, run)._classified(run.listed(0))}
    refused = {source: error for source, error in results.items() if "no rights" in str(error)}
    assert list(refused) == [f"{archive}001.png"]
    assert len(results) == 100


def test_photos_none_of_which_must_be_read_stop_the_run(
    begin: Begin, cat_or_dog: Classifier, archive: str, allow: Allow
) -> None:
    run = begin(photos=(archive,))
    allow("ListBucket")
    with pytest.raises(DataError, match=r"not one of 100 photos could be read; the first: .*no rights"):
        worker(cat_or_dog, run)(0)
    assert run.finished() == set()


def test_a_part_that_must_not_be_written_stops_the_run(
    begin: Begin, cat_or_dog: Classifier, archive: str, allow: Allow
) -> None:
    out = f"{archive.removesuffix('photos/')}labels"
    run = begin(out)
    allow("ListBucket", "GetObject")
    run = replace(run, folder=OutputFolder(out))  # by the user's key
    with pytest.raises(DataError, match=rf"{out}/part-000001.parquet: no rights \(.*\); check the credentials"):
        worker(cat_or_dog, run)(1)
    assert OutputFolder(out).names("_done") == []


def worker(classifier: Classifier, run: BulkRun) -> PartWorker:
    return PartWorker(Job(classifier.model.path.read_bytes(), None, run, "/"))
