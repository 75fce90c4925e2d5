"""raw/ and processed/ in an object store whose every fifth request fails: the same bytes."""

import io
import shutil
import threading
import zipfile
from collections import Counter
from contextlib import suppress
from hashlib import sha256

import fsspec
import numpy as np
import pandas as pd
import pytest
from raw_trees import sns_document, summary_document, summary_entry, topic_document, write
from small_builds import TALK, built, hashes

import corpus
from corpus import remote
from corpus.__main__ import main
from corpus.building import commit, item, workers
from corpus.building.shares import build_share, commit_shares
from corpus.dedup.keys import KEY
from corpus.output.result import read_results, result_folder
from corpus.output.result_rows import ResultWriter
from corpus.output.rows import COLUMNS
from corpus.processed import read_manifest
from corpus.records import MANIFEST, CorpusError
from corpus.remote import Ranged, Remote, folder_of

pytestmark = pytest.mark.usefixtures("small_items")
FAILS = 5  # every so many requests
TIMES = 2  # the same request fails at most: such a store is slow, not down


class Server:
    """A local S3, which counts its requests and answers every fifth one with an error."""

    def __init__(self):
        serving = pytest.importorskip("werkzeug.serving")
        moto = pytest.importorskip("moto.moto_server.werkzeug_app")
        pytest.importorskip("s3fs")
        self.app = moto.DomainDispatcherApplication(moto.create_backend_app)
        self.n = self.n_failed = 0
        self.failed = Counter()  # by request
        self.log = []
        self.fails = FAILS
        self.counting = threading.Lock()
        quiet = type("Quiet", (serving.WSGIRequestHandler,), {"log": lambda *_: None})
        self.server = serving.make_server(
            "127.0.0.1", 0, self.answer, threaded=True, request_handler=quiet
        )
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, environ, start_response):
        with self.counting:
            self.n += 1
            words = (environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("HTTP_RANGE"))
            request = (*words, environ.get("QUERY_STRING"))
            due = self.fails and self.n % self.fails == 0
            fails = due and (self.fails < FAILS or self.failed[request] < TIMES)
            self.failed[request] += bool(fails)
            self.n_failed += bool(fails)
            self.log.append(words)
        if fails:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response("500 Internal Server Error", [("Content-Length", "0")])
            return [b""]
        return self.app(environ, start_response)


@pytest.fixture(scope="module")
def server():
    found = Server()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", found.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_MAX_ATTEMPTS", "1")  # what is tried again is tried again by us
        yield found
    found.server.shutdown()


@pytest.fixture
def bucket(server, request, monkeypatch):
    """The URL of a new bucket."""
    import boto3

    monkeypatch.setattr(remote, "PAUSES", (0, 0, 0, 0.05, 0.1))
    name = f"bucket-{sha256(request.node.name.encode()).hexdigest()[:12]}"
    server.fails = 0
    boto3.client("s3").create_bucket(Bucket=name)
    server.fails = FAILS
    return f"s3://{name}"


@pytest.fixture
def quick_store(tmp_path):
    """The URL of a store that never fails and takes no time."""
    return f"memory://{tmp_path.name}"


