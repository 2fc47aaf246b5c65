"""`guide speak`, `guide tell --speak` and `--play` as a user runs them."""

import ctypes.util
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import GUIDE, VERMEER
from tests.speech_setting import JOE, TEXT, link_voice, read_sound


@pytest.fixture(autouse=True)
def joe(models_folder, monkeypatch):
    """The English voice in the tests' own models folder."""
    link_voice(JOE, models_folder, monkeypatch)


def test_text_becomes_a_sound_file_with_tags_and_captions(guide, tmp_path):
    (tmp_path / "guide.txt").write_text(TEXT)
    arguments = ("--out", "guide.mp3", "--captions", "--title", "Girl", "--artist", "Vermeer")
    run = guide("speak", "guide.txt", *arguments)
    assert run.returncode == 0
    assert "s of sound · guide.mp3 · guide.vtt" in run.stderr
    sound = read_sound(tmp_path / "guide.mp3")
    assert 5 < sound.seconds < 20
    assert sound.loudness == pytest.approx(-16, abs=0.5)
    assert sound.tags == {"title": "Girl", "artist": "Vermeer"}
    captions = (tmp_path / "guide.vtt").read_text()
    assert captions.count(" --> ") == 3
    assert "around 1665." in captions


def test_guide_as_json_brings_its_title_and_artist(guide, tmp_path):
    result = {"guide": "Look at the pearl.", "artwork": VERMEER}
    run = guide("speak", "-", "--out", "guide.flac", stdin=json.dumps(result))
    assert run.returncode == 0
    tags = {"title": VERMEER["title"], "artist": VERMEER["artist"]}
    assert read_sound(tmp_path / "guide.flac").tags == tags


def test_guide_in_another_language_asks_for_that_languages_voice(guide, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    made = guide(
        "tell", "--model", "none", "--language", "it", "--json", "-", stdin=json.dumps(VERMEER)
    )
    run = guide("speak", "-", "--out", "guide.wav", stdin=made.stdout)
    assert run.returncode == 2
    assert "it_IT-paola-medium could not be fetched" in run.stderr


def test_tell_speaks_what_it_writes(guide, tmp_path):
    record = json.dumps(VERMEER)
    run = guide(
        "tell", "--model", "none", "-", "--speak", "g.opus", "--captions", "--json", stdin=record
    )
    assert run.returncode == 0
    text = json.loads(run.stdout)["guide"]
    sound = read_sound(tmp_path / "g.opus")
    assert len(text.split()) / 250 * 60 < sound.seconds < len(text.split()) / 80 * 60
    assert sound.loudness == pytest.approx(-16, abs=0.7)
    assert sound.tags == {"title": VERMEER["title"], "artist": VERMEER["artist"]}
    cues = [block.splitlines()[2] for block in (tmp_path / "g.vtt").read_text().split("\n\n")[1:]]
    assert " ".join(cues) == text


def test_draft_is_spoken_sentence_by_sentence(guide, tmp_path):
    arguments = ("tell", "--model", "tiny", "--draft", "--max-tokens", "40", "-")
    run = guide(*arguments, "--speak", "g.wav", "--captions", stdin=json.dumps(VERMEER))
    assert run.returncode == 0
    cues = [block.splitlines()[2] for block in (tmp_path / "g.vtt").read_text().split("\n\n")[1:]]
    assert " ".join(cues).split() == run.stdout.split()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "Say where the sound goes: --out FILE, --play, or both."),
        (("--play", "--captions"), "--captions are written beside a sound file"),
        (("--out", "g.ogg"), "g.ogg: the ending of a sound file is .wav, .mp3, .opus or .flac."),
        (("--out", "none/g.mp3"), "none/g.mp3 cannot be written: none is no folder"),
        (("--out", "g.mp3", "--voice", "jo"), "There is no voice called 'jo'"),
        (("--out", "g.mp3", "--language", "de", "--voice", JOE), f"The voice {JOE} speaks 'en'"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_spoken(guide, tmp_path, arguments, reason):
    (tmp_path / "guide.txt").write_text(TEXT)
    run = guide("speak", "guide.txt", *arguments)
    assert run.returncode == 2
    assert reason in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["guide.txt"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (" \n", "standard input holds no text to speak."),
        ('{"guide": ', "begins like JSON and is not valid"),
        ('{"text": "x"}', 'standard input has no text at "guide"'),
        ('{"guide": "a"}\n{"guide": "b"}\n', "holds 2 guides; guide speak takes one"),
    ],
)
def test_faulty_input_is_one_sentence(guide, content, reason):
    run = guide("speak", "-", "--out", "g.wav", stdin=content)
    assert run.returncode == 2
    assert reason in run.stderr


def test_absent_file_is_named(guide):
    run = guide("speak", "absent.txt", "--out", "g.wav")
    assert (run.returncode, run.stderr) == (
        2,
        "guide: absent.txt cannot be read: No such file or directory.\n",
    )


def test_without_the_extra_one_is_told_how_to_install_it(tmp_path):
    code = (
        "import sys; sys.modules['piper'] = None\n"
        "sys.argv = ['guide', 'speak', '-', '--out', 'g.wav']\n"
        "import guide; guide.main()"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], input="Hello.", text=True, capture_output=True, cwd=tmp_path,
        check=False,
    )  # fmt: skip
    assert run.returncode == 2
    assert "piper has to be installed: just setup speech" in run.stderr


def test_old_sound_file_stays_when_the_new_one_cannot_be_made(guide, tmp_path):
    (tmp_path / "g.wav").write_bytes(b"old")
    run = guide("speak", "-", "--out", "g.wav", "--voice", "none", stdin=TEXT)
    assert run.returncode == 2
    assert (tmp_path / "g.wav").read_bytes() == b"old"


needs_portaudio = pytest.mark.skipif(
    not (ctypes.util.find_library("portaudio") and sys.platform == "linux"),
    reason="PortAudio plays through ALSA here",
)


def play(tmp_path, configuration: str, *arguments: str, stdin: str) -> subprocess.CompletedProcess:
    """Run guide on a machine with that sound card."""
    file = tmp_path / "asound.conf"
    file.write_text(configuration)
    return subprocess.run(
        [str(GUIDE), *arguments], input=stdin, capture_output=True, text=True, cwd=tmp_path,
        env=os.environ | {"ALSA_CONFIG_PATH": f"/usr/share/alsa/alsa.conf:{file}"}, check=False,
    )  # fmt: skip


@needs_portaudio
def test_sound_comes_out_of_the_loudspeaker(tmp_path):
    card = (
        f'pcm.!default {{ type file file "{tmp_path}/heard.raw" format raw slave.pcm '
        "{ type null } }\nctl.!default { type null }\n"
    )
    run = play(tmp_path, card, "speak", "-", "--play", stdin=TEXT)
    assert run.returncode == 0, run.stderr
    assert "first sound after" in run.stderr
    heard = np.fromfile(tmp_path / "heard.raw", dtype=np.int16)
    assert np.abs(heard).max() > 10_000
    assert (np.abs(heard) > 1000).mean() > 0.1


@needs_portaudio
def test_machine_without_a_sound_device_says_so(tmp_path):
    run = play(tmp_path, "pcm.!default { type hw card 9 }\n", "speak", "-", "--play", stdin=TEXT)
    assert run.returncode == 2
    assert "There is no sound device to play on" in run.stderr
    assert "write a sound file instead." in run.stderr
