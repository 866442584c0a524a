"""Files that are sent to a page: looked at, imported, and never half."""

import gzip
import io
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from pages_kit import Page, page_of
from web_kit import EMPTY, Site, listening

PEOPLE = {"Accept": "text/html"}
FEED = (
    "created_at,entry_id,field1\n"
    "2024-02-01 00:00:00 UTC,1,4.5\n"
    "2024-02-01 00:10:00 UTC,2,=1+1\n"
    "never,3,6\n"
)
LOG = "When;Temp\n01.02.2024 10:00;4,5\n01.02.2024 10:10;<b>5</b>\n"


def sent(web: httpx2.Client, name: str, content: str | bytes, **fields: str) -> tuple[str, Page]:
    """A file's address after it was sent, and the page that shows what it would do."""
    data = content.encode() if isinstance(content, str) else content
    answer = web.post("/import", files={"file": (name, data)}, data=fields, headers=PEOPLE)
    assert answer.status_code == 303, answer.text[:1500]
    address = answer.headers["location"].partition("?")[0]
    return address, page_of(web.get(address), 400 if web.get(address).status_code == 400 else 200)


def held(site: Site, word: str) -> list[Path]:
    """What is there of a file that was sent."""
    upload = site.served.uploads.get(word.rpartition("/")[2])
    return [] if upload is None else [upload.path]


def test_a_file_is_looked_at_and_then_imported(own: Site) -> None:
    """The look writes nothing and says what the import then does; the file goes with it."""
    house = own.served.warehouse
    with own.client() as web:
        address, page = sent(web, "feeds.csv", FEED, channel=str(EMPTY))
        (path,) = held(own, address)
        text = web.get(address).text
        assert "<dt>New entries</dt><dd><bdi>2</bdi>" in text and "never" in str(page.tables)
        assert str(path.parent) not in text
        assert house.query("readings", channel_id=EMPTY).num_rows == 0
        done = web.post(f"{address}/confirm")
        assert done.status_code == 303
        own.served.jobs.all()[0].wait(20)
        assert own.served.jobs.all()[0].error is None
        assert house.query("readings", channel_id=EMPTY)["EntryID"].to_pylist() == [1, 2]
        (row,) = house.query("kept_texts", channel_id=EMPTY).to_pylist()
        assert (row["RawValue"], row["Reason"]) == ("=1+1", "unparseable")
        assert house.query("rejected_entries", channel_id=EMPTY).num_rows == 1
        (run,) = house.query("runs", channel_id=EMPTY, limit=1).to_pylist()
        assert run["Source"] == "feeds.csv"
        assert not path.parent.exists() and web.get(address).status_code == 404
        assert web.post(f"{address}/confirm").status_code == 404


def test_what_is_wrong_is_said_and_read_otherwise(own: Site) -> None:
    """A file that cannot be read so is told in the words of the form; another form reads it."""
    with own.client() as web:
        address, page = sent(web, "log.csv.gz", gzip.compress(LOG.encode()), tz="Mars")
        assert "is no time zone" in page.wrong["tz"] and page.values["tz"] == "Mars"
        address, page = sent(web, "log.csv.gz", gzip.compress(LOG.encode()))
        assert page.wrong["file"] and "--" not in page.wrong["file"]
        look = {"time": "When", "time_format": "%d.%m.%Y %H:%M", "field1": "Temp",
                "tz": "Europe/Zurich", "decimal_comma": "yes", "name": "<b>Barn</b>"}  # fmt: skip
        assert web.post(f"{address}/look", data=look).status_code == 303
        answer = web.get(address)
        page = page_of(answer)
        assert not page.wrong and page.values["name"] == "<b>Barn</b>"
        web.post(f"{address}/confirm")
        own.served.jobs.all()[0].wait(20)
        rows = own.served.warehouse.query("readings", channel_id=-1).to_pylist()
        assert [str(row["CreatedAt"]) for row in rows] == [
            "2024-02-01 09:00:00", "2024-02-01 09:10:00"
        ]  # fmt: skip
        assert float(rows[0]["Field1"]) == 4.5


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.csv", b"", "x.csv is empty"),
        ("x.zip", b"PK\x03\x04broken", "damaged"),
        ("x.gz", b"\x1f\x8b\x08broken", "x.gz"),
        ("x.bin", b"\x00\x01\x02" * 999, "is no text"),
        ("../../etc/<script>\u202evsc.exe", b"a,b\n1,2\n", "<script>vsc.exe"),
        ("x.html", b"<!doctype html><title>Log in</title>", "is a web page"),
    ],
)
def test_no_file_is_too_odd(
    site: Site, web: httpx2.Client, name: str, content: bytes, said: str
) -> None:
    """What is no export is refused in one line, under its own name; nothing stays once dropped."""
    address, page = sent(web, name, content)
    assert said in page.wrong["file"] and "fieldhouse-import" not in page.wrong["file"]
    (path,) = held(site, address)
    assert web.post(f"{address}/confirm").status_code == 303
    assert held(site, address) == [path], "an import began that could not"
    assert web.post(f"{address}/drop").status_code == 303
    assert not path.parent.exists() and web.get(address).status_code == 404