def put(folder, url):
    """Copy a local folder into a store."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            (Remote(url) / path.relative_to(folder).as_posix()).put(path)


@pytest.fixture
def raw(tmp_path):
    """Loose files, an archive, split parts, a sample, hidden files and what is none of ours."""
    raw = write(
        tmp_path / "raw",
        Training__a=summary_document(
            summary_entry("a", *TALK), summary_entry("alone", ("A", "안녕"), ("A", "안녕?"))
        ),
        Training__b=topic_document("b", *TALK),
        Validation__e=sns_document(summary_entry("e", ("A", "자?"), ("B", "아니 안 자"))),
        sample__s=topic_document("s", *TALK),
        unknown=b'{"name": "no dialogue"}',
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for k in range(2):
            talk = (*TALK, ("1", f"{k}번"), ("2", "응"))
            archive.writestr(f"행사/z{k}.json", topic_document(f"z{k}", *talk))
    content = packed.getvalue()
    (raw / "TL_01. 카카오(1).zip").write_bytes(content)
    (raw / "VL_02.zip.part0").write_bytes(content[:999])
    (raw / "VL_02.zip.part999").write_bytes(content[999:])
    (raw / ".git" / "objects").mkdir(parents=True)
    for name in (".git/config", ".git/objects/x", ".DS_Store", "notes.txt"):
        (raw / name).write_text("nothing")
    return raw


@pytest.fixture
def whole(raw, tmp_path):
    """The manifest of the plain local build."""
    return built(raw, tmp_path / "whole")


def content(url):
    """The sha256 of every object below a URL, by its path."""
    there = Remote(url)
    return {name: sha256((there / name).read_bytes()).hexdigest() for name in there.files()}


def test_raw_and_processed_in_a_store_that_fails_give_the_bytes_of_a_local_build(
    raw, tmp_path, whole, bucket, server
):
    put(raw, f"{bucket}/raw")
    n_failed = server.n_failed
    assert built(f"{bucket}/raw", f"{bucket}/out/") == whole
    assert server.n_failed > n_failed + 10
    assert content(f"{bucket}/out") == hashes(tmp_path / "whole")  # and no .work/


def test_raw_alone_or_processed_alone_may_lie_in_a_store(raw, tmp_path, whole, quick_store):
    put(raw, f"{quick_store}/raw")
    assert built(f"{quick_store}/raw", tmp_path / "out") == whole
    assert built(raw, f"{quick_store}/out") == whole
    assert hashes(tmp_path / "out") == hashes(tmp_path / "whole") == content(f"{quick_store}/out")


def test_worker_processes_read_and_write_the_store(
    server, raw, tmp_path, whole, bucket, monkeypatch
):
    monkeypatch.setattr(workers, "BYTES_PER_WORKER", 1)
    put(raw, f"{bucket}/raw")
    monkeypatch.setattr(server, "fails", 4 * FAILS)  # worker processes wait as long as users do
    assert built(f"{bucket}/raw", f"{bucket}/out", workers=2) == whole


def test_three_shards_in_any_order_one_run_twice(raw, tmp_path, whole, quick_store):
    url = f"{quick_store}/out"
    put(raw, f"{quick_store}/raw")
    for shard in ("3/3", "1/3"):
        build_share(f"{quick_store}/raw", url, shard, tokenizer="builtin")
    with pytest.raises(
        CorpusError, match=r"out lacks \d+ of \d+ items: run --shard 2/3 to the end"
    ):
        commit_shares(url)
    for shard in ("1/3", "2/3"):
        build_share(f"{quick_store}/raw", url, shard, tokenizer="builtin")
    assert commit_shares(url) == whole
    assert content(url) == hashes(tmp_path / "whole")
    assert build_share(f"{quick_store}/raw", url, "1/3", tokenizer="builtin") is None
    assert commit_shares(url) == whole


def test_a_build_that_stands_stays_until_the_new_one_is_whole_and_goes_then(
    raw, tmp_path, whole, quick_store, monkeypatch
):
    url = f"{quick_store}/out"
    built(raw, url)
    with pytest.raises(CorpusError, match=r"holds another build \(seed is 0 there and 1 here\)"):
        built(raw, url, seed=1)
    for path in ("VL_02.zip.part0", "VL_02.zip.part999", "Validation/e.json"):
        (raw / path).unlink()  # so that there is no validation any more
    with monkeypatch.context() as patch:
        patch.setattr(commit, "publish", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            built(raw, url, update=True)
    assert read_manifest(url) == whole
    with pytest.raises(CorpusError, match=r"holds half of another build|holds another build"):
        built(raw, url, seed=1)
    manifest = built(raw, url, update=True)
    assert manifest == built(raw, tmp_path / "new")
    assert content(url) == hashes(tmp_path / "new")


@pytest.mark.parametrize("at", range(1, 12))
def test_wherever_a_commit_is_cut_short_the_next_one_ends_it(raw, tmp_path, at):
    url, n, real = f"memory://{tmp_path.name}/out", [0], {}
    for path in ("Training", "sample", "TL_01. 카카오(1).zip"):
        (raw / path).rename(tmp_path / path)
    built(raw, url, seed=1)
    build_share(raw, url, "1/1", tokenizer="builtin", fresh=True)

    def cut(name):
        def act(place, *rest):
            n[0] += 1
            if n[0] >= at:
                raise KeyboardInterrupt
            return real[name](place, *rest)

        real[name] = getattr(Remote, name)
        return act

    with pytest.MonkeyPatch.context() as patch:
        for name in ("write_bytes", "put", "unlink"):
            patch.setattr(Remote, name, cut(name))
        with suppress(KeyboardInterrupt):
            commit_shares(url)
    if remote_manifest(url):  # a corpus that stands is whole
        there = content(url)
        files = read_manifest(url)["files"]
        assert {name: there[name] for name in files} == files
    commit_shares(url)
    built(raw, tmp_path / "plain")
    assert content(url) == hashes(tmp_path / "plain")


def remote_manifest(url):
    return (Remote(url) / MANIFEST).exists()


def test_a_folder_and_a_store_of_the_same_files_give_the_same_manifest(raw, tmp_path):
    for name in (".git", ".DS_Store", "notes.txt"):  # with files to leave alone and without
        url = f"memory://{tmp_path.name}-{name}"
        put(raw, url)
        whole = built(raw, tmp_path / f"whole{name}")
        assert built(url, tmp_path / f"store{name}") == whole
        shutil.rmtree(raw / name) if (raw / name).is_dir() else (raw / name).unlink()
    assert "hidden" not in whole["left_alone"]


def test_a_file_url_is_a_folder_of_this_machine(raw, tmp_path, whole):
    (raw / "loop").symlink_to(raw)
    (raw / "gone.json").symlink_to(raw / "nowhere")
    here = built(raw, tmp_path / "here")
    assert built(f"file://{raw}", f"file://{tmp_path}/new/there/") == here
    assert here["broken"] == whole["broken"] | {"symlink_loop": 1, "unreadable": 1}
    assert (tmp_path / "new" / "there" / "_manifest.json").exists()


def test_of_two_attempts_at_an_item_one_is_taken_whole(tmp_path):
    store = Remote(f"memory://{tmp_path.name}")
    keys = np.zeros(1, KEY)
    for k in range(2):
        keys["id"] = k
        with result_folder(store, 7) as aside, ResultWriter(aside, 7) as part:
            part.write(COLUMNS.empty_table(), keys.copy(), [])
            part.finish({"read": {"sns": k}}, {})
    with pytest.raises(ZeroDivisionError), result_folder(store, 7) as aside:
        raise ZeroDivisionError
    [(part, receipt), (_, none)] = read_results(store, [7, 8])
    assert receipt == {"read": {"sns": 1}}
    assert part.read_keys()["id"].tolist() == [1]
    assert none is None
    assert len([name for name in store.files() if name.endswith(".keys")]) == 2


def test_a_range_of_a_big_object_is_read_and_not_the_whole(bucket, server, monkeypatch):
    monkeypatch.setattr(remote, "RANGE_BYTES", 1 << 16)
    place = Remote(bucket) / "big"
    place.write_bytes(bytes(range(256)) * 4096)
    server.log.clear()
    file, view = Ranged(place), memoryview(bytearray(300))
    for offset in (500_000, 500_300, 500_600):
        assert file.read_at(view, offset) == 300
        assert view[0] == offset % 256
    ranges = [one for one in server.log if one[0] == "GET" and one[2]]
    assert 1 <= len(ranges) <= 3  # one range, and its repetitions
    assert all(one[2] == "bytes=458752-524287" for one in ranges)


def test_a_store_that_goes_on_failing_ends_the_build_and_rejects_nothing(
    raw, tmp_path, whole, bucket, server, monkeypatch
):
    put(raw, f"{bucket}/raw")
    real = item.build_item

    def fails(where, *args, **options):
        server.fails = 1
        try:
            return real(where, *args, **options)
        finally:
            server.fails = FAILS

    with monkeypatch.context() as patch:
        patch.setattr(item, "build_item", fails)
        with pytest.raises(CorpusError, match=r"s3://.+ fails \(.*\); the same command goes on"):
            built(f"{bucket}/raw", tmp_path / "out")
    assert built(f"{bucket}/raw", tmp_path / "out") == whole


def test_a_finished_corpus_in_a_store_is_read_shown_and_verified(
    raw, tmp_path, whole, bucket, capsys
):
    url = f"{bucket}/out"
    put(tmp_path / "whole", url)
    frame = corpus.load(url)
    assert len(frame) == sum(whole["rows"].values())
    assert corpus.load(url, split="validation")["split"].unique().tolist() == ["validation"]
    assert main(["verify", url, "--raw", str(raw)]) == 0
    assert main(["show", url, "--id", "b"]) == 0
    assert main(["show", url, "--reason", "one_speaker"]) == 0
    assert main(["show", url, "-n", "1"]) == 0
    assert main(["card", url]) == 0
    out = capsys.readouterr().out
    assert "nothing wrong" in out
    assert f"rows in {url}" in out
    (Remote(url) / "train" / "00000.parquet").write_bytes(b"PAR1")
    assert main(["verify", url]) > 2
    build = ["build", str(raw), url, "--tokenizer", "builtin"]
    assert main(build) == 2
    assert (
        "is this build, but not whole: train/00000.parquet has 4 bytes" in capsys.readouterr().err
    )
    assert main([*build, "--fresh"]) == 0
    assert main(build) == 0
    assert "already, finished" in capsys.readouterr().out


def test_training_reads_a_corpus_in_a_store(raw, whole, bucket, tmp_path):
    shards = pytest.importorskip("corpus.training.shards")
    put(tmp_path / "whole", f"{bucket}/out")
    there, here = (
        shards.open_corpus(folder_of(f"{bucket}/out")),
        shards.open_corpus(tmp_path / "whole"),
    )
    assert there.corpus_hash == here.corpus_hash == whole["corpus_hash"]
    assert there.tokenizer_file.read_bytes() == here.tokenizer_file.read_bytes()
    for split in ("train", "validation"):
        one, other = shards.read_split(there, split), shards.read_split(here, split)
        assert one.token_ids.tolist() == other.token_ids.tolist()
        assert one.sources == other.sources


def test_the_memory_of_fsspec_is_a_store_too(raw, tmp_path, whole):
    put(raw, f"memory://{tmp_path.name}/raw")
    out = f"memory://{tmp_path.name}/out"
    assert built(f"memory://{tmp_path.name}/raw", out) == whole
    with fsspec.open(f"{out}/train/00000.parquet") as file:
        assert len(pd.read_parquet(file)) == whole["rows"]["train"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["build", "nowhere://x/raw", "out"], "nowhere://x/raw cannot be reached: Protocol not"),
        (["build", "memory://nothing/there", "out"], "There is no memory://nothing/there."),
        (["build", "memory://a/raw", "memory://a/raw/out"], "lies in memory://a/raw, which is"),
        (["card", "memory://nothing"], "memory://nothing holds no finished corpus"),
        (["commit", "memory://nothing"], "memory://nothing holds no finished corpus"),
    ],
)
def test_a_wrong_call_is_one_sentence(words, told, capsys):
    assert main(words) == 2
    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == 1


def test_a_url_is_no_path():
    assert folder_of("s3://bucket/raw/") == Remote("s3://bucket/raw")
    assert str(folder_of("raw/")) == "raw"
