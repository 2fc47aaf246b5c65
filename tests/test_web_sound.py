"""Sound over HTTP: while a guide is written, of the whole, in parts, in four formats."""

import pytest

from infer.web.ranges import ranged
from tests.speech_setting import JOE, link_voice, read_sound
from tests.web import WORKS, Site, serving

pytest.importorskip("piper")


@pytest.fixture(scope="module")
def site(tiny, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GUIDE_MODELS", str(tiny.parent))
        link_voice(JOE, tiny.parent, patch)
        folder = tmp_path_factory.mktemp("sound")
        with serving(folder, silent=False, languages=("en", "fr")) as site:
            yield site


@pytest.fixture(scope="module")
def guide(site: Site):
    """A guide, and the sound of each sentence as it was heard while it was being written."""
    heard, done = [], {}
    for name, data in site.events({"artwork": WORKS[1]}):
        if name == "sentence":
            answer = site.get(data["audio"])
            assert answer.headers["Content-Type"] == "audio/wav"
            heard.append(read_sound(answer.content))
        done = data
    return done, heard


def test_every_sentence_can_be_heard_as_it_comes(guide):
    done, heard = guide
    assert len(heard) == len(done["sentences"])
    assert all(sound.seconds > 0.5 for sound in heard)
    assert all(sound.peak > 0.1 for sound in heard)


def test_whole_is_its_sentences_at_their_times(site: Site, guide):
    done, heard = guide
    whole = read_sound(site.get(done["audio"], params={"format": "flac"}).content)
    assert whole.seconds == pytest.approx(sum(sound.seconds for sound in heard), abs=0.01)
    assert whole.seconds == pytest.approx(done["sentences"][-1]["end"], abs=0.01)
    starts = [sentence["start"] for sentence in done["sentences"]]
    assert starts == sorted(starts)
    assert whole.loudness == pytest.approx(-16, abs=2)


@pytest.mark.parametrize(
    ("format_", "kind"),
    [("mp3", "audio/mpeg"), ("opus", "audio/ogg"), ("wav", "audio/wav"), ("flac", "audio/flac")],
)
def test_format_is_what_it_says_and_keeps_the_length(site: Site, guide, format_, kind):
    answer = site.get(guide[0]["audio"], params={"format": format_})
    assert answer.headers["Content-Type"] == kind
    sound = read_sound(answer.content)
    assert sound.seconds == pytest.approx(guide[0]["sentences"][-1]["end"], abs=0.2)
    assert sound.peak > 0.1


def test_sound_carries_title_and_artist(site: Site, guide):
    tags = read_sound(site.get(guide[0]["audio"], params={"format": "flac"}).content).tags
    assert (tags["title"], tags["artist"]) == ("Bull III", "Le Corbusier")


def test_stored_sentence_sounds_as_it_did_when_it_came(site: Site, guide):
    done, heard = guide
    again = read_sound(site.get(f"/api/guides/{done['id']}/sentences/1/audio").content)
    assert again.seconds == pytest.approx(heard[1].seconds, abs=0.01)


def test_captions_are_the_sentences_at_their_times(site: Site, guide):
    answer = site.get(guide[0]["captions"])
    assert answer.headers["Content-Type"].startswith("text/vtt")
    assert answer.text.startswith("WEBVTT\n")
    assert answer.text.count("-->") == len(guide[0]["sentences"])


def test_player_that_skips_gets_the_part_it_asks_for(site: Site, guide):
    whole = site.get(guide[0]["audio"])
    assert whole.headers["Accept-Ranges"] == "bytes"
    part = site.get(guide[0]["audio"], headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == whole.content[100:200]
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.content)}"
    beyond = site.get(guide[0]["audio"], headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416
    assert beyond.headers["Content-Range"] == f"bytes */{len(whole.content)}"


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=0-", 206, b"0123456789"), ("bytes=9-99", 206, b"9"), ("bytes=-3", 206, b"789"),
        ("bytes=-99", 206, b"0123456789"), ("bytes=5-2", 416, b""), ("bytes=-0", 416, b""),
        ("bytes=10-", 416, b""), ("bytes=0-1,3-4", 200, b"0123456789"),
        ("items=0-1", 200, b"0123456789"), ("", 200, b"0123456789"),
    ],
)  # fmt: skip
def test_range_is_read_as_the_standard_has_it(asked, status, content):
    from starlette.datastructures import Headers

    from infer.web.problems import ProblemError

    headers = Headers({"range": asked})
    if status == 416:
        with pytest.raises(ProblemError) as error:
            ranged(b"0123456789", "audio/wav", headers)
        assert error.value.status == 416
    else:
        answer = ranged(b"0123456789", "audio/wav", headers)
        assert (answer.status_code, bytes(answer.body)) == (status, content)


def test_sound_that_has_not_changed_is_not_sent_again(site: Site, guide):
    etag = site.get(guide[0]["audio"]).headers["ETag"]
    assert site.get(guide[0]["audio"], headers={"If-None-Match": etag}).status_code == 304


def test_language_without_a_voice_is_text_alone(site: Site):
    assert site.get("/api/config").json()["voices"] == ["en"]
    events = list(site.events({"artwork": WORKS[1], "language": "fr"}))
    assert all(data["audio"] is None for name, data in events if name == "sentence")
    done = events[-1][1]
    assert (done["audio"], done["captions"]) == (None, None)
    assert site.get(f"/api/guides/{done['id']}/audio").status_code == 404
    assert site.get(f"/api/guides/{done['id']}/sentences/0/audio").status_code == 404
    assert site.get(f"/api/guides/{done['id']}/captions.vtt").status_code == 404


def test_stored_guide_without_sound_is_spoken_when_it_is_asked_for(site: Site, monkeypatch):
    wish = {"artwork": WORKS[3]}
    monkeypatch.setattr(site.services.voices, "_silent", True)
    assert site.post("/api/guides", wish).json()["audio"] is None
    monkeypatch.setattr(site.services.voices, "_silent", False)
    events = list(site.events(wish))
    assert events[0][1]["stored"] is True
    assert read_sound(site.get(events[1][1]["audio"]).content).peak > 0.1
    assert read_sound(site.get(events[-1][1]["audio"]).content).seconds > 5


def test_edited_guide_is_spoken_anew(site: Site):
    site.log_in()
    work_id = site.add(0, 3)
    guide = site.post("/api/guides", {"work_id": work_id}).json()
    edited = site.put(f"/api/curator/guides/{guide['id']}", {"text": "Look. Look at it."}).json()
    assert len(edited["sentences"]) == 2
    sound = read_sound(site.get(edited["audio"], params={"format": "wav"}).content)
    assert sound.seconds == pytest.approx(edited["sentences"][-1]["end"], abs=0.01)
    assert sound.seconds < guide["sentences"][-1]["end"]


def test_exported_folder_holds_the_sound(site: Site):
    import io
    import zipfile

    site.services.limiter.forget()
    site.log_in()
    site.post("/api/guides", {"work_id": site.add(2, 4)})
    with zipfile.ZipFile(io.BytesIO(site.get("/api/curator/export").content)) as archive:
        sounds = [name for name in archive.namelist() if name.startswith("tour/audio/")]
        assert sounds
        assert read_sound(archive.read(sounds[0])).peak > 0.1