def test_without_a_file_nothing_begins(web: httpx2.Client) -> None:
    """A form without a file comes back; what is no form of this kind is refused."""
    page = page_of(web.post("/import", files={"file": ("", b"")}, headers=PEOPLE), 400)
    assert "choose a file" in page.wrong["file"]
    assert web.post("/import", data={"file": "text"}).status_code == 415
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    assert web.post("/import", content=b"--y", headers=broken).status_code == 400


def test_too_large_a_file_is_refused_before_it_is_taken(site: Site) -> None:
    """It is given up at the limit; nothing of it stays, and other forms have less room still."""
    served = replace(site.served, rules=replace(site.served.rules, most_file_bytes=100_000))
    with (
        listening(served) as url,
        httpx2.Client(base_url=url, timeout=30, trust_env=False) as web,
    ):
        before = len(served.uploads._kept)
        large = io.BytesIO(b"x" * 300_000)
        assert web.post("/import", files={"file": ("x.csv", large)}).status_code == 413
        assert len(served.uploads._kept) == before


def test_few_files_wait(own: Site) -> None:
    """None goes that somebody looks at: the ninth waits, or takes the place of a forgotten one."""
    uploads = own.served.uploads
    with own.client() as web:
        addresses = [sent(web, f"{number}.csv", FEED, channel=str(EMPTY))[0] for number in range(8)]
        paths = [held(own, address)[0] for address in addresses]
        ninth = {"file": ("9.csv", FEED.encode())}
        page = page_of(web.post("/import", files=ninth, headers=PEOPLE), 503)
        assert "8 files wait" in page.wrong["file"]
        assert all(path.exists() for path in paths)
        for address, ago in ((addresses[3], 601), (addresses[4], 700)):
            one = uploads.get(address.rpartition("/")[2])
            assert one
            one.seen_at -= ago
        web.get(addresses[4])  # looked at again
        sent(web, "9.csv", FEED, channel=str(EMPTY))
        assert [path.exists() for path in paths] == [n != 3 for n in range(8)]
        assert not paths[3].parent.exists()
        assert page_of(web.post("/import", files=ninth, headers=PEOPLE), 503)
        assert len(list(paths[0].parent.parent.iterdir())) == 8


def test_a_file_waits_until_there_is_room(own: Site) -> None:
    """Confirmed while too much goes on, it is there still, and is imported when asked again."""
    go_on = threading.Event()
    with own.client() as web:
        address, _ = sent(web, "feeds.csv", FEED, channel=str(EMPTY))
        others = [
            own.served.jobs.carry_out("other", [], lambda *_: [] * go_on.wait(60)) for _ in range(8)
        ]
        assert web.post(f"{address}/confirm").status_code == 503
        go_on.set()
        assert all(job.wait(60) for job in others)
        assert held(own, address)[0].exists()
        assert web.post(f"{address}/confirm").status_code == 303
        assert own.served.jobs.all()[0].wait(60) and own.served.jobs.all()[0].error is None


def test_a_file_is_imported_once(own: Site) -> None:
    """Of many that confirm it at once one has it; the others are told that it is gone."""
    with own.client() as web, ThreadPoolExecutor(6) as pool:
        address, _ = sent(web, "feeds.csv", FEED, channel=str(EMPTY))
        answers = list(pool.map(lambda _: web.post(f"{address}/confirm"), range(6)))
        assert sorted(answer.status_code for answer in answers) == [303] + [404] * 5
    imports = [job for job in own.served.jobs.all() if job.kind == "import"]
    assert [(job.wait(60), job.error) for job in imports] == [(True, None)]


def test_files_are_taken_though_the_system_has_tidied_up(own: Site) -> None:
    """A folder that was cleared away meanwhile, as old ones are, is made anew."""
    with own.client() as web:
        address, _ = sent(web, "0.csv", FEED, channel=str(EMPTY))
        shutil.rmtree(held(own, address)[0].parent.parent)
        address, page = sent(web, "1.csv", FEED, channel=str(EMPTY))
        assert not page.wrong and held(own, address)[0].exists()
