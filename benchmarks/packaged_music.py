"""Real music that no rule was set by: songs that Debian's packages of games and demos carry.

``faults.py --packaged`` plants faults in these mixes alone. They are in no half: all are for testing, and nobody had
looked at what is found in them before docs/accuracy.md had its table. Who looks and mends has to say so there. None is
by an artist of the shared material.

A package is fetched once, with ``apt-get download``; nothing is installed, and of what it unpacks to only the songs
stay, in ``.cache/packaged``. Tracker modules are rendered by libopenmpt, through ffmpeg, and have never met a codec. A
song in MP3 or Vorbis has, and ``fault_mixes.Mix.lossy`` says so. Both can decode to more than full scale, which 24 bits
would clip: a mix that does is turned down.

Songs were taken by title, length, width and ffmpeg's meters, before the analysis had seen any: some of Maxstack's were
left because they lie up to a third of full scale off centre, so that their loudest minute is no music.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from fault_mixes import RATE_HZ, ROOT, Mix, Plan, Sound, faded, loudest, read_sound

CACHE = ROOT / ".cache" / "packaged"
MODULES = {".it", ".mod", ".s3m", ".xm"}
TURNED_DOWN_TO_DBFS = -1.0


@dataclass(frozen=True, slots=True)
class Song:
    package: str
    file: str
    """Below ``/usr/share``."""
    name: str
    artist: str
    """As file or package name them; empty where neither does."""

    @property
    def lossy(self) -> bool:
        return Path(self.file).suffix not in MODULES


LOSSLESS = (
    Song("bb", "bb/bb.s3m", "BB", "Filip Kupsa"),
    Song("criticalmass-data", "games/criticalmass/lg-criti.xm", "Critical", "Lunar Gravity"),
    Song("gemdropx", "games/gemdropx/sounds/2force.xm", "2 Force", "Slowhand"),
    Song("gltron", "games/gltron/music/song_revenge_of_cats.it", "Revenge of the Cats", "Skaven"),
    Song("madbomber-data", "games/madbomber/music/bizjung.it", "Bizarre Jungle", "Tricoder"),
    Song("rafkill-data", "games/rafkill/music/song5.xm", "In my Life, my Mind", "Jeroen Tel"),
    Song("pekka-kana-2-data", "games/pekka-kana-2/data/music/song09.xm", "Pekka Kana theme", "Janne Kivilahti"),
    Song("vectoroids", "games/vectoroids/music/decision.s3m", "Decision", "Hadji"),
    Song("gl-117-data", "games/gl-117/music/stars.s3m", "Stars", "Thomas A. Drexl"),
    Song("fb-music-high", "games/frozen-bubble/snd/frozen-mainzik-2p.xm", "Frozen Bubble for two", "Matths"),
    Song("gemdropx", "games/gemdropx/sounds/22drops.mod", "22 Drops", "Iso"),
    Song("open-invaders-data", "open-invaders/hiscore.mod", "Trancing", "Meta"),
    Song("pingus-data", "games/pingus/data/music/pingus-5.it", "Pingus level 5", "Joseph Toscano"),
    Song("rafkill-data", "games/rafkill/music/song2.xm", "The Love Trap", "Anvil"),
    Song("dodgindiamond2", "games/dodgindiamond2/bgm2.xm", "The Level", "Juan J. Martinez"),
    Song("rockdodger", "rockdodger/ramcharg.mod", "Ramcharger", ""),
    Song("pekka-kana-2-data", "games/pekka-kana-2/data/music/song13.xm", "Robochickens", "Janne Kivilahti"),
)
LOSSY = (
    Song("starfighter-data", "starfighter/music/sound_and_silence.ogg", "Sound & silence", "JunglistMilitia"),
    Song(
        "miceamaze",
        "games/miceamaze/music/Dj_Rkod_Pulse_(George_Ellinas_Remix).ogg",
        "Pulse, George Ellinas remix",
        "George Ellinas",
    ),
    Song("singularity-music", "games/singularity/music/A New Journey.ogg", "A New Journey", "Maxstack"),
    Song("pax-britannica-data", "pax-britannica/audio/music.ogg", "Pax Britannica", ""),
    Song(
        "wizznic-data",
        "games/wizznic/packs/000_wizznic/music/Sean Hawk - Imperia.ogg",
        "Imperia",
        "Sean Hawk",
    ),
    Song("starfighter-data", "starfighter/music/railjet_short.ogg", "RailJet", "Deceased Superior Technician"),
    Song(
        "davegnukem-data",
        "games/davegnukem/music/eric_matyas/Techno-Gameplay_Looping.ogg",
        "Techno Gameplay",
        "Eric Matyas",
    ),
    Song("trackballs-data", "games/trackballs/music/c64revival.ogg", "C64 Revival", ""),
    Song("amoebax-data", "games/amoebax/music/AngusBackground.ogg", "Angus' Background Music", "Alex Almarza"),
    Song("neverball-common", "games/neverball/bgm/track4.ogg", "Neverball track 4", ""),
    Song("xmoto-data", "games/xmoto/Textures/Musics/menu.ogg", "Trackdead", "Jens Erler"),
    Song("singularity-music", "games/singularity/music/Orbital Elevator.ogg", "Orbital Elevator", "Maxstack"),
    Song("pink-pony-data", "games/pink-pony/music/To be happy.mp3", "To be happy", "Renich"),
)


def plans() -> list[Plan]:
    """All songs, lossless and lossy in turn, so that a few of them are of both."""
    # ``zip`` would end with the shorter table.
    in_turn = sorted((*enumerate(LOSSLESS), *enumerate(LOSSY)), key=lambda numbered: numbered[0])
    return [Plan(song.name, song.name, partial(_mix, song), lossy=song.lossy) for _, song in in_turn]


def _mix(song: Song) -> Mix:
    whole = _decoded(_fetched(song))
    return Mix(song.name, song.name, _within_full_scale(faded(whole[:, loudest(whole)])), lossy=song.lossy)


def _within_full_scale(sound: Sound) -> Sound:
    peak = float(np.abs(sound).max())
    return sound if peak <= 1.0 else sound * np.float32(10 ** (TURNED_DOWN_TO_DBFS / 20) / peak)


def _fetched(song: Song) -> Path:
    """The song's file, after its package was fetched if need be, with the other songs of that package."""
    kept = _kept(song)
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            files = Path(folder) / "files"
            _told(["apt-get", "download", song.package], Path(folder))
            (package,) = Path(folder).glob("*.deb")
            _told(["dpkg-deb", "-x", str(package), str(files)], Path(folder))
            for other in _songs_of(song.package):
                # Two processes may fetch one package: whole files take the place of whole files.
                (files / "usr" / "share" / other.file).replace(_kept(other))
    return kept


def _told(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"expected {' '.join(command[:3])} to work, it says: {done.stderr.strip()}")


def _kept(song: Song) -> Path:
    return CACHE / song.package / Path(song.file).name


def _songs_of(package: str) -> Iterator[Song]:
    return (song for song in (*LOSSLESS, *LOSSY) if song.package == package)


def _decoded(path: Path) -> Sound:
    """In float, so that nothing is clipped; a module is rendered at the rate we want, once, without its loop."""
    rate = ["-sample_rate", str(RATE_HZ)] if path.suffix in MODULES else []
    with tempfile.TemporaryDirectory(prefix="uptrack-faults-") as folder:
        wave = Path(folder) / "song.wav"
        command = ["ffmpeg", "-nostdin", "-loglevel", "error", *rate, "-i", str(path), "-c:a", "pcm_f32le", str(wave)]
        _told(command, Path(folder))
        return read_sound(wave)
