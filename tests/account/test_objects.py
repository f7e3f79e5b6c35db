"""What holds for held audio in a folder and in a bucket alike: one suite over both."""

from __future__ import annotations

import asyncio
import os
import re
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import HttpUrl, SecretStr, ValidationError

from support.s3 import KEY, SECRET, new_bucket
from uptrack_account.audio.objects import ObjectMissing, Objects, StoreAway, leftovers, new_key, open_objects, prefix_of
from uptrack_account.settings import AccountSettings
from uptrack_account.store.models import new_id
from uptrack_analysis.errors import BadInput

MIB = 1024 * 1024


@pytest.fixture(params=["folder", "s3", "s3 with a prefix"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> AccountSettings:
    if request.param == "folder":
        return AccountSettings(home=tmp_path / "home")
    address = request.getfixturevalue("s3")
    return AccountSettings(
        home=tmp_path / "home",
        objects=f"s3://{new_bucket(address)}" + ("/of/ours" if "prefix" in request.param else ""),
        objects_endpoint=address,
        objects_key=KEY,
        objects_secret=SecretStr(SECRET),
    )


@pytest.fixture
def objects(settings: AccountSettings) -> Objects:
    return open_objects(settings)


async def pieces(*sizes: int) -> AsyncIterator[bytes]:
    for number, size in enumerate(sizes):
        yield bytes([number]) * size


async def read(objects: Objects, key: str) -> bytes:
    return b"".join([piece async for piece in objects.read(key)])


async def keys(objects: Objects, prefix: str = "") -> list[str]:
    return sorted([one.key async for one in objects.listed(prefix)])


@pytest.mark.parametrize("sizes", [(), (1,), (3, 0, 4), (7 * MIB, 6 * MIB, 5)], ids=str)
async def test_what_was_put_in_pieces_is_read_as_it_was(objects: Objects, sizes: tuple[int, ...]) -> None:
    key = new_key(new_id())
    await objects.put(key, pieces(*sizes))
    assert await read(objects, key) == b"".join([piece async for piece in pieces(*sizes)])
    (one,) = [held async for held in objects.listed()]
    assert (one.key, one.size_bytes) == (key, sum(sizes))
    assert abs(datetime.now(UTC) - one.put_at) < timedelta(minutes=5)


async def test_a_large_object_is_read_in_pieces(objects: Objects) -> None:
    key = new_key(new_id())
    await objects.put(key, pieces(*[MIB] * 12))
    sizes = [len(piece) async for piece in objects.read(key)]
    assert sum(sizes) == 12 * MIB
    assert max(sizes) < 12 * MIB


async def test_a_list_by_account_holds_that_accounts_alone(objects: Objects) -> None:
    ada, bob = "a" * 32, "b" * 32
    mine = [new_key(ada), new_key(ada)]
    for key in (*mine, new_key(bob)):
        await objects.put(key, pieces(5))
    assert await keys(objects, prefix_of(ada)) == sorted(mine)
    assert len(await keys(objects)) == 3
    assert await keys(objects, prefix_of("c" * 32)) == []


async def test_what_was_deleted_is_gone_and_may_be_deleted_again(objects: Objects) -> None:
    key, another = new_key(new_id()), new_key(new_id())
    for one in (key, another):
        await objects.put(one, pieces(5))
    assert await objects.exists(key)
    await objects.delete([key, key])
    await objects.delete([key])
    assert await keys(objects) == [another]
    assert not await objects.exists(key)
    with pytest.raises(ObjectMissing):
        await read(objects, key)


async def test_of_an_upload_that_breaks_off_nothing_is_kept_and_its_own_error_is_told(
    settings: AccountSettings, objects: Objects
) -> None:
    class HungUp(Exception):
        pass

    async def breaking() -> AsyncIterator[bytes]:
        for _ in range(12):
            yield b"x" * MIB
        raise HungUp

    with pytest.raises(HungUp):
        await objects.put(new_key(new_id()), breaking())
    assert await keys(objects) == []
    assert leftovers(settings) == []


async def test_many_are_put_at_once(objects: Objects) -> None:
    account_id = new_id()
    wanted = [new_key(account_id) for _ in range(8)]
    await asyncio.gather(*(objects.put(key, pieces(MIB, 3)) for key in wanted))
    assert await keys(objects, prefix_of(account_id)) == sorted(wanted)


def test_a_key_is_random_below_its_account() -> None:
    account_id = new_id()
    made = {new_key(account_id) for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(rf"{account_id}/[0-9a-f]{{32}}", key) for key in made)


async def test_a_folder_is_closed_to_others(tmp_path: Path) -> None:
    objects = open_objects(AccountSettings(home=tmp_path))
    await objects.put(new_key(new_id()), pieces(5))
    assert stat.S_IMODE((tmp_path / "objects").stat().st_mode) == 0o700


def test_what_a_crash_cut_off_in_a_folder_is_found_and_not_listed(tmp_path: Path) -> None:
    dying = (
        "import asyncio, os, sys\n"
        "from pathlib import Path\n"
        "from uptrack_account.audio.objects import open_objects\n"
        "from uptrack_account.settings import AccountSettings\n"
        "async def pieces():\n"
        "    for _ in range(30):\n"
        "        yield b'x' * 1024 * 1024\n"
        "    os._exit(9)\n"
        "asyncio.run(open_objects(AccountSettings(home=Path(sys.argv[1]))).put('a/b', pieces()))\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", dying, str(tmp_path)], env=environment, timeout=60)
    assert ended.returncode == 9
    settings = AccountSettings(home=tmp_path)
    assert asyncio.run(keys(open_objects(settings))) == []
    assert [path.name.partition("#")[0] for path in leftovers(settings)] == ["b"]


async def test_a_bucket_that_is_not_there_is_told_as_a_store_that_is_away(s3: HttpUrl) -> None:
    objects = open_objects(
        AccountSettings(objects="s3://nowhere", objects_endpoint=s3, objects_key=KEY, objects_secret=SecretStr(SECRET))
    )
    with pytest.raises(StoreAway):
        await objects.put(new_key(new_id()), pieces(5))
    with pytest.raises(StoreAway):
        await keys(objects)


@pytest.mark.parametrize("named", ["gs://bucket", "bucket", "s3://", "/a/folder"])
def test_what_names_no_store_is_told(named: str) -> None:
    with pytest.raises(BadInput, match="Expected UPTRACK_ACCOUNT_OBJECTS as s3://bucket"):
        open_objects(AccountSettings(objects=named))


def test_audio_goes_to_a_store_over_tls_alone() -> None:
    with pytest.raises(ValidationError, match=r"expected https to store\.example"):
        AccountSettings(objects="s3://x", objects_endpoint=HttpUrl("http://store.example"))
